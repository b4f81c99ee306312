import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { qualityProblem, qualityTitle } from './quality-text.ts';

export interface ReasonText {
  /** Ends the headline "FAIL: …": lower case, no full stop. Markdown. */
  readonly headline: string;
  /** One plain sentence. Markdown. */
  readonly sentence: string;
  readonly known: boolean;
}

/** What a reason says about a KPI or a check, given as Markdown ("the guardrail" when the code names none). */
type Wording = (subject: string) => readonly [headline: string, sentence: string];

const WORDINGS: Readonly<Record<string, Wording>> = {
  ok: () => [
    'the change did what its contract promised',
    'The primary KPI met the rule that was fixed before the deploy.',
  ],
  harmful: () => ['the primary KPI got worse', 'The whole interval of the primary KPI lies on the bad side of zero.'],
  below_minimum: () => [
    'the effect is smaller than the contract asked for',
    'The whole interval of the primary KPI lies below the minimum effect, so the promised size is ruled out.',
  ],
  worse_than_margin: () => [
    'the primary KPI got worse than its margin allows',
    'The whole interval of the primary KPI lies beyond the margin of the contract.',
  ],
  positive_below_minimum: () => [
    'there is a gain, but the minimum effect is not reached',
    'The primary KPI did improve, the measured effect falls short of the minimum, and the data cannot rule the minimum out.',
  ],
  not_enough_evidence: () => [
    'the data cannot tell',
    'The interval of the primary KPI holds both effects that would pass and effects that would fail.',
  ],
  insufficient_data: () => [
    'there is too little data for an answer',
    'No effect of the primary KPI can be computed from what arrived.',
  ],
  guardrail: (kpi) => [
    `${kpi} got worse than the margin allows`,
    `Harm to ${kpi} beyond the margin is established; no gain elsewhere makes up for it.`,
  ],
  guardrail_unproven: (kpi) => [
    `${kpi} is not shown to be safe`,
    `The primary KPI met its rule, but the data do not show that ${kpi} stays within its margin, or tell nothing of it.`,
  ],
  safety_rollback: () => [
    'the change was turned off because it did harm',
    'The watch found harm inside the window and turned the flag off; the change is judged at once.',
  ],
  adverse_signal_not_executed: () => [
    'the change did harm, and the flag could not be turned off',
    'The watch found harm and decided to turn the flag off, but the flag service did not let it.',
  ],
  throttled: () => [
    'the change was still throttled at the end',
    'The window ended while the flag served a smaller share for an adverse signal: that is no state to pass in.',
  ],
  rule_changed: () => [
    'the rule was changed after the deploy',
    'The contract or a KPI definition on the default branch is not the one that was locked at the stamp.',
  ],
  treatment_changed: () => [
    'the flag was changed inside the window',
    'The strategies, constraints or variants of the flag are not those of the activation, so two different things were measured.',
  ],
  ledger_broken: () => [
    'the ledger does not verify',
    'The record of this change is not what was written, so nothing that it says can be relied on.',
  ],
  superseded: () => [
    'the flag was deployed again',
    'Another change took over the same flag inside the window, so the two cannot be told apart.',
  ],
  stopped_by_person: () => [
    'a person turned the change off',
    'The flag was turned off or archived by a person before the window was complete.',
  ],
  'data_quality+rolled_back': () => [
    'the change was turned off, but its data were already in doubt',
    'The watch turned the flag off after a data quality failure had been raised, so neither harm nor its absence is shown.',
  ],
};

/** Every code that has words. `guardrail`, `guardrail_unproven` and `data_quality` take a name after a colon. */
export const EXPLAINED_REASONS: readonly string[] = [...Object.keys(WORDINGS), 'data_quality'];

/**
 * One plain sentence for a reason code of a verdict. Codes without words are shown as they are: a newer gate may know
 * more than this renderer.
 * @param titleOf  Markdown for a KPI id
 * @param unmade  checks of the data that could be made neither way: they did not fail
 */
export function explainReason(
  code: string,
  titleOf: (kpiId: string) => string,
  unmade: readonly string[] = [],
): ReasonText {
  const colon = code.indexOf(':');
  const name = (colon < 0 ? code : code.slice(0, colon)).toLowerCase();
  const subject = colon < 0 ? null : code.slice(colon + 1);
  if (name === 'data_quality') return dataQuality(subject, subject !== null && unmade.includes(subject));
  const wording = Object.hasOwn(WORDINGS, name) ? WORDINGS[name] : undefined;
  if (wording === undefined) {
    return { headline: inlineCode(code), sentence: `The gate gives the reason ${inlineCode(code)}.`, known: false };
  }
  const [headline, sentence] = wording(subject === null ? 'a guardrail' : titleOf(subject));
  return { headline, sentence, known: true };
}

function dataQuality(check: string | null, isUnmade: boolean): ReasonText {
  if (check === null) {
    return { headline: 'the data cannot be relied on', sentence: 'A check of the data failed.', known: true };
  }
  if (isUnmade) {
    const sentence = `A check of the data could not be made, and nothing passes without it: ${qualityTitle(check)}.`;
    return { headline: 'the data cannot be checked', sentence, known: true };
  }
  return { headline: 'the data cannot be relied on', sentence: qualityProblem(check), known: true };
}

/** Markdown for KPI ids: the title where one is known, else the id as code. */
export function titleLookup(metrics: readonly { readonly kpi_id: string; readonly title: string }[]) {
  const titles = new Map(metrics.map((metric) => [metric.kpi_id, metric.title]));
  return (kpiId: string): string => {
    const title = titles.get(kpiId);
    return title === undefined || title.trim() === '' ? inlineCode(kpiId, 80) : escapeMarkdown(title, 120);
  };
}
