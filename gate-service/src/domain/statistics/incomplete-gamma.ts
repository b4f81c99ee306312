import gammainc from '@stdlib/math-base-special-gammainc';
import gammaincinv from '@stdlib/math-base-special-gammaincinv';
import gammaln from '@stdlib/math-base-special-gammaln';
import stdlibNormalCdf from '@stdlib/stats-base-dists-normal-cdf';

/**
 * The regularised incomplete gamma functions (docs/statistics.md T1). The library's sum for x > 1000 begins one factor too
 * high (`tgamma_i_large_x_series` with a instead of a - 1), which is wrong by up to 5% near x = a. Above 1000 the sums are
 * done here: the same series, or the first term of Temme's expansion where a sum would be too long.
 */
const LIBRARY_UP_TO = 1000;
const EXPAND_FROM = 1e8;

/** P(X <= x), or with `upper` P(X > x), for X ~ Gamma(shape, 1); x >= 0, shape > 0. Each tail to 1e-11 relative. */
export function gammaTail(x: number, shape: number, upper: boolean): number {
  if (!(x > LIBRARY_UP_TO) || shape < 30) return gammainc(x, shape, true, upper);
  const above = x >= shape;
  const small = shape < EXPAND_FROM ? sum(x, shape, above) : expansion(x, shape, above);
  return above === upper ? small : 1 - small;
}

/** The x with P(X <= x) = p, or with `upper` P(X > x) = p, for X ~ Gamma(shape, 1); p in [0, 1], shape > 0. */
export function gammaTailQuantile(p: number, shape: number, upper: boolean): number {
  let x = gammaincinv(p, shape, upper);
  if (!(p > 0 && p < 1 && x > 0 && Number.isFinite(x))) return x;
  // The library inverts its own function, and stops early: Newton's steps on the logarithm of the tail.
  for (let step = 0; step < 20; step++) {
    const tail = gammaTail(x, shape, upper);
    const density = Math.exp(lnKernel(x, shape)) / x;
    if (!(tail > 0 && density > 0)) return x;
    const change = ((Math.log(tail / p) * tail) / density) * (upper ? 1 : -1);
    if (!Number.isFinite(change) || x + change <= 0) return x;
    x += change;
    if (Math.abs(change) <= 1e-14 * x) break;
  }
  return x;
}

/** ln of x^a e^-x / Gamma(a), from a = 30 on without the cancellation of its three large terms. */
function lnKernel(x: number, a: number): number {
  if (a < 30) return a * Math.log(x) - x - gammaln(a);
  const stirling = 1 / (12 * a) - 1 / (360 * a ** 3) + 1 / (1260 * a ** 5) - 1 / (1680 * a ** 7);
  return 0.5 * Math.log(a / (2 * Math.PI)) - a * excess((x - a) / a) - stirling;
}

/** s - ln(1 + s) for s > -1, with all its digits next to 0. */
function excess(s: number): number {
  if (Math.abs(s) > 0.01) return s - Math.log1p(s);
  let [term, total] = [s * s, 0];
  for (let k = 2; k < 12; k++, term *= -s) total += term / k;
  return total;
}

/** Q by its falling factorials when x >= a, P by its power series when x < a: about 8 sqrt(a) terms at most. */
function sum(x: number, a: number, above: boolean): number {
  let [term, total] = [1, 1];
  for (let n = 1; Math.abs(term) > 1e-17 * total; n++) {
    term *= above ? (a - n) / x : x / (a + n);
    total += term;
  }
  return Math.exp(lnKernel(x, a)) * (total / (above ? x : a));
}

/** Temme 1979: the normal tail of eta, eta² / 2 = s - ln(1 + s), and 1/s - 1/eta, next to 0 its series in eta. */
function expansion(x: number, a: number, above: boolean): number {
  const s = (x - a) / a;
  const half = excess(s);
  const eta = (above ? 1 : -1) * Math.sqrt(2 * half);
  const first =
    Math.abs(s) > 0.01 ? 1 / s - 1 / eta : -1 / 3 + eta / 12 - (2 * eta ** 2) / 135 + eta ** 3 / 864 + eta ** 4 / 2835;
  const correction = (Math.exp(-a * half) / Math.sqrt(2 * Math.PI * a)) * first;
  return stdlibNormalCdf(-Math.abs(eta) * Math.sqrt(a), 0, 1) + (above ? correction : -correction);
}
