import { normalQuantile, normalSf } from './distributions.ts';
import { isProbabilityLevel } from './estimate.ts';

/** A plan of looks: when, and how much error each may have spent. */
export interface SpendingPlan {
  /** Share of the planned information at each look so far, rising, in (0, 1]. */
  readonly fractions: readonly number[];
  readonly alpha: number;
  readonly sides: 1 | 2;
  /** Error spent by fraction t is alpha t^power. */
  readonly power: number;
}

/** Bounds are cut here, where the tail is 6e-16, so that the density stays on a finite grid. */
const LARGEST_Z = 8;
/** Simpson intervals per look: known bounds come out to 5e-5. */
const INTERVALS = 200;
/** A look that adds less information than this is not taken: it would spend next to nothing, on too coarse a grid. */
const LEAST_STEP = 0.01;

/** Bisection of z in [-8, 8] down to 1e-9. */
const HALVINGS = 34;

/** Density of the statistic among the runs that have not crossed yet, on an even grid of Z sqrt(t). */
interface Density {
  readonly from: number;
  readonly step: number;
  readonly values: readonly number[];
  readonly t: number;
}

/**
 * Bounds on z at which a group-sequential test stops, by alpha spending (docs/statistics.md K, tiny traffic). A bound
 * depends on the looks up to its own only, so looks may come when they come.
 * @returns one z a look; Infinity for a look that adds less than 1% of the planned information, which then spends
 *          nothing; empty for a broken plan
 * @see     Lan and DeMets 1983, computed by the recursion of Armitage, McPherson and Rowe 1969; checked against
 *          spotify-confidence
 */
export function lanDemetsBounds({ fractions, alpha, sides, power }: SpendingPlan): number[] {
  const isPlan =
    isProbabilityLevel(alpha) &&
    power > 0 &&
    fractions.every((t, i) => t > 0 && t <= 1 && t >= (fractions[i - 1] ?? 0));
  if (!isPlan) return [];
  const bounds: number[] = [];
  let density: Density | null = null;
  let spent = 0;
  for (const t of fractions) {
    const due = (alpha * t ** power) / sides;
    if (density !== null && t - density.t < LEAST_STEP) {
      bounds.push(Number.POSITIVE_INFINITY);
      continue;
    }
    const z = density === null ? firstBound(due) : nextBound(density, t, due - spent);
    bounds.push(z);
    density = survivors(density, t, sides === 2 ? -z : -LARGEST_Z, z);
    spent = due;
  }
  return bounds;
}

function firstBound(tail: number): number {
  return Math.min(LARGEST_Z, -normalQuantile(tail));
}

/** The z that the survivors cross with probability `tail` at the next look, by bisection. */
function nextBound(density: Density, t: number, tail: number): number {
  let [low, high] = [-LARGEST_Z, LARGEST_Z];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (crossing(density, t, middle) > tail) low = middle;
    else high = middle;
  }
  return high;
}

/** P(no bound crossed before, Z > z at information t): an integral over the density at the look before. */
function crossing({ from, step, values, t: before }: Density, t: number, z: number): number {
  const sd = Math.sqrt(t - before);
  const edge = z * Math.sqrt(t);
  return simpson(values.length, step, (i) => (values[i] ?? 0) * normalSf((edge - (from + i * step)) / sd));
}

/** Density of Z sqrt(t) at this look among runs inside (lowZ, highZ). */
function survivors(density: Density | null, t: number, lowZ: number, highZ: number): Density {
  const root = Math.sqrt(t);
  const from = lowZ * root;
  const step = ((highZ - lowZ) * root) / INTERVALS;
  const values = Array.from({ length: INTERVALS + 1 }, (_, i) => {
    const x = from + i * step;
    if (density === null) return normalDensity(x / root) / root;
    const sd = Math.sqrt(t - density.t);
    const { from: start, step: width, values: before } = density;
    return simpson(before.length, width, (j) => ((before[j] ?? 0) * normalDensity((x - start - j * width) / sd)) / sd);
  });
  return { from, step, values, t };
}

function simpson(points: number, step: number, value: (i: number) => number): number {
  let sum = value(0) + value(points - 1);
  for (let i = 1; i < points - 1; i++) sum += (i % 2 === 1 ? 4 : 2) * value(i);
  return (sum * step) / 3;
}

function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}
