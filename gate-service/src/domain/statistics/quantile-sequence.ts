import { isProbabilityLevel } from './estimate.ts';
import { type CumulativeHistogram, isHistogram } from './exceedance-thresholds.ts';
import { proportionLogEvidence } from './proportion-sequence.ts';

/** Where a quantile lies, at all times together; ends are bucket edges. */
export interface QuantileBand {
  readonly status: 'ok' | 'insufficient' | 'invalid';
  /** Largest edge surely below the quantile; -Infinity when there is none. */
  readonly lo: number;
  /** Smallest edge surely above it; Infinity when there is none. */
  readonly hi: number;
  readonly n: number;
}

/**
 * An always-valid band for a quantile of a mergeable histogram (docs/statistics.md F5): each bucket edge e carries a
 * confidence sequence (K13) for the share at or below e, and the band ends at the edges whose sequence excludes q.
 * @param q     level in (0, 1)
 * @param alpha error budget of each edge; the two that end the band are wrong together with probability at most 2 alpha
 * @returns     `insufficient` with (-Infinity, Infinity) without values; `invalid` for a broken histogram or level
 */
export function quantileSequence(histogram: CumulativeHistogram, q: number, alpha: number): QuantileBand {
  const { upperEdges, cumulative, n } = histogram;
  if (!isHistogram(histogram) || !isProbabilityLevel(q) || !isProbabilityLevel(alpha)) {
    return { status: 'invalid', lo: Number.NaN, hi: Number.NaN, n: 0 };
  }
  const excludes = upperEdges.map((_, i) => proportionLogEvidence({ y: cumulative[i] ?? 0, n }, q) >= -Math.log(alpha));
  const isBelow = (i: number) => excludes[i] === true && (cumulative[i] ?? 0) / n < q;
  const isAbove = (i: number) => excludes[i] === true && (cumulative[i] ?? 0) / n > q;
  return {
    status: n === 0 ? 'insufficient' : 'ok',
    lo: upperEdges.findLast((_, i) => isBelow(i)) ?? Number.NEGATIVE_INFINITY,
    hi: upperEdges.find((_, i) => isAbove(i)) ?? Number.POSITIVE_INFINITY,
    n,
  };
}
