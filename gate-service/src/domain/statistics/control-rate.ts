import type { ProportionArm } from './estimate.ts';

/** Rates stay this far from 0 and 1 so that no logarithm is infinite (docs/statistics.md K2). */
const SMALLEST_RATE = 1e-6;

/**
 * History counts for at most this many units, so that this week's control soon speaks louder (docs/statistics.md K2).
 */
const LARGEST_HISTORY_WEIGHT = 1000;

/** Clips a rate to [1e-6, 1 - 1e-6] (docs/statistics.md K2). */
export function clipRate(rate: number): number {
  return Math.min(1 - SMALLEST_RATE, Math.max(SMALLEST_RATE, rate));
}

/**
 * Predicted bad-event rate of the control arm for the next block (docs/statistics.md K2): from history and closed
 * blocks only, so it never depends on the data it is used on.
 * @param history bad events and units before the deploy, or null; weighs min(n, 1000) units
 * @param past    control's bad events and units of closed blocks
 * @returns       rate in [1e-6, 1 - 1e-6]; 0.5 when nothing is known
 */
export function predictControlRate(history: ProportionArm | null, past: ProportionArm): number {
  const weight = history === null ? 0 : Math.min(history.n, LARGEST_HISTORY_WEIGHT);
  const events = history === null || history.n === 0 ? 0 : (history.y / history.n) * weight;
  return clipRate((events + past.y + 0.5) / (weight + past.n + 1));
}
