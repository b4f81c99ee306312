import type { ChangeView, InterventionView } from '../api/change.ts';
import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { formatShare } from './format-number.ts';
import { formatElapsed, formatInstant } from './format-time.ts';
import { markdownTable } from './markdown-table.ts';

type Timed = Pick<InterventionView, 'decided_at' | 'intent_at' | 'accepted_at' | 'published_at' | 'effective_at'>;

/** Share of the traffic that had the change when the intervention was decided; null when unknown. */
export function shareBefore(change: Pick<ChangeView, 'phases'>, intervention: Timed): number | null {
  const minute = Math.floor(intervention.decided_at / 60_000);
  const before = change.phases.filter((phase) => phase.start_minute <= minute);
  return before.length === 0 ? null : before[before.length - 1]!.share;
}

/** "Throttle to 5%", "Turn off". */
export function actInWords(intervention: Pick<InterventionView, 'kind' | 'target_share'>): string {
  return intervention.kind === 'turn_off' ? 'Turn off' : `Throttle to ${formatShare(intervention.target_share)}`;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  pending: 'under way',
  accepted: 'done',
  already_safe: 'nothing to do: the flag was already that low',
  'already_safe:archived': 'nothing to do: the flag is archived',
  superseded: 'not done: a person changed the flag in between, and people win',
  'blocked:change_request': '**blocked**: the environment needs a change request',
  'blocked:forbidden': '**blocked**: the gate’s flag token lacks the right',
  'blocked:not_found': '**blocked**: the flag was not found',
  'blocked:unauthorised': '**blocked**: the flag service refused the gate’s token',
  'failed:deadline': '**failed**: the flag service did not answer in time',
};

/** How an intervention ended. Markdown; unknown outcomes are shown as they are. */
export function outcomeInWords(
  intervention: Pick<InterventionView, 'outcome' | 'not_effective_at' | 'effective_at'>,
): string {
  const { outcome } = intervention;
  const words = Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome]! : inlineCode(outcome, 80);
  if (intervention.not_effective_at !== null && intervention.effective_at === null) {
    return `${words}, but **not effective**: exposures contradict the flag`;
  }
  return words;
}

const STEPS = [
  ['Decided', 'decided_at'],
  ['Intent recorded', 'intent_at'],
  ['Accepted by the flag service', 'accepted_at'],
  ['Published to the apps', 'published_at'],
  ['Effective: exposures follow', 'effective_at'],
] as const satisfies readonly (readonly [string, keyof Timed])[];

/** Every step of one intervention with its time and how long after the decision it came. */
export function timelineTable(intervention: InterventionView): string {
  const rows = STEPS.map(([step, key]) => {
    const at = intervention[key];
    return [step, at === null ? 'not yet' : formatInstant(at), at === null ? '' : afterDecision(intervention, at)];
  });
  if (intervention.not_effective_at !== null) {
    const at = intervention.not_effective_at;
    rows.push(['Not effective: exposures contradict the flag', formatInstant(at), afterDecision(intervention, at)]);
  }
  return markdownTable(
    [{ title: 'Step' }, { title: 'Time', align: 'right' }, { title: 'After', align: 'right' }],
    rows,
  );
}

function afterDecision(intervention: Timed, at: number): string {
  return at === intervention.decided_at ? '' : formatElapsed(at - intervention.decided_at);
}

/** The clock time alone when the day is that of the decision. */
function clock(at: number | null, decidedAt: number): string {
  if (at === null) return '–';
  const full = formatInstant(at);
  const sameDay = full.slice(0, 10) === formatInstant(decidedAt).slice(0, 10);
  return sameDay ? full.slice(11, 19) : full.replace(' UTC', '');
}

const INTERVENTION_COLUMNS = [
  'Act',
  'Decided (UTC)',
  'Intent',
  'Accepted',
  'Published',
  'Effective',
  'Outcome',
] as const;
/** Reasons are sentences; more rows than this are a mistake or an attack. */
const REASON_LENGTH = 200;

/** A row for each intervention, in the order of their decisions; `limit` keeps the last ones. */
export function interventionsTable(
  interventions: readonly InterventionView[],
  limit: number,
  reasons: boolean,
): string {
  const rows = [...interventions]
    .sort((a, b) => a.decided_at - b.decided_at)
    .slice(-limit)
    .map((each) => [
      `**${actInWords(each)}**${reasons && each.reason !== '' ? ` (${escapeMarkdown(each.reason, REASON_LENGTH)})` : ''}`,
      formatInstant(each.decided_at).replace(' UTC', ''),
      clock(each.intent_at, each.decided_at),
      clock(each.accepted_at, each.decided_at),
      clock(each.published_at, each.decided_at),
      clock(each.effective_at, each.decided_at),
      outcomeInWords(each),
    ]);
  return markdownTable(
    INTERVENTION_COLUMNS.map((title) => ({ title })),
    rows,
  );
}
