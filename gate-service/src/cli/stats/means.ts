import { z } from 'zod';
import { type CupedArm, cupedDifference, cupedTheta } from '../../domain/statistics/cuped.ts';
import { cupedVariance } from '../../domain/statistics/cuped-variance.ts';
import { testEstimate } from '../../domain/statistics/estimate-test.ts';
import { hodgesLehmann, hodgesLehmannAsR } from '../../domain/statistics/hodges-lehmann.ts';
import { mannWhitney } from '../../domain/statistics/mann-whitney.ts';
import { cubedArmOf } from '../../domain/statistics/mean-arm.ts';
import { isRatioArm, type RatioArm, ratioOfSums } from '../../domain/statistics/ratio-of-sums.ts';
import { welchDifference } from '../../domain/statistics/welch-difference.ts';
import { conf, count, finite, list, notNegative } from './fields.ts';
import { accepted, refused, type StatFunction, statFunction } from './stat-function.ts';

const SUMS = 'a sum of squares must not be below sum²/n, nor a cross sum beyond the root of both sums of squares';
/** All pairs of two longer samples would not fit. */
const LONGEST_SAMPLE = 2_000;

const sample = list(finite, 0);
const rankedSample = z.array(finite).max(LONGEST_SAMPLE);

export const ratioArm = z.strictObject({
  n: count,
  sum_num: finite,
  sum_den: notNegative,
  sumsq_num: notNegative,
  sumsq_den: notNegative,
  sum_num_den: finite,
});

export const ratioArmFrom = (arm: z.output<typeof ratioArm>): RatioArm => ({
  n: arm.n,
  sumX: arm.sum_num,
  sumD: arm.sum_den,
  sumXX: arm.sumsq_num,
  sumDD: arm.sumsq_den,
  sumXD: arm.sum_num_den,
});

const cupedArm = z.strictObject({
  n: count,
  sum_y: finite,
  sumsq_y: notNegative,
  sum_x: finite,
  sumsq_x: notNegative,
  sum_xy: finite,
});

const cupedArmFrom = (arm: z.output<typeof cupedArm>): CupedArm => ({
  n: arm.n,
  sumY: arm.sum_y,
  sumYY: arm.sumsq_y,
  sumX: arm.sum_x,
  sumXX: arm.sumsq_x,
  sumXY: arm.sum_xy,
});

