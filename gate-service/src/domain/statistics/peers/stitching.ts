/** Geometry of the epochs over which a bound is stitched: errors fall as k^-s, epochs grow by the factor eta. */
const S = 1.4;
const ETA = 2;
/** Width of the band of quantile levels that one epoch covers, on the logit scale. */
const DELTA = 0.5;
const K1 = (ETA ** 0.25 + ETA ** -0.25) / Math.SQRT2;
const K2 = (Math.sqrt(ETA) + 1) / 2;

/** Bound on a sub-gamma sum with variance v and scale c, from v = vMin on. Howard et al. 2021, theorem 1. */
export function polyStitchingBound(v: number, alpha: number, vMin: number, c: number): number {
  const time = Math.max(v, vMin);
  const log = S * Math.log(Math.log((ETA * time) / vMin)) + Math.log(zeta(S) / Math.log(ETA) ** S / alpha);
  return stitch(time, log, c);
}

/** Bound, in counts, on the empirical quantile process at all levels and times together. Howard and Ramdas 2022, thm 5.
 *  */
export function doubleStitchingBound(q: number, t: number, alpha: number, tOpt: number): number {
  const time = Math.max(t, tOpt);
  const reach = 2 * DELTA * Math.sqrt((tOpt * ETA) / time);
  const level = q >= 0.5 ? q : Math.min(0.5, 1 / (1 + Math.exp(-(logit(q) + reach))));
  const spread = level * (1 - level);
  const rank = (Math.sqrt(time / tOpt) * Math.abs(logit(q))) / (2 * DELTA) + 1;
  const z = zeta(S);
  const log =
    S * Math.log(Math.log((ETA * time) / tOpt)) +
    S * Math.log(rank) +
    Math.log((2 * z * (2 * z + 1)) / (alpha * Math.log(ETA) ** S));
  return DELTA * Math.sqrt((ETA * time * spread) / tOpt) + stitch(spread * time, log, (1 - 2 * q) / 3);
}

function stitch(variance: number, log: number, c: number): number {
  const jump = K2 * c * log;
  return Math.sqrt(K1 ** 2 * variance * log + jump ** 2) + jump;
}

function logit(p: number): number {
  return Math.log(p / (1 - p));
}

/** Riemann zeta for s > 1 by Euler-Maclaurin: 20 terms, the integral, and two corrections leave less than 1e-11. */
export function zeta(s: number): number {
  const n = 20;
  let sum = 0;
  for (let k = 1; k < n; k++) sum += k ** -s;
  const rest = n ** (1 - s) / (s - 1) + n ** -s / 2;
  return sum + rest + (s * n ** (-s - 1)) / 12 - (s * (s + 1) * (s + 2) * n ** (-s - 3)) / 720;
}
