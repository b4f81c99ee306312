import { MINUTES_PER_WEEK } from './stream.ts';

/** Traffic and harm of one comparison; rates are of bad events. */
export interface Setting {
  readonly name: string;
  readonly what: string;
  /** Arrivals of both arms per minute. */
  readonly perMinute: number;
  /** Treatment's share of the arrivals. */
  readonly share: number;
  readonly pA: number;
  readonly pB: number;
  /** Largest score that the monitor may have with all its weight at the deploy; null where nobody can decide. */
  readonly target: number | null;
}

/** What the onset mixture may add to a score. */
export const ONSET_ALLOWANCE = 0.3;

export const SETTINGS: readonly Setting[] = [
  ['S1', '1% to 2%, 100 a minute', 100, 0.5, 0.01, 0.02, 1.5],
  ['S2', '0.1% to 0.2%, 1,000 a minute', 1000, 0.5, 0.001, 0.002, 1.5],
  ['S3', '1% to 1.1%, 10,000 a minute', 10_000, 0.5, 0.01, 0.011, 1.8],
  ['S4', '5% to 50%, 10 a minute', 10, 0.5, 0.05, 0.5, 2.3],
  ['S5', '5% to 15%, 6 an hour', 0.1, 0.5, 0.05, 0.15, 1.65],
  ['S6', '0.5% to 1%, 1,000 a minute, 5% canary', 1000, 0.05, 0.005, 0.01, 1.6],
  ['S7', '40% to 60%, 60 a week', 60 / MINUTES_PER_WEEK, 0.5, 0.4, 0.6, null],
  ['S8', '2% to 99.9%, 5 a minute, 10% canary', 5, 0.1, 0.02, 0.999, 3.8],
].map(
  ([name, what, perMinute, share, pA, pB, target]) => ({ name, what, perMinute, share, pA, pB, target }) as Setting,
);

/** How a week differs from a calm one with harm from its first minute. */
export interface Course {
  /** Traffic of a minute, as a multiple of the setting's. */
  readonly traffic?: (minute: number) => number;
  /** Both arms' rates in a minute, as a multiple of the setting's. */
  readonly rate?: (minute: number) => number;
  /** Treatment's share of a minute, instead of the setting's. */
  readonly share?: (minute: number) => number;
  /** First minute with harm; none in an A/A week. */
  readonly onset: number | null;
}

const DAY = 24 * 60;
const daily = (minute: number) => Math.sin((2 * Math.PI * minute) / DAY);
const ramp = (minute: number) => (minute < DAY ? 0.05 : minute < 3 * DAY ? 0.25 : 0.5);
const doubling = (minute: number) => 1 + minute / MINUTES_PER_WEEK;

/** Weeks in which nothing differs between the arms, yet much happens. */
export const RESTLESS: Readonly<Record<string, Omit<Course, 'onset'>>> = {
  'diurnal traffic and rate': {
    traffic: (minute) => 1 + 0.8 * daily(minute),
    rate: (minute) => 1 + 0.5 * daily(minute),
  },
  'shared incident, 10 times the rate for an hour': {
    rate: (minute) => (minute >= 2 * DAY && minute < 2 * DAY + 60 ? 10 : 1),
  },
  'ramp 5-25-50%, baseline drifts up to double': { share: ramp, rate: doubling },
  'ramp 5-25-50%, baseline drifts down to half': { share: ramp, rate: (minute) => 1 / doubling(minute) },
};
