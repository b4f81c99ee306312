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

/** Runs that have not crossed yet, on an even grid of Z sqrt(t): their density times the weights of Simpson's rule. */
interface Survivors {
  readonly from: number;
  readonly step: number;
  readonly masses: readonly number[];
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
  let survivors: Survivors | null = null;
  let last: { readonly t: number; readonly z: number } | null = null;
  for (const t of fractions) {
    if (last !== null && t - last.t < LEAST_STEP) {
      bounds.push(Number.POSITIVE_INFINITY);
      continue;
    }
    const due = (alpha * t ** power) / sides;
    if (last !== null) survivors = surviving(survivors, last.t, sides === 2 ? -last.z : -LARGEST_Z, last.z);
    const spent = last === null ? 0 : (alpha * last.t ** power) / sides;
    const z: number = survivors === null ? firstBound(due) : nextBound(survivors, t, due - spent);
    bounds.push(z);
    last = { t, z };
  }
  return bounds;
}

function firstBound(tail: number): number {
  return Math.min(LARGEST_Z, -normalQuantile(tail));
}

/** The z that the survivors cross with probability `tail` at the next look, by bisection. */
function nextBound(survivors: Survivors, t: number, tail: number): number {
  let [low, high] = [-LARGEST_Z, LARGEST_Z];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (crossing(survivors, t, middle) > tail) low = middle;
    else high = middle;
  }
  return high;
}

/** P(no bound crossed before, Z > z at information t): an integral over the density at the look before. */
function crossing({ from, step, masses, t: before }: Survivors, t: number, z: number): number {
  const sd = Math.sqrt(t - before);
  const edge = z * Math.sqrt(t);
  let sum = 0;
  masses.forEach((mass, i) => {
    const u = (edge - from - i * step) / sd;
    if (u < LARGEST_Z) sum += mass * normalSf(u);
  });
  return sum;
}

/** Who is inside (lowZ, highZ) at information t, among those who were inside before. */
function surviving(before: Survivors | null, t: number, lowZ: number, highZ: number): Survivors {
  const root = Math.sqrt(t);
  const from = lowZ * root;
  const step = ((highZ - lowZ) * root) / INTERVALS;
  const masses = Array.from({ length: INTERVALS + 1 }, (_, i) => {
    const x = from + i * step;
    return simpsonWeight(i) * step * (before === null ? normalDensity(x / root) / root : densityAt(x, before, t));
  });
  return { from, step, masses, t };
}

function densityAt(x: number, { from, step, masses, t: before }: Survivors, t: number): number {
  const sd = Math.sqrt(t - before);
  let sum = 0;
  masses.forEach((mass, j) => {
    const u = (x - from - j * step) / sd;
    if (Math.abs(u) < LARGEST_Z) sum += mass * normalDensity(u);
  });
  return sum / sd;
}

function simpsonWeight(i: number): number {
  if (i === 0 || i === INTERVALS) return 1 / 3;
  return i % 2 === 1 ? 4 / 3 : 2 / 3;
}

function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}
