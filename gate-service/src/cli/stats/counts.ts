import { z } from 'zod';
import { logStandardError } from '../../domain/statistics/estimate-test.ts';
import { poissonRate } from '../../domain/statistics/poisson-rate.ts';
import { poissonTests } from '../../domain/statistics/poisson-tests.ts';
import type { RateArm } from '../../domain/statistics/rate-arm.ts';
import { rateRatioExact, rateRatioExactTest } from '../../domain/statistics/rate-ratio-exact.ts';
import { rateRatioQuasi } from '../../domain/statistics/rate-ratio-quasi.ts';
import { conf, count, notNegative, twoRates } from './fields.ts';
import { accepted, type StatFunction, statFunction } from './stat-function.ts';

const EXPOSED = 'events need an exposure above 0';
const POISSON = 'Events come one by one and independently; bursts call for a dispersion (rate_ratio_quasi).';

interface TwoRates {
  readonly countA: number;
  readonly expA: number;
  readonly countB: number;
  readonly expB: number;
}

const armsOf = ({ countA, expA, countB, expB }: TwoRates): [RateArm, RateArm] => [
  { count: countA, exposure: expA },
  { count: countB, exposure: expB },
];

export const COUNT_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'poisson_rate_exact',
    summary: 'exact interval of a rate of events (Garwood)',
    inputs: z.strictObject({ count, exposure: notNegative, conf }),
    compute: ({ count, exposure, conf }) => {
      const { status, estimate, lo, hi } = accepted(poissonRate({ count, exposure }, conf), EXPOSED);
      return { rate: estimate, lo, hi, status };
    },
    explain: {
      formula: 'lo = Gamma quantile of (1−conf)/2 at count, hi = upper one at count + 1, each over the exposure',
      equations: ['E1'],
      reference: 'Garwood 1936; R 4.2.2 poisson.test',
      assumptions: [POISSON],
      example: { count: 12, exposure: 100, conf: 0.95 },
    },
  }),
  statFunction({
    fn: 'poisson_rate_ratio_exact',
    summary: 'exact ratio of two rates given the total, B over A',
    inputs: z.strictObject({ ...twoRates, conf }),
    compute: (inputs) => {
      const [control, treatment] = armsOf(inputs);
      const { status, estimate, lo, hi } = accepted(rateRatioExact(control, treatment, inputs.conf), EXPOSED);
      const { pTwoSided } = rateRatioExactTest(control, treatment);
      return { ratio_B_over_A: estimate, lo, hi, p_two_sided: pTwoSided, status };
    },
    explain: {
      formula: 'given cA + cB, cB is binomial; its Clopper-Pearson limits θ become θ/(1−θ) · mA/mB',
      equations: ['E2'],
      reference: 'R 4.2.2 poisson.test of two samples',
      assumptions: [POISSON, 'No event in A: ratio and hi are Infinity and only lo says anything.'],
      example: { countA: 2, expA: 7, countB: 9, expB: 7, conf: 0.9 },
    },
  }),
  statFunction({
    fn: 'rate_ratio_quasi',
    summary: 'ratio of two over-dispersed rates, B over A, on the log scale',
    inputs: z.strictObject({ ...twoRates, dispersion: z.number().min(1).default(1), conf }),
    compute: (inputs) => {
      const [control, treatment] = armsOf(inputs);
      const estimate = accepted(rateRatioQuasi(control, treatment, inputs.conf, inputs.dispersion), EXPOSED);
      const { status, estimate: ratio, lo, hi } = estimate;
      return { ratio, se_log: logStandardError(estimate, inputs.conf), lo, hi, status };
    },
    explain: {
      formula: 'ln ratio ± z·√(φ(1/cA + 1/cB)), φ the variance-to-mean ratio of the baseline',
      equations: ['E3'],
      reference: 'quasi-Poisson; numpy',
      assumptions: [
        'Both arms have the baseline’s dispersion.',
        'An event in both arms; without one: NaN with [0, Infinity].',
      ],
      example: { countA: 11, expA: 800, countB: 23, expB: 783, dispersion: 1, conf: 0.9 },
    },
  }),
  statFunction({
    fn: 'poisson_2indep_tests',
    summary: 'score test and E-test that two rates are equal',
    inputs: z.strictObject(twoRates),
    compute: (inputs) => {
      const [control, treatment] = armsOf(inputs);
      const { z: statistic, pScore, pEtest } = poissonTests(control, treatment);
      return { score_z: statistic, score_p_two: pScore, etest_p_two: pEtest };
    },
    explain: {
      formula:
        'd = mB/mA; z = (cB − d·cA)/√(d(cA + cB)), above 0 when B has more; the E-test sums the chance, at the pooled rate, of all tables at least as far out',
      equations: [],
      reference: 'Gu et al. 2008; Krishnamoorthy and Thomson 2004; statsmodels 0.13.5 test_poisson_2indep',
      assumptions: [POISSON, 'In no verdict: rates are judged by their ratio.'],
      example: { countA: 11, expA: 800, countB: 23, expB: 783 },
    },
  }),
];
