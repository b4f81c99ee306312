import { twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isCount,
  isProbabilityLevel,
} from './estimate.ts';
import type { QuantileSource } from './quantile-source.ts';

/** A quantile needs this many effective values on either side of it (docs/statistics.md F4). */
const FEWEST_BEYOND = 10;

/**
 * Interval of a quantile after Woodruff: the quantiles at q -+ z sqrt(deff q (1 - q) / n) (docs/statistics.md F3).
 * Chosen because it needs no density and reads from histograms as well.
 * @param source raw values or a histogram of one arm
 * @param q      in (0, 1), e.g. 0.95
 * @param conf   two-sided confidence in (0, 1)
 * @param deff   design effect > 0 of values that come in clusters (designEffect); below 1 counts as 1
 * @returns      in the unit of the values; fewer than 10 effective values, n / deff, on either side is `insufficient`;
 *               equal limits (raw ties) are `degenerate` with an infinite interval; a broken source is `invalid`
 * @see          Woodruff 1952
 */
export function woodruff(source: QuantileSource, q: number, conf: number, deff = 1): Estimate {
  const method = 'woodruff';
  const valid = isCount(source.n) && isProbabilityLevel(q) && isProbabilityLevel(conf);
  if (!valid || !(deff > 0 && Number.isFinite(deff))) return invalidEstimate(method);
  const effective = source.n / Math.max(1, deff);
  // The slack keeps 200 values at 0.95 in: 200 x (1 - 0.95) is 10 but for rounding.
  if (effective * Math.min(q, 1 - q) < FEWEST_BEYOND - 1e-9) {
    return insufficientEstimate(method, source.n, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }
  const z = twoSidedZ(conf);
  const reach = z * Math.sqrt((q * (1 - q)) / effective);
  const interval = { estimate: source.at(q), lo: source.at(q - reach), hi: source.at(q + reach) };
  if (interval.lo < interval.hi) return intervalEstimate(method, source.n, interval, z);
  const nothing = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY, se: null, df: null };
  return { status: 'degenerate', estimate: interval.estimate, ...nothing, method, n: source.n };
}
