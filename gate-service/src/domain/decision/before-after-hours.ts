import type { Measure } from '../../contract/kpi-measure.ts';
import type { Tally } from '../model/tally.ts';
import { type EpochMinute, HOUR_MINUTES } from '../model/time.ts';
import { logBucket } from '../statistics/log-histogram.ts';
import { type ExcludedDays, isExcluded } from './before-after-design.ts';
import type { HourTally } from './history.ts';
import { slowerThan } from './metric-monitor.ts';

/** What may be harm in one hour, of how much: errors of requests, amounts of units, slow ones of all. */
export interface HourCounts {
  readonly events: number;
  readonly exposure: number;
}

const HOURS_PER_WEEK = 168;
const EARLIER_WEEKS = 4;
const MOST_WEEKS = 12;
const NONE: HourCounts = { events: 0, exposure: 0 };

/** A KPI's hours in a row: those before the window, and those of the window so far. */
export interface OwnHours {
  readonly before: readonly HourCounts[];
  readonly after: readonly HourCounts[];
  /** Hour (since 1970) of the first of `after`. */
  readonly firstHour: number;
}

/**
 * A KPI's own hours around the start of the window. The hour in which the window starts, excluded days and hours without
 * trials have no exposure: they say nothing.
 * @param slowEdge of a quantile, in ms: what is slower is an event; see slowEdgeOf
 * @param until    first hour (since 1970) whose outcomes are not complete
 */
export function ownHours(input: {
  readonly measure: Measure;
  readonly hours: readonly HourTally[];
  readonly windowStart: EpochMinute;
  readonly until: number;
  readonly excluded: readonly ExcludedDays[];
  readonly slowEdge: number | null;
}): OwnHours {
  const { measure, hours, windowStart, until, excluded, slowEdge } = input;
  const firstHour = Math.ceil(windowStart / HOUR_MINUTES);
  const known = hours.filter(({ n }) => n > 0).map(({ hour }) => hour);
  const oldest = Math.max(firstHour - MOST_WEEKS * HOURS_PER_WEEK, Math.min(firstHour, ...known));
  const byHour = new Map(hours.map((one) => [one.hour, one]));
  const startsInside = Math.floor(windowStart / HOUR_MINUTES);
  const countsOf = (hour: number): HourCounts => {
    const tally = byHour.get(hour);
    const isBroken = hour === startsInside && startsInside < firstHour;
    const minute = hour * HOUR_MINUTES;
    if (!tally || isBroken || isExcluded(excluded, minute, minute + HOUR_MINUTES)) return NONE;
    return harmCounts(measure, tally, slowEdge);
  };
  const span = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, i) => countsOf(from + i));
  return { before: span(oldest, firstHour), after: span(firstHour, until), firstHour };
}

/**
 * The rate of an hour's same hours in the four weeks before it.
 * @returns sums over those that are there; no exposure when none is
 */
export function sameHoursBefore(hours: readonly HourCounts[], index: number): HourCounts {
  let [events, exposure] = [0, 0];
  for (let week = 1; week <= EARLIER_WEEKS; week++) {
    const earlier = hours[index - week * HOURS_PER_WEEK] ?? NONE;
    events += earlier.events;
    exposure += earlier.exposure;
  }
  return { events, exposure };
}

/**
 * Hours as if each had the traffic that is usual at its hour of the week, so that more or fewer visitors are no harm. An
 * hour without exposure gets what is expected of it: it neither alarms nor reassures.
 * @returns totals in events, oldest first; NaN where nothing is known of that hour of the week
 */
export function standardised({ before, after }: Pick<OwnHours, 'before' | 'after'>): {
  readonly before: readonly number[];
  readonly after: readonly number[];
} {
  const all = [...before, ...after];
  const totals: number[] = [];
  all.forEach(({ events, exposure }, index) => {
    const usual = usualExposure(before, index);
    const earlier = [1, 2, 3, 4].map((week) => totals[index - week * HOURS_PER_WEEK] ?? Number.NaN);
    const there = earlier.filter((total) => !Number.isNaN(total));
    const expected = there.reduce((sum, total) => sum + total, 0) / there.length;
    totals.push(exposure > 0 && usual > 0 ? (events / exposure) * usual : usual === 0 ? 0 : expected);
  });
  return { before: totals.slice(0, before.length), after: totals.slice(before.length) };
}

/** Mean exposure of an hour of the week over the last four weeks before the window; 0 when there was none. */
function usualExposure(before: readonly HourCounts[], index: number): number {
  const offset = (((index - before.length) % HOURS_PER_WEEK) + HOURS_PER_WEEK) % HOURS_PER_WEEK;
  return sameHoursBefore(before, before.length + offset).exposure / EARLIER_WEEKS;
}

function harmCounts(measure: Measure, { n, y, sums, histogram }: Tally, slowEdge: number | null): HourCounts {
  switch (measure.type) {
    case 'proportion':
    case 'mean':
    case 'rate':
    case 'gauge':
      return isUsable(y, n) ? { events: y, exposure: n } : NONE;
    case 'ratio':
      return sums && isUsable(y, sums.d) ? { events: y, exposure: sums.d } : NONE;
    case 'quantile':
      return slowEdge === null || !histogram
        ? NONE
        : { events: slowerThan(histogram, logBucket(slowEdge)), exposure: n };
    default:
      return measure satisfies never;
  }
}

function isUsable(events: number, exposure: number): boolean {
  return events >= 0 && Number.isFinite(events) && exposure > 0 && Number.isFinite(exposure);
}
