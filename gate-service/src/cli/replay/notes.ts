import { formatCount, formatCountOf } from '../../contract/render/format-number.ts';
import { formatMinute } from '../../contract/render/format-time.ts';
import { isConversion } from '../../domain/model/measure.ts';
import { EMPTY_OUTCOME } from './parse-row.ts';
import { EMPTY_IS_ERROR } from './parse-value.ts';
import type { ReplayedFile } from './replay-file.ts';
import { HISTORY_MINUTES } from './tally.ts';

/** More of the window's rows than this that cannot be read make the verdict inconclusive (as refused events do). */
export const BAD_ROWS_LIMIT = 0.005;

/** What a reader must know about how the file was read: each fact once, nothing silently left out. */
export function replayNotes(file: ReplayedFile): readonly string[] {
  const { survey, tallied, leftOut, kpis, contract, span, replay } = file;
  const { rows, counts } = tallied;
  const said = (count: number, text: string) => (count > 0 ? [`${formatCountOf(count, 'row')} ${text}`] : []);
  const withoutRows = tallied.data.filter(({ seen }) => seen.length === 0).map(({ kpiId }) => kpiId);
  const names = [...survey.others.keys()].join(', ');
  const others = [...survey.others.values()].reduce((sum, count) => sum + count, 0);
  const empty = rows.emptyOutcomes;
  const unread = survey.bad.problems.get(EMPTY_OUTCOME) ?? 0;
  const conversions = kpis.some(({ measure }) => isConversion(measure));
  return [
    ...(survey.hasEventIds
      ? [`${formatCountOf(survey.duplicates.total, 'row')} with an event_id seen before, left out.`]
      : ['No duplicates were removed: the file has no event_id column.']),
    ...said(counts.conflictingRows, 'contradict another row with the same event_id, and were left out.'),
    ...said(
      rows.repeated,
      `of the window are of a unit that had an earlier one: a unit counts once, by its first row.`,
    ),
    ...said(
      unread,
      `with an empty outcome cannot be read: nothing says whether they ended without success or are not known. If empty means no success, in both variants and in the history, say so: ${EMPTY_IS_ERROR}`,
    ),
    ...(empty.history + empty.off + empty.on > 0
      ? [
          `Empty outcomes that count as no success on your word (${EMPTY_IS_ERROR}): ${formatCountOf(empty.on, 'row')} with the change, ${formatCount(empty.off)} without, ${formatCount(empty.history)} of the history.`,
        ]
      : []),
    ...said(rows.withoutVariant, 'of the window are in no variant: they count in neither arm.'),
    ...said(rows.after, `come after the window (${formatMinute(span.end)}) and were not used.`),
    ...said(rows.tooOld, `are older than ${HISTORY_MINUTES / 10_080} weeks before the window and were not used.`),
    ...said(others, `are of something that is not replayed: ${names}.`),
    ...(survey.ignored.length > 0
      ? [`Columns that mean nothing here: ${survey.ignored.slice(0, 20).join(', ')}.`]
      : []),
    ...(leftOut.length > 0
      ? [`Left out on your word (--only), so the promise is a weaker one: ${leftOut.join(', ')}.`]
      : []),
    ...withoutRows.map(
      (id) =>
        `The file has no row of ${id}. Without data a verdict cannot be a pass: add it (a kpi column, or --map "<column>=outcome:${id}"), or leave it out with --only ${
          kpis
            .map((kpi) => kpi.id)
            .filter((other) => other !== id)
            .join(',') || id
        }.`,
    ),
    ...(replay.endsEarly ? ['The file ends inside the window, so there is nothing to judge yet.'] : []),
    ...(conversions ? ['A row counts when its outcome could be known: at its time and the KPI’s "within".'] : []),
    ...(contract.stop.adverse === 'observe'
      ? ['The contract only observes: "would have" is what it would have said.']
      : []),
  ];
}
