import { isCount, type ProportionArm } from './estimate.ts';
import type { HarmDirection, MarginKind } from './null-line.ts';

/** A histogram as its buckets' upper edges, rising, and how many values are at or below each. */
export interface CumulativeHistogram {
  readonly upperEdges: readonly number[];
  readonly cumulative: readonly number[];
  /** All values, those above the last edge included. */
  readonly n: number;
}

/** One "slower than" stream of a latency. */
export interface ExceedanceThreshold {
  /** A value above this edge is an event in the control arm. */
  readonly control: number;
  /** The same in the treatment arm: the control's edge, moved by the margin to the next edge that grants it in full. */
  readonly treatment: number;
  /** Baseline values above the control's edge. */
  readonly history: ProportionArm;
}

/** Levels of the baseline whose nearest bucket edges are watched (docs/statistics.md F6). */
const LEVELS: readonly number[] = [0.5, 0.75, 0.9, 0.95, 0.99];

/**
 * Thresholds of the exceedance monitor, fixed before the deploy (docs/statistics.md F6): the bucket edges at which the
 * baseline's share is nearest to 50, 75, 90, 95 and 99%. Edges with nothing below or above them are left out, and an
 * edge that is nearest to two levels is taken once.
 * @param margin >= 0: a fraction for `ratio`, the metric's unit for `difference`. The null is then "the treatment,
 *               taken back by the margin, is not slower", tested exactly by giving the treatment a later edge
 * @returns      one to five, rising; empty when the histogram is broken or has no edge inside it, or no edge is late
 *               enough for the margin: such a metric cannot be monitored
 */
export function exceedanceThresholds(
  baseline: CumulativeHistogram,
  harm: HarmDirection,
  marginKind: MarginKind,
  margin: number,
): ExceedanceThreshold[] {
  if (!isHistogram(baseline) || (marginKind !== 'none' && !(margin >= 0 && Number.isFinite(margin)))) return [];
  const { upperEdges, cumulative, n } = baseline;
  const inside = upperEdges.flatMap((edge, i) => {
    const below = cumulative[i] ?? 0;
    return below > 0 && below < n ? [{ edge, below }] : [];
  });
  const nearest = LEVELS.flatMap((level) => {
    const [best] = inside.toSorted((left, right) => gap(left.below, level, n) - gap(right.below, level, n));
    return best === undefined ? [] : [best];
  });
  return [...new Set(nearest)].flatMap(({ edge, below }) => {
    const treatment = moved(upperEdges, edge, harm, marginKind, margin);
    return treatment === null ? [] : [{ control: edge, treatment, history: { y: n - below, n } }];
  });
}

/** Whether edges rise strictly and cumulative counts never fall and end within n. */
export function isHistogram({ upperEdges, cumulative, n }: CumulativeHistogram): boolean {
  return (
    isCount(n) &&
    upperEdges.length > 0 &&
    upperEdges.length === cumulative.length &&
    upperEdges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > (upperEdges[i - 1] ?? Number.NaN))) &&
    cumulative.every((count, i) => isCount(count) && count <= n && (i === 0 || count >= (cumulative[i - 1] ?? 0)))
  );
}

function gap(below: number, level: number, n: number): number {
  return Math.abs(below / n - level);
}

/** The margin is granted in full: rounded away from harm to an edge, null when there is none that far out. */
function moved(
  edges: readonly number[],
  edge: number,
  harm: HarmDirection,
  marginKind: MarginKind,
  margin: number,
): number | null {
  if (marginKind === 'none') return edge;
  const sign = harm === 'increase' ? 1 : -1;
  const wanted = marginKind === 'ratio' ? edge * (1 + sign * margin) : edge + sign * margin;
  const found = harm === 'increase' ? edges.find((one) => one >= wanted) : edges.findLast((one) => one <= wanted);
  return found ?? null;
}
