import { DAY_MINUTES, type EpochMinute, HOUR_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { expectedTrials } from './history.ts';

/**
 * A bucket in which nothing came is telling only where this many trials were expected (docs/statistics.md section Q).
 */
export const TELLING_TRIALS = 10;

/** How much of the window the data speaks for. Without an answer `share` is null. */
export interface Coverage {
  /** Expected trials (or whole days) in buckets with data, over all of them; in [0, 1]. */
  readonly share: number | null;
  readonly buckets: number;
  readonly missing: number;
  readonly basis: 'history' | 'days';
}

export interface CoverageInput {
  readonly history: KpiHistory;
  readonly from: EpochMinute;
  readonly to: EpochMinute;
  readonly activeHours: readonly { readonly hour: number; readonly n: number }[];
  readonly heartbeatHours: readonly number[];
}

interface Bucket {
  readonly hours: readonly number[];
  readonly expected: number;
}

/**
 * The part of a KPI's traffic that a change sees: its trials over those its KPI's history expects, at most 1. Unknown
 * (no history, or nothing expected) counts as all of it.
 */
export function eligibleShare(trials: number, expected: number | null): number {
  if (expected === null || !(expected > 0) || !Number.isFinite(trials)) return 1;
  return Math.min(1, Math.max(0, trials / expected));
}

/**
 * Coverage of one KPI over the window (docs/statistics.md section Q): consecutive buckets, each the shortest run of
 * whole hours in which the change should see 10 trials, whole days at most; a bucket without a trial in either arm is
 * missing, unless its source reported itself alive in every hour of it. The history's expectation is scaled by the
 * eligible share, so a change on a small part of the traffic is not held to all of it.
 * @returns share null when the window is empty or the data is not finite; without history buckets are whole days
 */
export function coverageOf(input: CoverageInput): Coverage {
  const { from, to, history } = input;
  const active = new Set(input.activeHours.filter(({ n }) => n > 0).map(({ hour }) => hour));
  const alive = new Set(input.heartbeatHours);
  const trials = input.activeHours.reduce((sum, { n }) => sum + n, 0);
  const expected = expectedTrials(history, from, to);
  const known = expected !== null && expected > 0;
  const basis = known ? 'history' : 'days';
  if (!(to > from) || !Number.isFinite(trials) || Number.isNaN(expected))
    return { share: null, buckets: 0, missing: 0, basis };
  if (trials <= 0) return { share: 0, buckets: 1, missing: 1, basis };
  const buckets = known ? bucketsByHistory(input, eligibleShare(trials, expected)) : bucketsByDay(from, to);
  const present = buckets.filter(
    ({ hours }) => hours.some((hour) => active.has(hour)) || hours.every((hour) => alive.has(hour)),
  );
  const total = sumExpected(buckets);
  const share = total > 0 ? sumExpected(present) / total : null;
  return { share, buckets: buckets.length, missing: buckets.length - present.length, basis };
}

/** What is left over at the end, too short to be telling, belongs to the bucket before it. */
function bucketsByHistory({ history, from, to }: CoverageInput, share: number): readonly Bucket[] {
  const buckets: Bucket[] = [];
  let open: { hours: number[]; expected: number } = { hours: [], expected: 0 };
  for (const [start, end] of hoursOf(from, to)) {
    open.hours.push(Math.floor(start / HOUR_MINUTES));
    open.expected += (expectedTrials(history, start, end) ?? 0) * share;
    if (open.expected < TELLING_TRIALS && open.hours.length * HOUR_MINUTES < DAY_MINUTES) continue;
    buckets.push(open);
    open = { hours: [], expected: 0 };
  }
  const last = buckets.at(-1);
  if (open.hours.length === 0) return buckets;
  if (last === undefined) return [open];
  return [...buckets.slice(0, -1), { hours: [...last.hours, ...open.hours], expected: last.expected + open.expected }];
}

/** Whole days from the window's start; each counts the same, a broken last one by its length. */
function bucketsByDay(from: EpochMinute, to: EpochMinute): readonly Bucket[] {
  const days = Math.ceil((to - from) / DAY_MINUTES);
  return Array.from({ length: days }, (_, day) => {
    const start = from + day * DAY_MINUTES;
    const end = Math.min(to, start + DAY_MINUTES);
    return {
      hours: hoursOf(start, end).map(([minute]) => Math.floor(minute / HOUR_MINUTES)),
      expected: (end - start) / DAY_MINUTES,
    };
  });
}

/** The clock hours that [from, to) touches, cut to it. */
function hoursOf(from: EpochMinute, to: EpochMinute): readonly (readonly [EpochMinute, EpochMinute])[] {
  const spans: (readonly [EpochMinute, EpochMinute])[] = [];
  for (let start = from; start < to; ) {
    const end = Math.min(to, (Math.floor(start / HOUR_MINUTES) + 1) * HOUR_MINUTES);
    spans.push([start, end]);
    start = end;
  }
  return spans;
}

function sumExpected(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { expected }) => sum + expected, 0);
}
