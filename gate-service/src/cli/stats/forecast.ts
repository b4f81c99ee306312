import { z } from 'zod';
import { asRelativeChange } from '../../domain/statistics/estimate.ts';
import { exactVerdictProbabilities } from '../../domain/statistics/exact-verdict-probabilities.ts';
import { moverRatio } from '../../domain/statistics/mover-ratio.ts';
import { newcombeDifference } from '../../domain/statistics/newcombe-difference.ts';
import { type VerdictProbabilities, verdictProbabilities } from '../../domain/statistics/verdict-probabilities.ts';
import { judgeRule } from '../../domain/statistics/verdict-rule.ts';
import { alpha, conf, finite, notNegative, positive, rate, verdictRule } from './fields.ts';
import { accepted, type StatFunction, statFunction } from './stat-function.ts';

/** Every pair of counts is judged: a million verdicts take seconds. */
const MOST_UNITS = 1_000;
const units = z.number().int().min(0).max(MOST_UNITS);

const RULE = 'rates must be in [0, 1], errors and effects finite';

export const FORECAST_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'verdict_probabilities',
    summary: 'chance of pass, fail and inconclusive for a predicted gain',
    inputs: z.strictObject({
      predicted_delta: finite,
      prediction_sd: notNegative.optional(),
      se_day7: positive,
      min_effect: notNegative.default(0),
      margin: notNegative.default(0),
      alpha,
      rule: verdictRule.default('meets_minimum'),
    }),
    compute: ({ predicted_delta, prediction_sd, se_day7, min_effect, ...rest }) => {
      const chances: VerdictProbabilities = accepted(
        verdictProbabilities({
          ...rest,
          predictedDelta: predicted_delta,
          // Without a stated uncertainty the prediction is taken to be as uncertain as half of itself (N4).
          predictionSd: prediction_sd ?? Math.abs(predicted_delta) / 2,
          se: se_day7,
          minEffect: min_effect,
        }),
        RULE,
      );
      const { pass, fail, inconclusive, decisive } = chances;
      return { p_pass: pass, p_fail: fail, p_inconclusive: inconclusive, p_decisive: decisive };
    },
    explain: {
      formula:
        's² = se² + sd², r = z(1−α)·se: meets_minimum passes above max(r, d) and fails below d − r, the estimate being normal around the prediction with deviation s',
      equations: ['N4'],
      reference: 'independent reference implementation; 100 000 simulated verdicts: within .004 from 1000 units an arm',
      assumptions: [
        'The prediction is about right, with its stated standard deviation (default: half of it).',
        'Guardrails are left out.',
      ],
      example: {
        predicted_delta: 0.1,
        prediction_sd: 0.03,
        se_day7: 0.02,
        min_effect: 0.05,
        alpha: 0.05,
        rule: 'meets_minimum',
      },
    },
  }),
  statFunction({
    fn: 'exact_small_sample_verdict_probabilities',
    summary: 'the same for small samples, by enumerating both binomials through the verdict',
    inputs: z.strictObject({
      pA: rate,
      pB: rate,
      nA: units,
      nB: units,
      min_effect: notNegative.default(0),
      margin: notNegative.default(0),
      conf,
      interval: z.enum(['newcombe_diff', 'mover_ratio']).default('newcombe_diff'),
      rule: verdictRule.default('meets_minimum'),
    }),
    compute: ({ min_effect, margin, conf, interval, rule, ...rates }) => {
      const chances = exactVerdictProbabilities(rates, (yA, nA, yB, nB) => {
        const [control, treatment] = [
          { y: yA, n: nA },
          { y: yB, n: nB },
        ];
        const { estimate, lo, hi } =
          interval === 'newcombe_diff'
            ? newcombeDifference(control, treatment, conf)
            : asRelativeChange(moverRatio(control, treatment, conf));
        return judgeRule({ rule, minEffect: min_effect, margin, estimate, lo, hi }).verdict;
      });
      const { pass, fail, inconclusive } = accepted(chances, RULE);
      return { PASS: pass, FAIL: fail, INCONCLUSIVE: inconclusive };
    },
    explain: {
      formula:
        'Σ over yA, yB of Binomial(yA; nA, pA)·Binomial(yB; nB, pB) where the real interval and rule give that verdict',
      equations: ['N6'],
      reference: 'scipy 1.10 stats.binom, enumerated',
      assumptions: [
        'The rates are those given; the effect is a gain (up is good).',
        'mover_ratio judges the relative change.',
      ],
      example: {
        pA: 0.4,
        pB: 0.6,
        nA: 30,
        nB: 30,
        min_effect: 0.1,
        conf: 0.9,
        interval: 'newcombe_diff',
        rule: 'meets_minimum',
      },
    },
  }),
];
