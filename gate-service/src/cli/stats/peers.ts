import { z } from 'zod';
import { asymptoticHalfWidth } from '../../domain/statistics/asymptotic-interval.ts';
import { cupedDifference, cupedRatio, cupedTheta } from '../../domain/statistics/cuped.ts';
import { asRelativeChange, type Estimate } from '../../domain/statistics/estimate.ts';
import { type EstimateTest, testEstimate, testRatio } from '../../domain/statistics/estimate-test.ts';
import { linearRelativeChange, linearRelativeVariance } from '../../domain/statistics/linear-relative-change.ts';
import { isMeanArm, sampleVariance } from '../../domain/statistics/mean-arm.ts';
import { normalPower } from '../../domain/statistics/power.ts';
import { isRatioArm, ratioDifference, ratioOfSums } from '../../domain/statistics/ratio-of-sums.ts';
import { sampleRatioMismatch } from '../../domain/statistics/sample-ratio-mismatch.ts';
import type { ArmSummary } from '../../domain/statistics/weighted-arms.ts';
import { welchDifference } from '../../domain/statistics/welch-difference.ts';
import { alpha, count, finite, list, notNegative, positive, sides } from './fields.ts';
import { ratioArm, ratioArmFrom } from './means.ts';
import { accepted, refused, type StatFunction, statFunction } from './stat-function.ts';

const SUMS = 'a sum of squares must not be below sum²/n, nor a cross sum beyond the root of both sums of squares';
const GBSTATS = 'gbstats 8f1db445 (GrowthBook, MIT)';
const NO_VARIANCE =
  'Without variance in an arm gbstats answers effect 0, interval (0, 0), p 1: no harm at all. Here the answer is NaN with an infinite interval.';
const LINEAR =
  'relative: on the linear scale, (mB − mA)/|mA|. Changegate itself judges relative effects on the log scale.';

const differenceType = z.enum(['absolute', 'relative']).default('relative');
const meanArm = z.strictObject({ n: count, sum: finite, sum_squares: notNegative });
const cupedArm = z.strictObject({
  n: count,
  sum_post: finite,
  sumsq_post: notNegative,
  sum_pre: finite,
  sumsq_pre: notNegative,
  sum_post_pre: finite,
});

const meanArmFrom = ({ n, sum, sum_squares }: z.output<typeof meanArm>) => {
  const arm = { n, sum, sumSq: sum_squares };
  if (!isMeanArm(arm)) throw refused(SUMS);
  return arm;
};
type MeanArm = ReturnType<typeof meanArmFrom>;

const summaryOf = (arm: MeanArm): ArmSummary => ({
  n: arm.n,
  value: arm.sum / arm.n,
  variance: sampleVariance(arm) / arm.n,
  df: arm.n - 1,
});

const cupedArmFrom = (arm: z.output<typeof cupedArm>) => ({
  n: arm.n,
  sumY: arm.sum_post,
  sumYY: arm.sumsq_post,
  sumX: arm.sum_pre,
  sumXX: arm.sumsq_pre,
  sumXY: arm.sum_post_pre,
});

function fieldsOf({ status, estimate, lo, hi, se }: Estimate, { pTwoSided }: EstimateTest) {
  return { effect: estimate, se: se ?? Number.NaN, lo, hi, p: pTwoSided, status };
}

/** A difference, or the same as a relative change on the linear scale, with its test against no change. */
function compared(difference: Estimate, arms: () => [ArmSummary, ArmSummary], relative: boolean, conf: number) {
  // Without a usable difference there is no relative change either.
  const isRelative = relative && accepted(difference, SUMS).status === 'ok';
  const estimate = isRelative ? linearRelativeChange(...arms(), conf) : accepted(difference, SUMS);
  return fieldsOf(estimate, testEstimate(estimate, 0));
}

