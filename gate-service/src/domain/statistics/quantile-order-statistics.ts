import { binomialQuantile, twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
} from './estimate.ts';
import { quantileOfSorted } from './quantile.ts';

/** A quantile with the ranks (from 1) of the order statistics that bound it; a rank of 0 or n + 1 is no bound. */
export interface RankedEstimate extends Estimate {
  readonly loRank: number;
  readonly hiRank: number;
}

/**
 * Exact, distribution-free interval of a quantile from order statistics (docs/statistics.md F2).
 * @param values raw, in any order
 * @param q      in (0, 1)
 * @param conf   two-sided confidence in (0, 1)
 * @returns      type-7 estimate; a limit without a rank is infinite, both are `insufficient`; equal limits (ties) are
 *               `degenerate` with an infinite interval; a value that is not finite is `invalid`
 * @see          R 4.2.2: ranks qbinom(a / 2, n, q) and qbinom(1 - a / 2, n, q) + 1
 */
export function quantileOrderStatistics(values: readonly number[], q: number, conf: number): RankedEstimate {
  const method = 'order_statistics';
  const noRanks = { loRank: Number.NaN, hiRank: Number.NaN };
  const n = values.length;
  if (!values.every(Number.isFinite) || !isProbabilityLevel(q) || !isProbabilityLevel(conf)) {
    return { ...invalidEstimate(method), ...noRanks };
  }
  if (n === 0) return { ...insufficientEstimate(method, 0, -Infinity, Infinity), ...noRanks };
  const sorted = values.toSorted((left, right) => left - right);
  const tail = (1 - conf) / 2;
  const ranks = { loRank: binomialQuantile(tail, n, q), hiRank: binomialQuantile(1 - tail, n, q) + 1 };
  const lo = sorted[ranks.loRank - 1] ?? Number.NEGATIVE_INFINITY;
  const hi = sorted[ranks.hiRank - 1] ?? Number.POSITIVE_INFINITY;
  if (hi - lo === Infinity && lo === -hi) return { ...insufficientEstimate(method, n, lo, hi), ...ranks };
  const estimate = quantileOfSorted(sorted, q);
  const answer = intervalEstimate(method, n, { estimate, lo, hi }, twoSidedZ(conf));
  return {
    ...(lo < hi ? answer : { ...answer, status: 'degenerate', lo: -Infinity, hi: Infinity, se: null }),
    ...ranks,
  };
}
