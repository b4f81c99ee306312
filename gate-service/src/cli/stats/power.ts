import { z } from 'zod';
import { normalPower, sampleSizePerArm, twoProportionPower } from '../../domain/statistics/power.ts';
import { tTestPower, tTestSampleSize } from '../../domain/statistics/power-means.ts';
import { alpha, finite, level, positive, rate, sides } from './fields.ts';
import { type StatFunction, statFunction } from './stat-function.ts';

const POWER = level.default(0.8);
const DIRECTED = 'sides: 1 for a directed test (a verdict’s), 2 for an undirected one.';

export const POWER_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'n_prop_unequal',
    summary: 'units per arm to tell two proportions apart, with arms of any size',
    inputs: z.strictObject({
      pA: rate,
      pB: rate,
      alpha,
      power: POWER,
      ratio_B_over_A: positive.default(1),
      sides: sides.default(1),
    }),
    compute: ({ ratio_B_over_A, ...inputs }) => ({ ...sampleSizePerArm({ ...inputs, ratio: ratio_B_over_A }) }),
    explain: {
      formula: 'nA = [z_α√((1+1/k) p̄q̄) + z_power√(pA qA + pB qB/k)]²/(pB − pA)², k = nB/nA, p̄ = (pA + k·pB)/(1 + k)',
      equations: ['N3'],
      reference: 'Fleiss; equal arms against R 4.2.2 power.prop.test',
      assumptions: [DIRECTED, 'Units are fractional: round up. Equal rates need Infinity.'],
      example: { pA: 0.1, pB: 0.12, alpha: 0.05, power: 0.8, ratio_B_over_A: 1, sides: 1 },
    },
  }),
  statFunction({
    fn: 'power_prop_n',
    summary: 'units per arm to tell two proportions apart, equal arms',
    inputs: z.strictObject({ p1: rate, p2: rate, alpha, power: POWER, sides: sides.default(2) }),
    compute: ({ p1, p2, ...inputs }) => ({
      n_per_arm: sampleSizePerArm({ ...inputs, pA: p1, pB: p2, ratio: 1 }).nA,
    }),
    explain: {
      formula: 'n_prop_unequal with k = 1',
      equations: ['N3'],
      reference: 'R 4.2.2 power.prop.test',
      assumptions: [DIRECTED],
      example: { p1: 0.1, p2: 0.12, alpha: 0.05, power: 0.8, sides: 2 },
    },
  }),
  statFunction({
    fn: 'power_prop',
    summary: 'power to tell two proportions apart, equal arms',
    inputs: z.strictObject({ p1: rate, p2: rate, alpha, n_per_arm: positive, sides: sides.default(2) }),
    compute: ({ p1, p2, alpha, n_per_arm, sides }) => ({
      power: twoProportionPower({ pA: p1, pB: p2, alpha, sides }, n_per_arm),
    }),
    explain: {
      formula: 'Φ((|p2 − p1| − z_α√(2p̄q̄/n))/√((p1q1 + p2q2)/n))',
      equations: ['N3'],
      reference: 'R 4.2.2 power.prop.test (the far tail is left out, as there)',
      assumptions: [DIRECTED],
      example: { p1: 0.1, p2: 0.12, alpha: 0.05, n_per_arm: 2000, sides: 2 },
    },
  }),
  statFunction({
    fn: 'power_t',
    summary: 'power of the t test of two means, equal arms',
    inputs: z.strictObject({
      delta: finite,
      sd: positive,
      alpha,
      n_per_arm: z.number().min(2),
      sides: sides.default(2),
    }),
    compute: ({ n_per_arm, ...design }) => ({ power: tTestPower(design, n_per_arm) }),
    explain: {
      formula:
        'P(T > t(1−α/sides; 2(n−1))), T noncentral t with 2(n−1) degrees of freedom and noncentrality √(n/2)·|δ|/σ',
      equations: ['N2'],
      reference: 'R 4.2.2 power.t.test (not strict: the far tail is left out)',
      assumptions: [DIRECTED, 'Values are nearly normal, with one standard deviation in both arms.'],
      example: { delta: 3, sd: 5, alpha: 0.05, n_per_arm: 12, sides: 2 },
    },
  }),
  statFunction({
    fn: 'power_t_n',
    summary: 'units per arm of the t test of two means, equal arms',
    inputs: z.strictObject({ delta: finite, sd: positive, alpha, power: POWER, sides: sides.default(2) }),
    compute: ({ power, ...design }) => ({ n_per_arm: tTestSampleSize(design, power) }),
    explain: {
      formula: 'the n at which power_t reaches the power',
      equations: ['N2'],
      reference: 'R 4.2.2 power.t.test',
      assumptions: [DIRECTED, 'Units are fractional: round up. At least 2; Infinity when ten million do not suffice.'],
      example: { delta: 1, sd: 2, alpha: 0.05, power: 0.8, sides: 2 },
    },
  }),
  statFunction({
    fn: 'norm_ind_power',
    summary: 'power of a normal test of two means, effect in standard deviations',
    inputs: z.strictObject({ effect_size_sd: finite, nobs1: positive, alpha, ratio: positive.default(1) }),
    compute: ({ effect_size_sd, nobs1, alpha, ratio }) => {
      const se = Math.sqrt(1 / nobs1 + 1 / (nobs1 * ratio));
      return {
        power_two_sided: normalPower(effect_size_sd, se, alpha, 2),
        power_larger: normalPower(effect_size_sd, se, alpha, 1),
      };
    },
    explain: {
      formula: 'se = √(1/n1 + 1/(ratio·n1)); larger: P(Z > z_α − effect/se); two-sided adds the far tail',
      equations: ['N4'],
      reference: 'statsmodels 0.13.5 NormalIndPower',
      assumptions: ['Both arms have the same known standard deviation.'],
      example: { effect_size_sd: 0.3, nobs1: 60, alpha: 0.05, ratio: 0.5 },
    },
  }),
];
