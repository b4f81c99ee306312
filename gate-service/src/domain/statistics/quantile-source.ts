import { type CumulativeHistogram, isHistogram } from './exceedance-thresholds.ts';
import { quantileOfSorted } from './quantile.ts';

/** Something that quantiles can be read from: raw values or a histogram of one arm. */
export interface QuantileSource {
  /** Values in it; NaN when it is broken, which makes every estimate from it `invalid`. */
  readonly n: number;
  /** The quantile at q in [0, 1], in the unit of the values; -Infinity below q = 0 and Infinity above q = 1. */
  readonly at: (q: number) => number;
}

const BROKEN: QuantileSource = { n: Number.NaN, at: () => Number.NaN };

/** Raw values, read by type-7 interpolation (docs/statistics.md F1). */
export function valuesSource(values: readonly number[]): QuantileSource {
  if (!values.every(Number.isFinite)) return BROKEN;
  const sorted = values.toSorted((left, right) => left - right);
  return { n: sorted.length, at: withinRange((q) => quantileOfSorted(sorted, q)) };
}

/**
 * A histogram, read by log-linear interpolation inside the bucket (docs/statistics.md F1); linear where the bucket
 * reaches down to 0. Percentiles are never averaged: histograms are merged first, then read.
 * @param histogram of sizes >= 0, such as toCumulative of a log histogram or a Prometheus histogram; values above its
 *                  last edge read as Infinity
 */
export function histogramSource(histogram: CumulativeHistogram): QuantileSource {
  const { upperEdges, cumulative, n } = histogram;
  if (n === 0 && upperEdges.length === 0) return { n: 0, at: () => Number.NaN };
  if (!isHistogram(histogram) || (upperEdges[0] ?? 0) < 0) return BROKEN;
  return {
    n,
    at: withinRange((q) => {
      const rank = q * n;
      // The first bucket that holds the rank; an empty one never does, not even at q = 0.
      const i = cumulative.findIndex((count, at) => count >= rank && count > (cumulative[at - 1] ?? 0));
      if (i === -1) return Number.POSITIVE_INFINITY;
      const before = cumulative[i - 1] ?? 0;
      const [low, high] = [upperEdges[i - 1] ?? 0, upperEdges[i] ?? Number.NaN];
      const share = Math.max(0, rank - before) / ((cumulative[i] ?? 0) - before);
      return low > 0 ? low * (high / low) ** share : high * share;
    }),
  };
}

function withinRange(at: (q: number) => number): QuantileSource['at'] {
  return (q) => {
    if (q < 0) return Number.NEGATIVE_INFINITY;
    return q > 1 ? Number.POSITIVE_INFINITY : at(q);
  };
}
