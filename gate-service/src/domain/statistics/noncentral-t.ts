import { gammaQuantile, lnGamma, normalSf } from './distributions.ts';
import { integrate } from './integrate.ts';

/** Where the distribution of the estimated deviation is cut into pieces for the integral. */
const CUTS: readonly number[] = [1e-16, 1e-10, 1e-6, 1e-3, 0.05, 0.25];

/**
 * P(T > t) of the noncentral t distribution: the normal tail averaged over the estimated standard deviation s, s^2 df
 * being chi-square.
 * @param df  degrees of freedom >= 1 (below, the density has a pole that the integral would miss)
 * @param ncp noncentrality, finite
 * @returns   to about 1e-10 absolute
 * @see       checked against R 4.2.2 power.t.test
 */
export function noncentralTSf(t: number, df: number, ncp: number): number {
  const quantile = (p: number, upper: boolean) => Math.sqrt((2 * gammaQuantile(p, df / 2, upper)) / df);
  const points = [...CUTS.map((p) => quantile(p, false)), quantile(0.5, false)];
  points.push(...CUTS.toReversed().map((p) => quantile(p, true)));
  const lnScale = Math.LN2 + (df / 2) * Math.log(df / 2) - lnGamma(df / 2);
  const density = (s: number) => Math.exp(lnScale + (df - 1) * Math.log(s) - (df * s * s) / 2);
  return Math.min(
    1,
    integrate((s) => normalSf(t * s - ncp) * density(s), points),
  );
}