export const PEER_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'gb_check_srm',
    summary: "GrowthBook's sample ratio mismatch: the p-value of srm_chi2",
    inputs: z.strictObject({ users: list(count), weights: list(notNegative) }),
    compute: ({ users, weights }) => {
      const test = sampleRatioMismatch([{ counts: users, weights }]);
      const { p, status } = accepted(test, 'one weight per arm, and a sum of weights above 0');
      return { p, status };
    },
    explain: {
      formula: 'srm_chi2',
      equations: ['G1'],
      reference: `${GBSTATS} check_srm`,
      assumptions: [
        'With nothing to test (a single arm, no units) gbstats answers p = 1; here it is NaN, `insufficient`.',
      ],
      example: { users: [3000, 3461], weights: [0.5, 0.5] },
    },
  }),
  statFunction({
    fn: 'gb_two_sided_t',
    summary: "GrowthBook's t test of two means, absolute or relative",
    inputs: z.strictObject({ A: meanArm, B: meanArm, difference_type: differenceType, alpha }),
    compute: ({ A, B, difference_type, alpha }) => {
      const [control, treatment] = [meanArmFrom(A), meanArmFrom(B)];
      return compared(
        welchDifference(control, treatment, 1 - alpha),
        () => [summaryOf(control), summaryOf(treatment)],
        difference_type === 'relative',
        1 - alpha,
      );
    },
    explain: {
      formula: 'welch_t_raw on sums; relative: (mB − mA)/|mA|, variance vB/(nB mA²) + vA mB²/(nA mA⁴)',
      equations: ['C1'],
      reference: `${GBSTATS} TwoSidedTTest`,
      assumptions: [LINEAR, NO_VARIANCE],
      example: {
        A: { n: 950, sum: 10500, sum_squares: 612000 },
        B: { n: 985, sum: 11020, sum_squares: 640500 },
        difference_type: 'relative',
        alpha: 0.05,
      },
    },
  }),
  statFunction({
    fn: 'gb_ratio_delta',
    summary: "GrowthBook's comparison of two ratios of sums, absolute or relative",
    inputs: z.strictObject({ A: ratioArm, B: ratioArm, difference_type: differenceType, alpha }),
    compute: ({ A, B, difference_type, alpha }) => {
      const [control, treatment] = [ratioArmFrom(A), ratioArmFrom(B)];
      if (!isRatioArm(control) || !isRatioArm(treatment)) throw refused(SUMS);
      return compared(
        ratioDifference([{ control, treatment }], 1 - alpha),
        () => [ratioOfSums(control), ratioOfSums(treatment)],
        difference_type === 'relative',
        1 - alpha,
      );
    },
    explain: {
      formula: 'ratio_delta in each arm; the difference with Welch’s df, or relative as gb_two_sided_t',
      equations: ['D1'],
      reference: `${GBSTATS} RatioStatistic`,
      assumptions: [LINEAR, NO_VARIANCE],
      example: {
        A: {
          n: 400,
          sum_num: 3254.56,
          sum_den: 1650,
          sumsq_num: 32024.758726,
          sumsq_den: 7954,
          sum_num_den: 15727.643999999998,
        },
        B: {
          n: 45,
          sum_num: 356.95300000000003,
          sum_den: 167,
          sumsq_num: 3456.4464890000004,
          sumsq_den: 735,
          sum_num_den: 1571.1359999999997,
        },
        difference_type: 'absolute',
        alpha: 0.05,
      },
    },
  }),
  statFunction({
    fn: 'gb_cuped',
    summary: 'the comparison adjusted by a covariate, in the form of GrowthBook and with our θ',
    inputs: z.strictObject({ A: cupedArm, B: cupedArm, difference_type: differenceType, alpha }),
    compute: ({ A, B, difference_type, alpha }) => {
      const strata = [{ control: cupedArmFrom(A), treatment: cupedArmFrom(B) }];
      const theta = cupedTheta(strata);
      if (difference_type === 'absolute') {
        const difference = accepted(cupedDifference(strata, 1 - alpha), SUMS);
        return { theta, ...fieldsOf(difference, testEstimate(difference, 0)) };
      }
      const ratio = accepted(cupedRatio(strata, 1 - alpha), SUMS);
      return { theta, ...fieldsOf(asRelativeChange(ratio), testRatio(ratio, 1 - alpha, 1)) };
    },
    explain: {
      formula: 'cuped_diff; relative: 1 + difference/mA on the log scale, minus 1',
      equations: ['H1', 'H2', 'H3', 'C2'],
      reference: `Deng, Xu, Kohavi and Walker 2013; near to, and on purpose not equal to, ${GBSTATS}`,
      assumptions: [
        'θ is the slope within arms. gbstats takes it over both arms together, the effect on the metric included.',
        'Relative intervals are those of the log scale, so not symmetric.',
      ],
      example: {
        A: {
          n: 30,
          sum_post: 248.198,
          sumsq_post: 2605.37558,
          sum_pre: 226.279,
          sumsq_pre: 2194.1745250000004,
          sum_post_pre: 2325.302321,
        },
        B: {
          n: 28,
          sum_post: 252.634,
          sumsq_post: 3054.5159679999997,
          sum_pre: 230.96,
          sumsq_pre: 2426.262182,
          sum_post_pre: 2641.677859,
        },
        difference_type: 'absolute',
        alpha: 0.05,
      },
    },
  }),
  statFunction({
    fn: 'gb_power_relative',
    summary: "GrowthBook's power for a relative effect on a mean",
    inputs: z.strictObject({
      mean: finite.refine((mean) => mean !== 0, 'must not be 0'),
      variance: positive,
      effect_rel: finite,
      n_per_arm: positive,
      alpha,
      sides: sides.default(2),
      note: z.string().optional(),
    }),
    compute: ({ mean, variance, effect_rel, n_per_arm, alpha, sides }) => {
      const arm = (value: number) => ({ value, variance: variance / n_per_arm });
      const se = Math.sqrt(linearRelativeVariance(arm(mean), arm(mean * (1 + effect_rel))));
      return { power: normalPower(effect_rel, se, alpha, sides) };
    },
    explain: {
      formula: 'norm_ind_power with effect/se, se² = v/(n m²) + v (1+e)²/(n m²)',
      equations: ['N4'],
      reference: 'growthbook 8f1db445 packages/shared/test/power.test.ts (MIT)',
      assumptions: ['The control’s variance holds in both arms, proportions included.', LINEAR],
      example: { mean: 0.1, variance: 0.5, effect_rel: 0.3, n_per_arm: 12000, alpha: 0.05, sides: 2 },
    },
  }),
  statFunction({
    fn: 'gb_sequential_halfwidth',
    summary: "GrowthBook's asymptotic confidence sequence: half-width, one- and two-sided",
    inputs: z.strictObject({ s2: positive, n: positive, tuning_N: positive, alpha }),
    compute: ({ s2, n, tuning_N, alpha }) => {
      const width = (sides: 1 | 2) => asymptoticHalfWidth({ variance: s2 / n, n, tuningN: tuning_N, alpha, sides });
      return { two_sided: width(2), one_sided: width(1) };
    },
    explain: {
      formula: 'asymptotic_cs_half_width with V = s2/n',
      equations: ['K12'],
      reference: `${GBSTATS} sequential_interval_halfwidth; Waudby-Smith et al. 2021`,
      assumptions: ['For display only: on skewed values peeked at early it errs far more often than alpha.'],
      example: { s2: 9, n: 60, tuning_N: 500, alpha: 0.05 },
    },
  }),
];
