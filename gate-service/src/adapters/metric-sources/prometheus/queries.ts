import { type Quote, renderSelector, type Selector } from './promql.ts';

/** What a template needs to know besides its selector. */
export interface Shape {
  /** Labels that the answer is broken down by; none: one number for all. */
  readonly by: readonly string[];
  readonly bucketMinutes: number;
  /** How far before a bucket its counters' first value may lie. */
  readonly lookbackMinutes: number;
}

/**
 * How much counters grew in a bucket, in whole numbers: the last value in it less the last value before it, so that
 * buckets add up and nothing is extrapolated. A counter that starts in the bucket counts from its first value; one that
 * fell between the buckets counts from 0; only where it was reset inside does `increase()` estimate (docs/sources.md).
 */
export function growthQuery(selector: Selector, shape: Shape, quote: Quote): string {
  const inside = `${renderSelector(selector, quote)}[${shape.bucketMinutes}m]`;
  const before = `${renderSelector(selector, quote)}[${shape.lookbackMinutes}m] offset ${shape.bucketMinutes}m`;
  return `${sumBy(shape.by)} (
  (
    last_over_time(${inside})
    - (
      last_over_time(${before}) <= min_over_time(${inside})
      or 0 * last_over_time(${before})
      or min_over_time(${inside})
    )
  ) unless resets(${inside}) > 0
  or increase(${inside})
)`;
}

/** The same for native histograms, which have no first and last value: `increase()`, rounded by the reader. */
export function nativeGrowthQuery(selector: Selector, shape: Shape, quote: Quote): string {
  return `${sumBy(shape.by)} (increase(${renderSelector(selector, quote)}[${shape.bucketMinutes}m]))`;
}

/** Samples of a gauge. */
export function samplesQuery(selector: Selector, shape: Shape, quote: Quote): string {
  return `${sumBy(shape.by)} (count_over_time(${renderSelector(selector, quote)}[${shape.bucketMinutes}m]))`;
}

/** Sum of a gauge's samples, the mean of each series in the bucket kept in [0, cap]. */
export function levelsQuery(selector: Selector, shape: Shape, cap: number, quote: Quote): string {
  const inside = `${renderSelector(selector, quote)}[${shape.bucketMinutes}m]`;
  return `${sumBy(shape.by)} (clamp(avg_over_time(${inside}), 0, ${cap}) * count_over_time(${inside}))`;
}

/** Sum of the squares of a gauge's samples, kept in the same bounds. */
export function squaresQuery(selector: Selector, shape: Shape, cap: number, quote: Quote): string {
  const inside = `${renderSelector(selector, quote)}[${shape.bucketMinutes}m]`;
  const mean = `clamp(avg_over_time(${inside}), 0, ${cap})`;
  return `${sumBy(shape.by)} ((stdvar_over_time(${inside}) + ${mean} * ${mean}) * count_over_time(${inside}))`;
}

/** Samples of series whose mean in the bucket lies outside of [0, cap]. */
export function clippedQuery(selector: Selector, shape: Shape, cap: number, quote: Quote): string {
  const inside = `${renderSelector(selector, quote)}[${shape.bucketMinutes}m]`;
  const mean = `avg_over_time(${inside})`;
  return `${sumBy(shape.by)} (count_over_time(${inside}) and (${mean} < 0 or ${mean} > ${cap}))`;
}

/** Companion: samples of the series that was sampled best, to be held against what the scrape interval promises. */
export function coverageQuery(selector: Selector, shape: Shape, quote: Quote): string {
  return `max${by(shape.by)} (count_over_time(${renderSelector(selector, quote)}[${shape.bucketMinutes}m]))`;
}

/** Companion: seconds since 1970 of the newest sample. `timestamp()` of a function's result would be the time of asking. */
export function freshnessQuery(selector: Selector, minutes: number, resolutionSeconds: number, quote: Quote): string {
  return `max(max_over_time(timestamp(${renderSelector(selector, quote)})[${minutes}m:${resolutionSeconds}s]))`;
}

/** Companion: seconds since 1970 of the oldest sample, to the hour. */
export function oldestQuery(selector: Selector, days: number, quote: Quote): string {
  return `min(min_over_time(timestamp(${renderSelector(selector, quote)})[${days}d:1h]))`;
}

/** Companion: how often counters fell, and that how many times they were reset. */
export function resetsQuery(selector: Selector, minutes: number, quote: Quote): string {
  return `sum(resets(${renderSelector(selector, quote)}[${minutes}m]))`;
}

/** Companion: in how many ways the series are there, by labels that may have one value only. */
export function groupsQuery(selector: Selector, labels: readonly string[], minutes: number, quote: Quote): string {
  return `count${by(labels)} (count_over_time(${renderSelector(selector, quote)}[${minutes}m]))`;
}

function sumBy(labels: readonly string[]): string {
  return `sum${by(labels)}`;
}

function by(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')})`;
}
