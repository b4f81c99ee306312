import type { Measure } from '../../contract/kpi-measure.ts';
import { addTallies, NO_TALLY, type Tally } from '../model/tally.ts';
import { type EpochMinute, type EpochMs, HOUR_MINUTES, hourOfWeek, MINUTE_MS, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { isCount } from '../statistics/estimate.ts';
import { mergeLogHistograms } from '../statistics/log-histogram.ts';

/** Weeks that are kept: a change without a control group is compared with as many (docs/statistics.md section L). */
const MOST_WEEKS = 12;
/** Older weeks say little about the next one. */
const BASELINE_WEEKS = 8;
/** The season is read from the newest weeks only (docs/statistics.md N1). */
const SEASON_WEEKS = 4;
const HOURS_PER_WEEK = 168;
/** A KPI whose first event came this late into a span was there for the whole span: quiet shops start their day late. */
const FIRST_EVENT_SLACK_HOURS = 24;
/** Under this many trials an hour the median of four counts is biased towards 0, so the mean is taken. */
const MEDIAN_WORKS_FROM = 10;
/** Fewer hours with exposure say too little about how counts spread (docs/statistics.md E3). */
const FEWEST_HOURS = 20;
/** Nothing is awaited longer than this. */
const LONGEST_WAIT_MINUTES = 2 * WEEK_MINUTES;

/** One hour (hours since 1970) of a KPI's own past. */
export type HourTally = Tally & { readonly hour: number };

/**
 * Summarises a KPI's past in complete spans of 168 h counted back from the last full hour before `now`, so that every
 * span holds each hour of the week once (docs/statistics.md N1). The oldest span counts only if the KPI was there by
 * then.
 * @param type          of the KPI: for a rate the history also tells how its counts spread
 * @param hours         hours with trials, in any order; those before the spans are used only to date the first event
 * @param withinMinutes time in which an outcome may still come: younger trials are left out
 * @returns             no weeks and no hours of the week when there is no complete span
 */
export function makeKpiHistory(input: {
  readonly kpiId: string;
  readonly type?: Measure['type'];
  readonly withinMinutes: number;
  readonly hours: readonly HourTally[];
  readonly now: EpochMs;
}): KpiHistory {
  const { kpiId, withinMinutes, hours } = input;
  const endHour = Math.floor((Math.floor(input.now / MINUTE_MS) - withinMinutes) / HOUR_MINUTES);
  const firstHour = hours.reduce((first, { hour, n }) => (n > 0 ? Math.min(first, hour) : first), endHour);
  const complete = Math.floor((endHour - firstHour + FIRST_EVENT_SLACK_HOURS) / HOURS_PER_WEEK);
  const count = firstHour >= endHour ? 0 : Math.min(MOST_WEEKS, complete);
  if (count <= 0) return { kpiId, weeks: [], hourOfWeek: [] };
  const spans = Array.from({ length: count }, (_, i) => endHour - (count - i) * HOURS_PER_WEEK);
  const weeks = spans.map((start) => ({
    firstMinute: start * HOUR_MINUTES,
    total: sumOf(hours.filter(({ hour }) => hour >= start && hour < start + HOURS_PER_WEEK)),
  }));
  const recent = hours.filter(
    ({ hour }) => hour >= endHour - Math.min(count, BASELINE_WEEKS) * HOURS_PER_WEEK && hour < endHour,
  );
  return {
    kpiId,
    weeks,
    hourOfWeek: seasonOf(hours, endHour, Math.min(count, SEASON_WEEKS)),
    ...(input.type === 'rate' && { dispersion: dispersionOf(recent) }),
  };
}

/** The trials of the newest eight weeks of a history with their outcomes; null without any. */
export function historyTotal(history: KpiHistory): Tally | null {
  const total = sumOf(history.weeks.slice(-BASELINE_WEEKS).map((week) => week.total));
  return total.n > 0 ? total : null;
}

/**
 * Trials that the history expects in [from, to), of the KPI's whole traffic.
 * @returns null without history
 */
export function expectedTrials(history: KpiHistory, from: EpochMinute, to: EpochMinute): number | null {
  if (history.hourOfWeek.length !== HOURS_PER_WEEK) return null;
  let expected = 0;
  for (let minute = from; minute < to; ) {
    const next = Math.min(to, nextHour(minute));
    expected += perMinute(history, minute) * (next - minute);
    minute = next;
  }
  return expected;
}

/**
 * The minute by which the history expects `trials` after `from`; at most two weeks later.
 * @returns null without history or when it expects nothing at all
 */
export function minuteOfExpected(history: KpiHistory, from: EpochMinute, trials: number): EpochMinute | null {
  const perWeek = expectedTrials(history, 0, WEEK_MINUTES);
  if (perWeek === null || !(perWeek > 0)) return null;
  let left = trials;
  const last = from + LONGEST_WAIT_MINUTES;
  for (let minute = from; minute < last; minute = nextHour(minute)) {
    const rate = perMinute(history, minute);
    const here = rate * (nextHour(minute) - minute);
    if (here >= left) return Math.min(last, minute + Math.ceil(left / rate));
    left -= here;
  }
  return last;
}

/** Histograms are merged once, not pair by pair. */
function sumOf(tallies: readonly Tally[]): Tally {
  const total = tallies.reduce<Tally>(
    (sum, { n, y, sums }) => addTallies(sum, { n, y, ...(sums && { sums }) }),
    NO_TALLY,
  );
  const histograms = tallies.flatMap(({ histogram }) => (histogram ? [histogram] : []));
  return histograms.length === 0 ? total : { ...total, histogram: mergeLogHistograms(histograms) };
}

/**
 * Variance over mean of a rate's counts, given each hour's exposure (docs/statistics.md E3): Pearson's chi-square over
 * its degrees of freedom, at least 1. Events of an hour without exposure belong to the next hour with some.
 * @returns null for under 20 hours, no event, or broken counts
 */
function dispersionOf(hours: readonly HourTally[]): number | null {
  const { n, y } = sumOf(hours);
  if (!hours.every((one) => isCount(one.n) && isCount(one.y)) || n === 0 || y === 0) return null;
  let [chiSquare, blocks, waiting] = [0, 0, 0];
  for (const one of hours.toSorted((left, right) => left.hour - right.hour)) {
    waiting += one.y;
    if (one.n === 0) continue;
    const expected = (one.n * y) / n;
    chiSquare += (waiting - expected) ** 2 / expected;
    blocks += 1;
    waiting = 0;
  }
  return blocks < FEWEST_HOURS ? null : Math.max(1, chiSquare / (blocks - 1));
}

function perMinute(history: KpiHistory, minute: EpochMinute): number {
  return (history.hourOfWeek[hourOfWeek(minute)] ?? 0) / HOUR_MINUTES;
}

function nextHour(minute: EpochMinute): EpochMinute {
  return (Math.floor(minute / HOUR_MINUTES) + 1) * HOUR_MINUTES;
}

/** Typical trials by hour of the week, scaled so that a week sums to the median week. */
function seasonOf(hours: readonly HourTally[], endHour: number, weeks: number): readonly number[] {
  const byHour = new Map<number, number>();
  for (const { hour, n } of hours) byHour.set(hour, (byHour.get(hour) ?? 0) + n);
  const start = endHour - weeks * HOURS_PER_WEEK;
  const perSlot: number[][] = Array.from({ length: HOURS_PER_WEEK }, () => []);
  const perWeek = Array.from({ length: weeks }, () => 0);
  for (let hour = start; hour < endHour; hour++) {
    const n = byHour.get(hour) ?? 0;
    perSlot[hourOfWeek(hour * HOUR_MINUTES)]?.push(n);
    const week = Math.floor((hour - start) / HOURS_PER_WEEK);
    perWeek[week] = (perWeek[week] ?? 0) + n;
  }
  const busy = median(perWeek) >= MEDIAN_WORKS_FROM * HOURS_PER_WEEK;
  const shape = perSlot.map((counts) => (busy ? median(counts) : mean(counts)));
  const sum = shape.reduce((total, n) => total + n, 0);
  const target = busy ? median(perWeek) : mean(perWeek);
  return sum > 0 ? shape.map((n) => (n * target) / sum) : shape;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;
}
