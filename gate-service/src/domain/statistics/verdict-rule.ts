/** Rules a contract can choose (docs/statistics.md section O). */
export type VerdictRule = 'meets_minimum' | 'beats_zero' | 'proves_minimum' | 'no_worse_than';

/** There is no fourth: thin, missing or broken data is `inconclusive`. */
export type VerdictOutcome = 'pass' | 'fail' | 'inconclusive';

/** An outcome and why; reason codes are those of docs/statistics.md section O. */
export interface RuleVerdict {
  readonly verdict: VerdictOutcome;
  readonly reason: string;
}

/** The primary KPI against its rule. All effects are gains: above 0 is good; relative (0.05 is +5%) or absolute. */
export interface RuleInput {
  readonly rule: VerdictRule;
  /** Smallest gain that counts as a pass, >= 0, in the unit of the estimate. */
  readonly minEffect: number;
  /** How much worse `no_worse_than` tolerates, >= 0; unused by the other rules. */
  readonly margin: number;
  readonly estimate: number;
  /** Ends of the two-sided 90% interval. */
  readonly lo: number;
  readonly hi: number;
}

/** A guardrail's harm (above 0 is bad) with its 90% interval. */
export interface GuardrailHarm {
  readonly name: string;
  readonly harmLo: number;
  readonly harmHi: number;
  /** Tolerated harm, >= 0. */
  readonly margin: number;
  readonly mustBeNonInferior: boolean;
}

/** Everything of the ordered evaluation O1-O6. */
export interface OrderedInput extends RuleInput {
  readonly guardrails: readonly GuardrailHarm[];
  /** Failed checks in the order they were raised. */
  readonly dataQualityFailures: readonly string[];
  /** An executed safety rollback; null when there was none. */
  readonly safety: { readonly dataQualityFailedBefore: boolean } | null;
}

const inconclusive = (reason: string): RuleVerdict => ({ verdict: 'inconclusive', reason });
const fail = (reason: string): RuleVerdict => ({ verdict: 'fail', reason });
const PASS: RuleVerdict = { verdict: 'pass', reason: 'ok' };

/**
 * The rule table of docs/statistics.md section O on a 90% interval looked at once: P(pass | no gain) and
 * P(fail | gain >= minEffect) are at most 5%.
 * @returns `pass` with `ok`; `fail` with `harmful`, `below_minimum` or `worse_than_margin`; `inconclusive` with
 *          `not_enough_evidence`, `positive_below_minimum`, or `insufficient_data` when a number is missing. An infinite
 *          estimate (a ratio over a control without events) is replaced by its one finite limit, so only that decides.
 *          A rule that is unknown, or a negative minimum or margin, is `invalid_rule`
 */
export function judgeRule(input: RuleInput): RuleVerdict {
  const { rule, minEffect, margin, lo, hi } = input;
  if (!(minEffect >= 0 && minEffect < Infinity && margin >= 0 && margin < Infinity))
    return inconclusive('invalid_rule');
  const estimate = decidingEstimate(input);
  if (!Number.isFinite(estimate) || !(lo <= hi)) return inconclusive('insufficient_data');
  switch (rule) {
    case 'meets_minimum':
      if (hi < minEffect) return shortfall(hi);
      if (lo > 0) return estimate >= minEffect ? PASS : inconclusive('positive_below_minimum');
      return inconclusive('not_enough_evidence');
    case 'beats_zero':
      if (hi < 0 || hi < minEffect) return shortfall(hi);
      return lo > 0 ? PASS : inconclusive('not_enough_evidence');
    case 'proves_minimum':
      if (hi < minEffect) return shortfall(hi);
      return lo >= minEffect ? PASS : inconclusive('not_enough_evidence');
    case 'no_worse_than':
      if (hi < -margin) return fail('worse_than_margin');
      return lo > -margin ? PASS : inconclusive('not_enough_evidence');
    default:
      rule satisfies never;
      return inconclusive('invalid_rule');
  }
}

/**
 * The verdict in its order, first match wins (docs/statistics.md O1-O6): safety rollback, data quality, guardrails with
 * established harm, the primary's rule, guardrails that must be shown non-inferior. A guardrail without data is a
 * data-quality failure, never "no harm established".
 * @returns as judgeRule, and `safety_rollback`, `data_quality+rolled_back`, `data_quality:<first check>`,
 *          `guardrail:<name>`, `guardrail_unproven:<name>`
 */
export function judgeOrdered(input: OrderedInput): RuleVerdict {
  const { safety, guardrails } = input;
  if (safety !== null) {
    return safety.dataQualityFailedBefore ? inconclusive('data_quality+rolled_back') : fail('safety_rollback');
  }
  const unknown = guardrails
    .filter((guardrail) => !hasHarm(guardrail))
    .map(({ name }) => `guardrail_without_data:${name}`);
  const [firstFailure] = [...input.dataQualityFailures, ...unknown];
  if (firstFailure !== undefined) return inconclusive(`data_quality:${firstFailure}`);
  const harmed = guardrails.find(({ harmLo, margin }) => harmLo > margin);
  if (harmed !== undefined) return fail(`guardrail:${harmed.name}`);
  const verdict = judgeRule(input);
  if (verdict.verdict !== 'pass') return verdict;
  const unproven = guardrails.find(({ mustBeNonInferior, harmHi, margin }) => mustBeNonInferior && !(harmHi < margin));
  return unproven === undefined ? verdict : inconclusive(`guardrail_unproven:${unproven.name}`);
}

/**
 * Extra weeks of the same traffic until the interval would be as narrow as the effect: ceil(((z se)/max(|estimate|,
 * minEffect))^2), printed with an inconclusive verdict (docs/statistics.md section O).
 * @param z  critical value of the interval, 1.645 for 90%
 * @param se standard error of the estimate after one window
 * @returns  whole weeks >= 0; null when it cannot be said (no standard error, or nothing to detect)
 */
export function extraWeeksNeeded(z: number, se: number | null, estimate: number, minEffect: number): number | null {
  const weeks = Math.ceil(((z * (se ?? Number.NaN)) / Math.max(Math.abs(estimate), minEffect)) ** 2);
  return Number.isFinite(weeks) ? weeks : null;
}

function decidingEstimate({ estimate, lo, hi }: RuleInput): number {
  if (estimate === Number.POSITIVE_INFINITY) return lo;
  return estimate === Number.NEGATIVE_INFINITY ? hi : estimate;
}

function shortfall(hi: number): RuleVerdict {
  return fail(hi < 0 ? 'harmful' : 'below_minimum');
}

function hasHarm({ harmLo, harmHi, margin }: GuardrailHarm): boolean {
  return harmLo <= harmHi && margin >= 0 && (Number.isFinite(harmLo) || Number.isFinite(harmHi));
}
