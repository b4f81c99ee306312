import gammainc from '@stdlib/math-base-special-gammainc';
import gammaln from '@stdlib/math-base-special-gammaln';
import stdlibBetaQuantile from '@stdlib/stats-base-dists-beta-quantile';
import stdlibNormalCdf from '@stdlib/stats-base-dists-normal-cdf';
import stdlibNormalQuantile from '@stdlib/stats-base-dists-normal-quantile';

/**
 * The one place that touches the numerical library (STATISTICS.md T1). Upper tails are survival functions of their
 * own, never 1 - cdf, which would lose every digit beyond 1e-16. All take finite numbers and answer NaN for NaN.
 */

/** P(Z <= x) of the standard normal distribution. Checked against R 4.2.2 pnorm. */
export function normalCdf(x: number): number {
  return stdlibNormalCdf(x, 0, 1);
}

/** P(Z > x) of the standard normal distribution, accurate far into the tail. Checked against R 4.2.2 pnorm. */
export function normalSf(x: number): number {
  return stdlibNormalCdf(-x, 0, 1);
}

/** The x with P(Z <= x) = p of the standard normal distribution; p in [0, 1]. Checked against R 4.2.2 qnorm. */
export function normalQuantile(p: number): number {
  return stdlibNormalQuantile(p, 0, 1);
}

/** The normal critical value of a two-sided interval with confidence `conf` in (0, 1): 1.645 for 0.90. */
export function twoSidedZ(conf: number): number {
  return -normalQuantile((1 - conf) / 2);
}

/** The x with P(X <= x) = p for X ~ Beta(a, b); a, b > 0. Checked against R 4.2.2 qbeta. */
export function betaQuantile(p: number, a: number, b: number): number {
  return stdlibBetaQuantile(p, a, b);
}

/** P(X > x) of the chi-square distribution with `df` > 0 degrees of freedom; 1 for x <= 0, 0 for Infinity. */
export function chiSquareSf(x: number, df: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x <= 0) return 1;
  return gammainc(x / 2, df / 2, true, true);
}

/** ln Gamma(x) for x > 0. Checked against R 4.2.2 lgamma. */
export function lnGamma(x: number): number {
  return gammaln(x);
}

/** ln of the binomial coefficient "n choose k", integers 0 <= k <= n. */
export function lnChoose(n: number, k: number): number {
  return k === 0 || k === n ? 0 : lnGamma(n + 1) - lnGamma(k + 1) - lnGamma(n - k + 1);
}

/** P(X = x) for X ~ Binomial(n, p), integers 0 <= x <= n, p in [0, 1], computed on the log scale. */
export function binomialPmf(x: number, n: number, p: number): number {
  if (p <= 0) return x === 0 ? 1 : 0;
  if (p >= 1) return x === n ? 1 : 0;
  return Math.exp(lnChoose(n, x) + x * Math.log(p) + (n - x) * Math.log1p(-p));
}
