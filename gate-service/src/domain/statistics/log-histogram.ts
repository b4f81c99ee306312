import { isCount } from './estimate.ts';
import type { CumulativeHistogram } from './exceedance-thresholds.ts';

/**
 * A histogram with buckets (gamma^(i-1), gamma^i], gamma = 1.01: half a percent of relative error at any size, and
 * merging is adding counts (docs/statistics.md F; DDSketch). Plain JSON.
 */
export interface LogHistogram {
  /** Values of exactly 0, which have no logarithm. */
  readonly zeros: number;
  /** Bucket index i and its count > 0, by rising index. */
  readonly buckets: readonly (readonly [index: number, count: number])[];
}

/** Width of a bucket: fixed, since histograms of another width could not be merged. */
const GAMMA = 1.01;
const LN_GAMMA = Math.log(GAMMA);

export const EMPTY_LOG_HISTOGRAM: LogHistogram = { zeros: 0, buckets: [] };

/** The bucket of a value; null for 0. NaN for what no histogram can take: negative, NaN or infinite values. */
export function logBucket(value: number): number | null {
  if (!(value >= 0 && Number.isFinite(value))) return Number.NaN;
  return value === 0 ? null : Math.ceil(Math.log(value) / LN_GAMMA);
}

/** Upper edge of a bucket, gamma^index. */
export function logBucketEdge(index: number): number {
  return Math.exp(index * LN_GAMMA);
}

/**
 * Histogram of raw values.
 * @param values latencies or other sizes >= 0
 * @returns      null when any value is negative, NaN or infinite: none is silently dropped
 */
export function logHistogramOf(values: readonly number[]): LogHistogram | null {
  const indices = values.map(logBucket);
  if (indices.some(Number.isNaN)) return null;
  const zeros = indices.filter((index) => index === null).length;
  return combine(
    zeros,
    indices.flatMap((index) => (index === null ? [] : [[index, 1] as const])),
  );
}

/** Adds histograms up; the order is irrelevant. */
export function mergeLogHistograms(histograms: readonly LogHistogram[]): LogHistogram {
  const zeros = histograms.reduce((sum, histogram) => sum + histogram.zeros, 0);
  return combine(
    zeros,
    histograms.flatMap(({ buckets }) => buckets),
  );
}

/** Values in a histogram. */
export function logHistogramCount({ zeros, buckets }: LogHistogram): number {
  return buckets.reduce((sum, [, count]) => sum + count, zeros);
}

/** Whether counts are counts and indices integers that rise. */
export function isLogHistogram({ zeros, buckets }: LogHistogram): boolean {
  const rises = buckets.every(([index], i) => Number.isInteger(index) && index > (buckets[i - 1]?.[0] ?? -Infinity));
  return rises && isCount(zeros) && buckets.every(([, count]) => isCount(count) && count > 0);
}

/** The same as edges and cumulative counts; both edges of every bucket in use are among them, so no width is lost. */
export function toCumulative(histogram: LogHistogram): CumulativeHistogram {
  const { zeros, buckets } = histogram;
  const steps: [edge: number, below: number][] = zeros > 0 ? [[0, zeros]] : [];
  let [below, previous] = [zeros, Number.NaN];
  for (const [index, count] of buckets) {
    if (index - 1 !== previous) steps.push([logBucketEdge(index - 1), below]);
    below += count;
    steps.push([logBucketEdge(index), below]);
    previous = index;
  }
  return { upperEdges: steps.map(([edge]) => edge), cumulative: steps.map(([, count]) => count), n: below };
}

function combine(zeros: number, entries: readonly (readonly [number, number])[]): LogHistogram {
  const totals = new Map<number, number>();
  for (const [index, count] of entries) totals.set(index, (totals.get(index) ?? 0) + count);
  return { zeros, buckets: [...totals].toSorted(([left], [right]) => left - right) };
}
