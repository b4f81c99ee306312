import type { ChangeView } from '../api/change.ts';
import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { fitComment, type Section } from './fit.ts';
import { formatCount, formatCountOf, formatShare } from './format-number.ts';
import { formatInstant, formatMinute, formatWindow } from './format-time.ts';
import { interventionsTable } from './intervention-words.ts';
import { linksLine, type RenderLinks } from './links.ts';
import { markdownTable } from './markdown-table.ts';
import type { Marker } from './markers.ts';
import { shareBar } from './text-chart.ts';
import { verdictHeadline } from './verdict-comment.ts';

export interface ProgressOptions extends RenderLinks {
  /** Epoch milliseconds; decides which day of the window it is. */
  readonly now: number;
}

type MetricLookView = ChangeView['looks'][number];

const DAY_MINUTES = 1_440;
/** Family wealth at which the watch throttles: 1 / 0.05. */
const THROTTLE_WEALTH = 20;
const CHANGES_SHOWN = 50;

const SIGNALS: Readonly<Record<MetricLookView['signal'], string>> = {
  ok: 'nothing adverse',
  adverse: '**adverse**',
  no_data: '**no data** from this change',
  stale: '**stale**: data stopped',
  source_error: '**source not readable**',
  too_few_events: 'too few events yet',
};
const NON_ANSWERS: readonly MetricLookView['signal'][] = ['no_data', 'stale', 'source_error'];

/** "Day 3 of 7"; null before the window. */
function dayOfWindow(change: ChangeView, now: number): string | null {
  if (change.effective_at === null) return null;
  const days = Math.max(1, Math.ceil(change.window_minutes / DAY_MINUTES));
  const minutes = Math.floor(now / 60_000) - change.effective_at;
  if (minutes >= change.window_minutes) return 'Window complete';
  return `Day ${Math.min(days, Math.max(1, Math.floor(minutes / DAY_MINUTES) + 1))} of ${days}`;
}

function watchingHeadline(change: ChangeView): string {
  const adverse = change.looks.filter((look) => look.signal === 'adverse').length;
  const blind = change.looks.filter((look) => NON_ANSWERS.includes(look.signal)).length;
  if (adverse > 0) return `an adverse signal in ${formatCountOf(adverse, 'metric')}`;
  if (blind > 0) return `watching, but ${formatCountOf(blind, 'metric')} ${blind === 1 ? 'does' : 'do'} not answer`;
  return change.looks.length === 0 ? 'watching, no look yet' : 'watching, nothing adverse so far';
}

function headline(change: ChangeView, now: number): string {
  const day = dayOfWindow(change, now);
  switch (change.state) {
    case 'stamped':
      return 'Stamped: the flag is not on yet';
    case 'watching':
      return day === null ? 'Activated: waiting for the first exposure' : `${day}: ${watchingHeadline(change)}`;
    case 'throttled':
      return `${day ?? 'Before the window'}: **throttled** for an adverse signal`;
    case 'off':
      return `${day ?? 'Before the window'}: **off** for an adverse signal`;
    case 'judged':
    case 'decided': {
      const last = change.verdicts[change.verdicts.length - 1];
      return last === undefined ? 'Judged' : `Judged ${verdictHeadline(change, last)}`;
    }
    case 'superseded':
      return 'Superseded: the flag was deployed again';
    case 'void':
      return 'Void: reverted before the window started';
    default:
      return unknownState(change.state);
  }
}

function unknownState(state: never): string {
  return `State ${inlineCode(String(state))}`;
}

/** "3.2 of 20": 1 is no evidence, less than 1 speaks for the change. */
export function wealthInWords(logWealth: number): string {
  if (!Number.isFinite(logWealth)) return 'not computable';
  const wealth = Math.min(Math.exp(logWealth), 1e12);
  const shown = wealth < 0.1 ? 'under 0.1' : wealth < 100 ? wealth.toFixed(1) : formatCount(wealth);
  return `${shown} of ${THROTTLE_WEALTH}`;
}

