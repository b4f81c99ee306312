import betainc from '@stdlib/math-base-special-betainc';
import betaincinv from '@stdlib/math-base-special-betaincinv';
import gammaln from '@stdlib/math-base-special-gammaln';
import stdlibBetaQuantile from '@stdlib/stats-base-dists-beta-quantile';
import stdlibNormalCdf from '@stdlib/stats-base-dists-normal-cdf';
import stdlibNormalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import { gammaTail, gammaTailQuantile } from './incomplete-gamma.ts';

/**
 * The one place that touches the numerical library (docs/statistics.md T1). Upper tails are survival functions of their
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
  if (!(p > 0 && p < 1e-5)) return stdlibNormalQuantile(p, 0, 1);
  // The library works with 2p - 1, which keeps little of a tiny p: Newton's steps on the logarithm of the tail.
  let x = -Math.sqrt(-2 * Math.log(p));
  for (let step = 0; step < 8; step++) {
    const tail = normalCdf(x);
    x -= (Math.log(tail / p) * tail * Math.sqrt(2 * Math.PI)) / Math.exp(-0.5 * x * x);
  }
  return x;
}

/** The normal critical value of a two-sided interval with confidence `conf` in (0, 1): 1.645 for 0.90. */
export function twoSidedZ(conf: number): number {
  return -normalQuantile((1 - conf) / 2);
}

/** The x with P(X <= x) = p for X ~ Beta(a, b); a, b > 0. Checked against R 4.2.2 qbeta. */
export function betaQuantile(p: number, a: number, b: number): number {
  return stdlibBetaQuantile(p, a, b);
}

/** P(X <= x) for X ~ Beta(a, b); a, b > 0. Checked against R 4.2.2 pbeta. */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  return x >= 1 ? 1 : betainc(x, a, b, true, false);
}

/** P(X > x) for X ~ Beta(a, b), accurate where it is tiny. */
export function betaSf(x: number, a: number, b: number): number {
  if (x <= 0) return 1;
  return x >= 1 ? 0 : betainc(x, a, b, true, true);
}

/** P(T > t) of Student's t with `df` > 0, not necessarily whole; accurate far into the tail. Checked against R pt. */
export function tSf(t: number, df: number): number {
  if (t < 0) return 1 - tSf(-t, df);
  const square = t * t;
  // The share that is smaller is passed on, since the other one loses its digits next to 1.
  if (square > df) return 0.5 * betainc(df / (df + square), df / 2, 0.5, true, false);
  return 0.5 * betainc(square / (df + square), 0.5, df / 2, true, true);
}

/** P(T <= t) of Student's t with `df` > 0. Checked against R 4.2.2 pt. */
export function tCdf(t: number, df: number): number {
  return tSf(-t, df);
}

/** The t with P(T <= t) = p of Student's t with `df` > 0; p in [0, 1]. Checked against R 4.2.2 qt. */
export function tQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? Number.NEGATIVE_INFINITY : p === 1 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (p > 0.5) return -tQuantile(1 - p, df);
  const square = betaincinv(2 * p, 0.5, df / 2, true);
  if (square < 0.5) return -Math.sqrt((df * square) / (1 - square));
  const rest = betaincinv(2 * p, df / 2, 0.5);
  return -Math.sqrt((df * (1 - rest)) / rest);
}

/** The critical value of a two-sided t interval with confidence `conf` in (0, 1) and `df` > 0. */
export function twoSidedT(conf: number, df: number): number {
  return -tQuantile((1 - conf) / 2, df);
}

/** The x with P(X <= x) = p for X ~ Gamma(shape, 1); shape > 0. `upper`: with P(X > x) = p, exact for tiny p. */
export function gammaQuantile(p: number, shape: number, upper = false): number {
  return gammaTailQuantile(p, shape, upper);
}

/** P(X <= x) for X ~ Poisson(mean), integer x, mean >= 0. Checked against R 4.2.2 ppois. */
export function poissonCdf(x: number, mean: number): number {
  if (x < 0) return 0;
  return mean === 0 ? 1 : gammaTail(mean, x + 1, true);
}

/** P(X > x) for X ~ Poisson(mean), accurate where it is tiny. */
export function poissonSf(x: number, mean: number): number {
  if (x < 0) return 1;
  return mean === 0 ? 0 : gammaTail(mean, x + 1, false);
}

/** P(X <= x) for X ~ Binomial(n, p), integer x, p in [0, 1]. Checked against R 4.2.2 pbinom. */
export function binomialCdf(x: number, n: number, p: number): number {
  if (x < 0) return 0;
  return x >= n ? 1 : betaSf(p, x + 1, n - x);
}

/** P(X > x) for X ~ Binomial(n, p), accurate where it is tiny. */
export function binomialSf(x: number, n: number, p: number): number {
  if (x < 0) return 1;
  return x >= n ? 0 : betaCdf(p, x + 1, n - x);
}

/** The smallest x with P(X <= x) >= prob for X ~ Binomial(n, p); prob in (0, 1). Checked against R 4.2.2 qbinom. */
export function binomialQuantile(prob: number, n: number, p: number): number {
  let [below, x] = [-1, n];
  while (x - below > 1) {
    const middle = Math.floor((below + x) / 2);
    // R's slack: a prob that is a value of the distribution function but for rounding belongs to that value.
    if (binomialCdf(middle, n, p) >= prob * (1 - 64 * Number.EPSILON)) x = middle;
    else below = middle;
  }
  return x;
}

/** P(X > x) of the chi-square distribution with `df` > 0 degrees of freedom; 1 for x <= 0, 0 for Infinity. */
export function chiSquareSf(x: number, df: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x <= 0) return 1;
  return gammaTail(x / 2, df / 2, true);
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
