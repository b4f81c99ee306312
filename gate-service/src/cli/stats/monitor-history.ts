import type { ProportionArm } from '../../domain/statistics/estimate.ts';

/** History weighs at most this many units (docs/statistics.md K2). */
const LARGEST_HISTORY = 1000;
const WHOLE = 1e-6;

/** A history given as rate and size, where it is a whole number of events, as it always is in the product. */
export function historyOf(theta: number | null, n: number | null): ProportionArm | null {
  if (theta === null || n === null || n === 0) return null;
  const events = Math.round(theta * n);
  return Math.abs(events - theta * n) <= WHOLE ? { y: events, n } : null;
}

/**
 * What the monitor has already seen of the control when it starts: nothing, except that a history without a whole number
 * of events is given here, where it weighs exactly the same. In bad events, as the monitor counts.
 */
export function pastOf(theta: number | null, n: number | null, harm: 'increase' | 'decrease'): ProportionArm {
  if (theta === null || n === null || n === 0 || historyOf(theta, n) !== null) return { y: 0, n: 0 };
  const weight = Math.min(n, LARGEST_HISTORY);
  return { y: weight * (harm === 'increase' ? theta : 1 - theta), n: weight };
}
