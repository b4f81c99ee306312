import { z } from 'zod';
import { judgeOrdered } from '../../domain/statistics/verdict-rule.ts';
import { anyNumber, notNegative, verdictRule } from './fields.ts';
import { type StatFunction, statFunction } from './stat-function.ts';

/** A number that may be missing: null and "NaN" are the same. */
const perhaps = z.union([anyNumber, z.null().transform(() => Number.NaN)]);

const guardrail = z.strictObject({
  name: z.string(),
  harm_lo: perhaps,
  harm_hi: perhaps.default(Number.NaN),
  margin: notNegative.default(0),
  noninf_required: z.boolean().default(false),
});

/** What the watch did: nothing, a rollback, or a rollback with a failed check on record at that moment. */
const safety = z.union([
  z.null(),
  z.boolean(),
  z.enum(['none', 'rollback', 'rolled_back', 'safety_rollback']),
  z.strictObject({ rolled_back: z.boolean().default(true), data_quality_failed_before: z.boolean().optional() }),
]);

function safetyOf(given: z.output<typeof safety>, failures: readonly string[]) {
  const failed = failures.length > 0;
  if (given === null || given === false || given === 'none') return null;
  if (typeof given !== 'object') return { dataQualityFailedBefore: failed };
  return given.rolled_back ? { dataQualityFailedBefore: given.data_quality_failed_before ?? failed } : null;
}

export const VERDICT_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'verdict',
    summary: 'pass, fail or inconclusive from an interval, guardrails, data quality and a rollback',
    inputs: z.strictObject({
      rule: verdictRule.default('meets_minimum'),
      min_effect: notNegative.default(0),
      margin: notNegative.default(0),
      estimate: perhaps,
      lo: perhaps,
      hi: perhaps,
      guardrails: z.array(guardrail).default([]),
      data_quality_failures: z.array(z.string()).default([]),
      safety: safety.default(null),
    }),
    compute: (inputs) => {
      const { verdict, reason } = judgeOrdered({
        rule: inputs.rule,
        minEffect: inputs.min_effect,
        margin: inputs.margin,
        estimate: inputs.estimate,
        lo: inputs.lo,
        hi: inputs.hi,
        guardrails: inputs.guardrails.map(({ name, harm_lo, harm_hi, margin, noninf_required }) => ({
          name,
          harmLo: harm_lo,
          harmHi: harm_hi,
          margin,
          mustBeNonInferior: noninf_required,
        })),
        dataQualityFailures: inputs.data_quality_failures,
        safety: safetyOf(inputs.safety, inputs.data_quality_failures),
      });
      return { verdict: verdict.toUpperCase(), reason };
    },
    explain: {
      formula:
        'in order: rollback; failed data quality; a guardrail with harm_lo > margin; no estimate; the rule; a guardrail that must be non-inferior with harm_hi >= margin. Rules: meets_minimum passes at lo > 0 and estimate >= d, beats_zero at lo > 0, proves_minimum at lo >= d (all fail at hi < d, beats_zero also at hi < 0); no_worse_than m passes at lo > −m, fails at hi < −m',
      equations: ['O1', 'O2', 'O3', 'O4', 'O5', 'O6'],
      reference: 'independent reference implementation',
      assumptions: [
        'Effects are gains: above 0 is good. Harms of guardrails: above 0 is bad.',
        '[lo, hi] is a two-sided 90% interval, looked at once: each wrong call has at most 5%.',
        'safety: null, or "rolled_back"; {"rolled_back": true, "data_quality_failed_before": …} says whether a check had failed by then (default: whether data_quality_failures names one).',
      ],
      example: { rule: 'meets_minimum', min_effect: 0.05, estimate: 0.06, lo: 0.01, hi: 0.11 },
    },
  }),
];