export const MEAN_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'welch_t_raw',
    summary: "difference of two means from raw values, B minus A (Welch's t)",
    inputs: z.strictObject({ A: sample, B: sample, conf }),
    compute: ({ A, B, conf }) => {
      // Seen from the first value, since squares of values far from 0 leave no digits for how they differ.
      const from = A[0] ?? 0;
      const [control, treatment] = [A, B].map((values) => cubedArmOf(values.map((value) => value - from)));
      const estimate = accepted(welchDifference(control!, treatment!, conf), SUMS);
      const { statistic, pTwoSided } = testEstimate(estimate, 0);
      const { status, df, lo, hi } = estimate;
      return { t: statistic, df: df ?? Number.NaN, p_two_sided: pTwoSided, lo, hi, status };
    },
    explain: {
      formula: 't = (mB − mA)/√(vA/nA + vB/nB), df after Satterthwaite, interval (mB − mA) ± t(df)·se',
      equations: ['C1'],
      reference: 'Welch 1947; R 4.2.2 t.test(B, A)',
      assumptions: [
        'One value per unit, units independent.',
        'The means are nearly normal: a skewed metric needs 355 · skewness² units in each arm.',
        'Without variance, or with fewer than 2 values in an arm, t is NaN and the interval infinite: never p = 1.',
      ],
      example: {
        A: [7.7, 10.025, 9.554, 11.776, 8.816, 8.689, 8.635, 9.968, 9.115, 10.705, 10.146],
        B: [10.821, 10.237, 8.503, 10.137, 7.849, 7.487, 7.986, 12.836],
        conf: 0.9,
      },
    },
  }),
  statFunction({
    fn: 'mann_whitney',
    summary: 'rank-sum test of two samples with the Hodges-Lehmann shift, B minus A',
    inputs: z.strictObject({ A: rankedSample, B: rankedSample, conf }),
    compute: ({ A, B, conf }) => {
      const { w, pAsymptotic, pExact } = mannWhitney(A, B);
      // The exact interval says whether there is one; where there is, R's root search is reproduced digit by digit.
      const exact = accepted(hodgesLehmann(A, B, conf), 'values must be finite');
      const hasShift = !Number.isNaN(exact.estimate) && exact.status !== 'degenerate';
      const { estimate, lo, hi } = hasShift ? hodgesLehmannAsR(A, B, conf) : exact;
      return {
        W_B: w,
        p_asymptotic_continuity: pAsymptotic,
        hodges_lehmann_B_minus_A: estimate,
        ci_lo: lo,
        ci_hi: hi,
        p_exact: pExact,
        status: exact.status,
      };
    },
    explain: {
      formula:
        'W = pairs with b > a, ties half; z = (W − mn/2 ∓ ½)/√(mn/12 · (N + 1 − Σ(t³ − t)/(N(N−1)))); shift = median of all b − a, its interval the shifts that the test does not reject',
      equations: [],
      reference: 'Hodges and Lehmann 1963; R 4.2.2 wilcox.test(B, A, conf.int = TRUE, correct = TRUE)',
      assumptions: [
        'In no verdict: it says nothing about an effect on the mean. Canary judges use it on minute values.',
        'p_exact is null with ties or 50 values and more in an arm.',
        'Status `insufficient`: samples too small for this confidence; R then answers the most extreme differences, and so does this.',
      ],
      example: {
        A: [0.03, 0.47, 0.03, 1.06, 0.46, 0.48, 1.07, 0.4, 0.23, 2.04, 0.35, 2.81],
        B: [2.13, 0.66, 0.71, 0.21, 4.31, 2.66, 0.49, 2.04, 0.14, 0.23, 1.29, 0.24, 0.62, 0.11],
        conf: 0.95,
      },
    },
  }),
  statFunction({
    fn: 'ratio_delta',
    summary: 'ratio of sums of one arm with its delta-method standard error',
    inputs: ratioArm,
    compute: (inputs) => {
      const arm = ratioArmFrom(inputs);
      if (!isRatioArm(arm)) throw refused(SUMS);
      if (arm.n < 2 || arm.sumD === 0) return { ratio: Number.NaN, se: Number.NaN, status: 'insufficient' };
      const { value, variance } = ratioOfSums(arm);
      return { ratio: value, se: Math.sqrt(variance), status: variance > 0 ? 'ok' : 'degenerate' };
    },
    explain: {
      formula: 'R = Σx/Σd; se² = [v_x − 2R·c_xd + R²·v_d]/(n·d̄²), the variance of x − R·d',
      equations: ['D1'],
      reference: 'Deng, Knoblich and Lu 2018; the deviation of linearised residuals in numpy',
      assumptions: [
        'Units (users, sessions) are independent; what a unit does is not.',
        'n is large, and d̄ clearly above 0.',
      ],
      example: {
        n: 40,
        sum_num: 377.86899999999997,
        sum_den: 149,
        sumsq_num: 6802.690725,
        sumsq_den: 653,
        sum_num_den: 1632.53,
      },
    },
  }),
  statFunction({
    fn: 'cuped_diff',
    summary: 'difference of means adjusted by a covariate from before exposure, B minus A (CUPED)',
    inputs: z.strictObject({ A: cupedArm, B: cupedArm, conf }),
    compute: ({ A, B, conf }) => {
      const [control, treatment] = [cupedArmFrom(A), cupedArmFrom(B)];
      const { status, estimate, lo, hi, se } = accepted(cupedDifference([{ control, treatment }], conf), SUMS);
      const theta = cupedTheta([{ control, treatment }]);
      return {
        theta,
        diff: estimate,
        se: se ?? Number.NaN,
        var_A: cupedVariance(control, theta),
        var_B: cupedVariance(treatment, theta),
        lo,
        hi,
        status,
      };
    },
    explain: {
      formula:
        'θ = Σ(n−1)cov(X,Y)/Σ(n−1)var(X) within arms; diff = (ȳB − θx̄B) − (ȳA − θx̄A); var = v_Y + θ²v_X − 2θc_XY; se² = var_A/nA + var_B/nB',
      equations: ['H1', 'H2', 'H3'],
      reference: 'Deng, Xu, Kohavi and Walker 2013',
      assumptions: [
        'The covariate was measured before the unit was first exposed.',
        'θ counts as known. A constant covariate gives θ = 0: the plain comparison.',
        'GrowthBook pools θ over both arms together, which differs a little, and is biased when X differs by arm.',
      ],
      example: {
        A: {
          n: 100,
          sum_y: 1211.2670000000003,
          sumsq_y: 15372.256410999998,
          sum_x: 1019.9920000000001,
          sumsq_x: 11052.025346,
          sum_xy: 12825.600225999999,
        },
        B: {
          n: 90,
          sum_y: 1064.662,
          sumsq_y: 13265.821888,
          sum_x: 848.904,
          sumsq_x: 8673.41345,
          sum_xy: 10524.111787,
        },
        conf: 0.9,
      },
    },
  }),
];
