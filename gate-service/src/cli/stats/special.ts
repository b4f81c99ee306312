import { z } from 'zod';
import {
  betaCdf,
  betaQuantile,
  chiSquareSf,
  lnGamma,
  normalCdf,
  normalQuantile,
  normalSf,
  tCdf,
  tQuantile,
  tSf,
} from '../../domain/statistics/distributions.ts';
import { bound, finite, positive, rate } from './fields.ts';
import { type StatFunction, statFunction } from './stat-function.ts';

const TAILS = 'Upper tails are survival functions of their own, never 1 − cdf: they keep their digits.';

const explain = (formula: string, reference: string, example: Record<string, number>) => ({
  formula,
  equations: ['T1'],
  reference,
  assumptions: [TAILS],
  example,
});

export const SPECIAL_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'norm_cdf',
    summary: 'standard normal distribution: P(Z <= x) and P(Z > x)',
    inputs: z.strictObject({ x: bound }),
    compute: ({ x }) => ({ cdf: normalCdf(x), sf: normalSf(x) }),
    explain: explain('Φ(x) = ½ erfc(−x/√2)', 'R 4.2.2 pnorm', { x: 1.96 }),
  }),
  statFunction({
    fn: 'norm_ppf',
    summary: 'quantile of the standard normal distribution',
    inputs: z.strictObject({ p: rate }),
    compute: ({ p }) => ({ x: normalQuantile(p) }),
    explain: explain('the x with Φ(x) = p', 'R 4.2.2 qnorm', { p: 0.975 }),
  }),
  statFunction({
    fn: 't_cdf',
    summary: "Student's t distribution: P(T <= t) and P(T > t)",
    inputs: z.strictObject({ t: bound, df: positive }),
    compute: ({ t, df }) => ({ cdf: tCdf(t, df), sf: tSf(t, df) }),
    explain: explain('for t < 0: ½ I(df/(df + t²); df/2, ½), I the regularised incomplete beta', 'R 4.2.2 pt', {
      t: 2.1,
      df: 3,
    }),
  }),
  statFunction({
    fn: 't_ppf',
    summary: "quantile of Student's t distribution",
    inputs: z.strictObject({ p: rate, df: positive }),
    compute: ({ p, df }) => ({ t: tQuantile(p, df) }),
    explain: explain('the t with P(T <= t) = p', 'R 4.2.2 qt', { p: 0.975, df: 3 }),
  }),
  statFunction({
    fn: 'chi2_sf',
    summary: 'upper tail of the chi-square distribution',
    inputs: z.strictObject({ x: bound, df: positive }),
    compute: ({ x, df }) => ({ sf: chiSquareSf(x, df) }),
    explain: explain('Q(df/2, x/2), the regularised upper incomplete gamma', 'R 4.2.2 pchisq(lower.tail = FALSE)', {
      x: 3.84,
      df: 1,
    }),
  }),
  statFunction({
    fn: 'beta_cdf',
    summary: 'beta distribution: P(X <= x)',
    inputs: z.strictObject({ x: finite, a: positive, b: positive }),
    compute: ({ x, a, b }) => ({ cdf: betaCdf(x, a, b) }),
    explain: explain('I(x; a, b), the regularised incomplete beta', 'R 4.2.2 pbeta', { x: 0.3, a: 2, b: 5 }),
  }),
  statFunction({
    fn: 'beta_ppf',
    summary: 'quantile of the beta distribution',
    inputs: z.strictObject({ p: rate, a: positive, b: positive }),
    compute: ({ p, a, b }) => ({ x: betaQuantile(p, a, b) }),
    explain: explain('the x with I(x; a, b) = p', 'R 4.2.2 qbeta', { p: 0.025, a: 2, b: 5 }),
  }),
  statFunction({
    fn: 'lgamma',
    summary: 'natural logarithm of the gamma function',
    inputs: z.strictObject({ x: positive }),
    compute: ({ x }) => ({ value: lnGamma(x) }),
    explain: explain('ln Γ(x), x > 0', 'R 4.2.2 lgamma', { x: 3.7 }),
  }),
];