function looksTable(change: ChangeView, limit: number): string {
  if (change.looks.length === 0) return '';
  const rows = change.looks.slice(0, limit).map((look) => [
    inlineCode(look.kpi_id, 64),
    SIGNALS[look.signal],
    formatCount(look.totals.off.n),
    formatCount(look.totals.on.n),
    wealthInWords(look.log_wealth),
    `\`${shareBar(Math.max(0, look.log_wealth) / Math.log(THROTTLE_WEALTH), 10)}\``,
    // While all is well a detail could only be a peek at the effect.
    look.signal === 'ok' ? '' : escapeMarkdown(look.detail, 160),
  ]);
  return markdownTable(
    [
      { title: 'Metric' },
      { title: 'Signal' },
      { title: 'Units, control', align: 'right' },
      { title: 'Units, change', align: 'right' },
      { title: 'Evidence of harm', align: 'right' },
      { title: 'To 20' },
      { title: 'Detail' },
    ],
    rows,
  );
}

function lastLook(change: ChangeView): number | null {
  return change.looks.reduce<number | null>((last, look) => (last === null || look.at > last ? look.at : last), null);
}

function facts(change: ChangeView): string {
  const phase = change.phases[change.phases.length - 1];
  const share =
    phase === undefined || change.state === 'stamped' ? '' : ` at ${formatShare(phase.share)} of the traffic`;
  const window =
    change.effective_at === null
      ? `Window: ${formatWindow(change.window_minutes)} from the first exposure.`
      : `Window: ${formatMinute(change.effective_at)} to ${formatMinute(change.window_end)}; verdict due ${formatMinute(change.judge_due_at)}.`;
  const look = lastLook(change);
  const observe = change.observe_only ? ' **Observe only**: everything is computed and said, nothing is touched.' : '';
  return `Change ${inlineCode(change.change_id)}, flag ${inlineCode(change.flag)}${share}. ${window}${look === null ? '' : ` Last look ${formatInstant(look)}.`}${observe}`;
}

const OPEN_STATES: readonly ChangeView['state'][] = ['stamped', 'watching', 'throttled', 'off'];
const WHY_NO_RESULT =
  '**Why there is no result yet.** The effect on the primary KPI is shown once, in the verdict: who looks every day and stops on a good day is fooled by luck. Harm is different: evidence of harm may be looked at at any time. It starts at 1, stays low while nothing is wrong, and the flag is throttled when its weighted average over all metrics reaches 20 (40 with very little traffic, where a test at the end of each day watches too); a harmless change gets there in fewer than one of 20 windows.';

function changeSections(change: ChangeView, options: ProgressOptions, alone: boolean): Section[] {
  const emoji = alone ? '👀 ' : '';
  const interventions =
    change.interventions.length === 0
      ? 'Interventions so far: none.'
      : `Interventions so far:\n\n${interventionsTable(change.interventions, 10, false)}`;
  return [
    {
      name: 'state',
      text: `${alone ? '##' : '###'} ${emoji}${headline(change, options.now)}\n\n${facts(change)}`,
      importance: alone ? 0 : 3,
    },
    { name: 'hypothesis', text: `**Hypothesis:** ${escapeMarkdown(change.hypothesis, 500)}`, importance: 7 },
    { name: 'looks', text: looksTable(change, 40), importance: 6, condensed: looksTable(change, 5) },
    { name: 'interventions', text: interventions, importance: alone ? 0 : 4 },
  ];
}

export function progressMarker(changes: readonly ChangeView[]): Marker {
  const looks = changes.map(lastLook).filter((at) => at !== null);
  return {
    kind: 'progress',
    ...(changes.length === 1 ? { change_id: changes[0]!.change_id } : {}),
    ...(changes.length > 0 ? { sha: changes[0]!.commit_sha } : {}),
    ...(looks.length > 0 ? { at: Math.max(...looks) } : {}),
  };
}

/** The one comment of a pull request that is edited quietly while its changes are watched. */
export function renderProgressComment(changes: readonly ChangeView[], options: ProgressOptions): string {
  const alone = changes.length === 1;
  const beyond = changes.length - CHANGES_SHOWN;
  const open = changes.some((change) => OPEN_STATES.includes(change.state));
  const sections: Section[] = [
    ...(alone
      ? []
      : [{ name: 'title', text: `## 👀 ${formatCount(changes.length)} changes of this pull request`, importance: 0 }]),
    ...changes.slice(0, CHANGES_SHOWN).flatMap((change) => changeSections(change, options, alone)),
    { name: 'changes', text: beyond > 0 ? `_And ${formatCountOf(beyond, 'more change')}._` : '', importance: 1 },
    { name: 'explanation', text: open ? WHY_NO_RESULT : '', importance: 8 },
    { name: 'links', text: linksLine(options), importance: 5 },
  ];
  return fitComment(progressMarker(changes), sections);
}
