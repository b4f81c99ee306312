import { isCount, isProbabilityLevel } from './estimate.ts';

/** Below these the display shows no band: the normal approximation says nothing yet (docs/statistics.md K12). */
const FEWEST_UNITS = 100;
const FEWEST_EVENTS_PER_ARM = 10;

/** An estimate's variance and how it is to be read. */
export interface AsymptoticBandInput {
  /** V: variance of the estimate, > 0. */
  readonly variance: number;
  /** N: units of both arms so far, > 0. */
  readonly n: number;
  /** N*: units at which the band is narrowest; those expected in the first 24 hours. */
  readonly tuningN: number;
  readonly alpha: number;
  readonly sides: 1 | 2;
}

/**
 * Half-width of the asymptotic confidence sequence, a band that is shown during the window and holds at all its times
 * together, for large samples (docs/statistics.md K12). For display only: on skewed values peeked at early it is wrong
 * far more often than alpha says, so nothing is decided on it.
 * @returns > 0, in the unit of the estimate; NaN for broken input
 * @see     Waudby-Smith et al. 2021, equation 9; checked against gbstats
 */
export function asymptoticHalfWidth({ variance, n, tuningN, alpha, sides }: AsymptoticBandInput): number {
  const isUsable = [variance, n, tuningN].every((value) => value > 0 && Number.isFinite(value));
  if (!isUsable || !isProbabilityLevel(sides * alpha) || !isProbabilityLevel(alpha)) return Number.NaN;
  const logTuned = -2 * Math.log(sides === 2 ? alpha : 2 * alpha);
  const rho = Math.sqrt((logTuned + Math.log(logTuned + 1)) / tuningN);
  const x = n * rho ** 2 + 1;
  const log = sides === 2 ? Math.log(Math.sqrt(x) / alpha) : Math.log1p(Math.sqrt(x) / (2 * alpha));
  return Math.sqrt(variance * n) * Math.sqrt((2 * x * log) / (n * rho) ** 2);
}

/** Whether there is enough to show a band: 100 units, and 10 events in each arm (docs/statistics.md K12). */
export function isBandShown(units: number, eventsA: number, eventsB: number): boolean {
  const areCounts = [units, eventsA, eventsB].every(isCount);
  return areCounts && units >= FEWEST_UNITS && Math.min(eventsA, eventsB) >= FEWEST_EVENTS_PER_ARM;
}
