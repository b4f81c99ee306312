import { formatCount, formatCountOf } from '../../contract/render/format-number.ts';
import { formatMinute } from '../../contract/render/format-time.ts';
import { isConversion } from '../../domain/model/measure.ts';
import { EMPTY_IS_ERROR, EMPTY_IS_ZERO } from './parse-value.ts';
import { EMPTY_AMOUNTS, EMPTY_OUTCOME } from './read-cells.ts';
import type { ReplayedFile } from './replay-file.ts';
import { HISTORY_MINUTES } from './tally.ts';

/** More of the window's rows than this that cannot be read make the verdict inconclusive (as refused events do). */
export const BAD_ROWS_LIMIT = 0.005;

/** What a reader must know about how the file was read: each fact once, nothing silently left out. */
export function replayNotes(file: ReplayedFile): readonly string[] {
  const { survey, tallied, leftOut, kpis, contract, span, replay } = file;
  const { rows, counts } = tallied;
  const said = (count: number, text: string, ofOne = text) =>
    count > 0 ? [`${formatCountOf(count, 'row')} ${count === 1 ? ofOne : text}`] : [];
  const historyWeeks = HISTORY_MINUTES / 10_080;
  const withoutRows = tallied.data.filter(({ seen }) => seen.length === 0).map(({ kpiId }) => kpiId);
  const names = [...survey.others.keys()].join(', ');
  const others = [...survey.others.values()].reduce((sum, count) => sum + count, 0);
  const empty = rows.emptyOutcomes;
  const unread = survey.bad.problems.get(EMPTY_OUTCOME) ?? 0;
  const unreadAmounts = EMPTY_AMOUNTS.reduce((sum, problem) => sum + (survey.bad.problems.get(problem) ?? 0), 0);
  const awaited = kpis.some(({ measure }) => measure.withinMinutes > 0);
  const ofType = (...types: readonly string[]) => kpis.filter(({ measure }) => types.includes(measure.type));
  const meant = [
    ...(kpis.some(({ measure }) => isConversion(measure)) ? [['no success', EMPTY_IS_ERROR]] : []),
    ...(ofType('mean', 'ratio', 'rate').length > 0 ? [['0', EMPTY_IS_ZERO]] : []),
  ];
  return [
    ...(survey.hasEventIds
      ? [`${formatCountOf(survey.duplicates.total, 'row')} with an event_id seen before, left out.`]
      : ['No duplicates were removed: the file has no event_id column.']),
    ...said(
      counts.conflictingRows,
      'contradict another row with the same event_id, and were left out.',
      'contradicts another row with the same event_id, and was left out.',
    ),
    ...said(
      rows.repeated,
      'of the window are of a unit that had an earlier one: a unit counts once, by its first row.',
      'of the window is of a unit that had an earlier one: a unit counts once, by its first row.',
    ),
    ...said(
      unread,
      `with an empty outcome cannot be read: nothing says whether they ended without success or are not known. If empty means no success, in both variants and in the history, say so: ${EMPTY_IS_ERROR}`,
    ),
    ...said(
      unreadAmounts,
      `with an empty amount cannot be read: nothing says whether it was 0 or is not known. If empty means 0, in both variants and in the history, say so: ${EMPTY_IS_ZERO}`,
    ),
    ...(empty.history + empty.off + empty.on > 0
      ? [
          `${meant.map(([meaning, option]) => `Empty ${option === EMPTY_IS_ZERO ? 'amounts' : 'outcomes'} that count as ${meaning} on your word (${option})`).join(', ')}: ${formatCountOf(empty.on, 'row')} with the change, ${formatCount(empty.off)} without, ${formatCount(empty.history)} of the history.`,
        ]
      : []),
    ...said(
      rows.withoutVariant,
      'of the window are in no variant: they count in neither arm.',
      'of the window is in no variant: it counts in neither arm.',
    ),
    ...said(
      rows.after,
      `come after the window (${formatMinute(span.end)}) and were not used.`,
      `comes after the window (${formatMinute(span.end)}) and was not used.`,
    ),
    ...said(
      rows.tooOld,
      `are older than ${historyWeeks} weeks before the window and were not used.`,
      `is older than ${historyWeeks} weeks before the window and was not used.`,
    ),
    ...said(
      others,
      `are of something that is not replayed: ${names}.`,
      `is of something that is not replayed: ${names}.`,
    ),
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
    ...ofType('mean', 'ratio').map(
      ({ id }) =>
        `The rows of one unit add up for ${id}: from its first row in a variant of the window until the KPI’s “within” later.`,
    ),
    ...ofType('gauge').map(({ id }) => `${id} is a gauge: its samples hang together, so no evidence of harm is kept.`),
    ...(awaited ? ['A row counts when its outcome could be known: at its time and the KPI’s "within".'] : []),
    ...(contract.stop.adverse === 'observe'
      ? ['The contract only observes: "would have" is what it would have said.']
      : []),
  ];
}
