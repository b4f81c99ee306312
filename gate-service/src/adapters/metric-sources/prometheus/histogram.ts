import {
  EMPTY_LOG_HISTOGRAM,
  type LogHistogram,
  logBucket,
  mergeLogHistograms,
} from '../../../domain/statistics/log-histogram.ts';
import { finite } from './answers.ts';
import type { Cell } from './cells.ts';
import { PrometheusFault } from './fault.ts';

/** Growth that `increase()` had to estimate need not fit together by more than this. */
const ESTIMATE_SLACK = 1.5;

/**
 * Classic buckets of one group and time as a log histogram: every value counts as the upper edge of its bucket. What lies
 * above the largest edge counts as just above it, which no quantile below it can feel.
 * @returns null where a count is missing or not finite
 */
export function fromClassic(cells: readonly Cell[], msPerUnit: number): LogHistogram | null {
  const edges = cells
    .map(({ le, value }) => ({ edge: le === '+Inf' ? Infinity : Number(le), below: value }))
    .toSorted((left, right) => left.edge - right.edge);
  if (edges.some(({ edge, below }) => Number.isNaN(edge) || Number.isNaN(below))) return null;
  if (edges.at(-1)?.edge !== Infinity || edges.length < 2) {
    throw new PrometheusFault('bad_value', 'The histogram lacks the bucket le="+Inf", or has no other.');
  }
  const overflow = edges.at(-2)!.edge;
  let below = 0;
  const parts = edges.map(({ edge, below: cumulative }) => {
    if (cumulative < below - ESTIMATE_SLACK) {
      throw new PrometheusFault(
        'bad_value',
        'The buckets of the histogram do not rise: they are not cumulative counts.',
      );
    }
    const count = Math.max(0, Math.round(cumulative) - below);
    below += count;
    return edge === Infinity ? above(overflow * msPerUnit, count) : upTo(edge * msPerUnit, count);
  });
  return mergeLogHistograms(parts);
}

/** A native histogram: every value counts as the upper edge of its bucket, whose width is the histogram's own. */
export function fromNative({ native }: Cell, msPerUnit: number): LogHistogram | null {
  if (native === null) throw new PrometheusFault('bad_value', 'The metric is no native histogram; set native: false.');
  const parts = native.map(([low, high, count]) => {
    const [lower, upper, inside] = [finite(low) * msPerUnit, finite(high) * msPerUnit, Math.round(finite(count))];
    if (Number.isNaN(inside)) return null;
    // The bucket around 0 reaches below it; everything else below 0 is no duration.
    return lower < 0 && upper > 0 ? { zeros: inside, buckets: [] } : upTo(upper, inside);
  });
  return parts.includes(null) ? null : mergeLogHistograms(parts.filter((part) => part !== null));
}

function upTo(edgeMs: number, count: number): LogHistogram {
  if (count === 0) return EMPTY_LOG_HISTOGRAM;
  const index = logBucket(edgeMs);
  if (Number.isNaN(index)) {
    throw new PrometheusFault('bad_value', 'The histogram has values below 0 or without an upper edge: no durations.');
  }
  return index === null ? { zeros: count, buckets: [] } : { zeros: 0, buckets: [[index, count]] };
}

function above(edgeMs: number, count: number): LogHistogram {
  if (count === 0) return EMPTY_LOG_HISTOGRAM;
  return { zeros: 0, buckets: [[(logBucket(edgeMs) ?? 0) + 1, count]] };
}
