import type { EstimateStatus } from './estimate.ts';

/** One day of a metric for everybody: n units (or exposure) and the sum of what is averaged over them, or counted. */
export interface DayTotal {
  readonly n: number;
  readonly sum: number;
  /** A holiday or an incident that makes the day no guide to others; null on ordinary days. */
  readonly excluded: string | null;
}

/** `mean`: sum / n. `rate`: the same, of events, 0 <= sum <= n. `count`: the sum alone. */
export type WeeklyKind = 'mean' | 'rate' | 'count';

/** On which scale weeks are compared: small rates by their odds, counts by their logarithm. */
export type WeeklyScale = 'identity' | 'logit' | 'log_count';

/** Weekly values before the deploy and the week after it, on one scale. */
export interface WeeklyHistory {
  /** `insufficient`: the week after is incomplete; too few weeks before is for the test to say. */
  readonly status: Extract<EstimateStatus, 'ok' | 'insufficient' | 'invalid'>;
  readonly scale: WeeklyScale;
  /** Usable complete weeks, oldest first. */
  readonly weeks: readonly number[];
  readonly post: number;
  /** Weeks left out, as weeks before the deploy (1 is the last), with the reason or `missing`. */
  readonly excluded: readonly { readonly weeksBefore: number; readonly reason: string }[];
  /** Why the week after is no ordinary one: a data-quality warning, inconclusive without a comparison series. */
  readonly postFlag: string | null;
}

const DAYS = 7;
/** Older weeks say little about the next (docs/statistics.md L1). */
const MOST_WEEKS = 12;
/** Below this rate a change is judged on the odds. */
const SMALL_RATE = 0.05;

/**
 * Complete weeks that end at the deploy, and the seven days after it (docs/statistics.md L1). Whole weeks make the day
 * of the week cancel; weeks with a missing or an excluded day are left out.
 * @param before days up to the deploy, oldest first, null where missing; they start at the deploy's hour
 * @param after  the seven days from the deploy on
 */
export function weeklyHistory(
  before: readonly (DayTotal | null)[],
  after: readonly (DayTotal | null)[],
  kind: WeeklyKind,
): WeeklyHistory {
  const days = [...before, ...after].filter((day) => day !== null);
  const none = { scale: 'identity' as const, weeks: [], post: Number.NaN, excluded: [], postFlag: null };
  if (!days.every((day) => isDay(day, kind)) || after.length > DAYS) return { status: 'invalid', ...none };
  const usable: DayTotal[] = [];
  const excluded: { weeksBefore: number; reason: string }[] = [];
  for (let weeksBefore = 1; weeksBefore * DAYS <= before.length && usable.length < MOST_WEEKS; weeksBefore++) {
    const from = before.length - weeksBefore * DAYS;
    const week = totalOf(before.slice(from, from + DAYS), kind);
    if (week === null) excluded.push({ weeksBefore, reason: 'missing' });
    else if (week.excluded !== null) excluded.push({ weeksBefore, reason: week.excluded });
    else usable.unshift(week);
  }
  const post = totalOf(after, kind);
  const scale = scaleOf(usable, kind);
  const weeks = usable.map((week) => onScale(week, scale));
  if (post === null) return { status: 'insufficient', ...none, scale, weeks, excluded };
  return { status: 'ok', scale, weeks, post: onScale(post, scale), excluded, postFlag: post.excluded };
}

/**
 * A change on a weekly scale in the metric's own terms.
 * @param level where the change starts, on the scale: the predicted week
 * @returns     absolute difference, and relative change (0.05 is +5%), infinite or NaN from a level of 0
 */
export function changeFromScale(
  scale: WeeklyScale,
  level: number,
  change: number,
): { absolute: number; relative: number } {
  const [from, to] = [fromScale(scale, level), fromScale(scale, level + change)];
  return { absolute: to - from, relative: to / from - 1 };
}

function fromScale(scale: WeeklyScale, value: number): number {
  switch (scale) {
    case 'identity':
      return value;
    case 'logit':
      return 1 / (1 + Math.exp(-value));
    case 'log_count':
      return Math.exp(value);
    default:
      return scale satisfies never;
  }
}

function onScale({ n, sum }: DayTotal, scale: WeeklyScale): number {
  switch (scale) {
    case 'identity':
      return sum / n;
    case 'logit':
      return Math.log((sum + 0.5) / (n - sum + 0.5));
    case 'log_count':
      return Math.log(sum + 0.5);
    default:
      return scale satisfies never;
  }
}

function scaleOf(weeks: readonly DayTotal[], kind: WeeklyKind): WeeklyScale {
  if (kind !== 'rate') return kind === 'count' ? 'log_count' : 'identity';
  const [n, sum] = weeks.reduce(([units, events], week) => [units + week.n, events + week.sum], [0, 0]);
  return sum < SMALL_RATE * n ? 'logit' : 'identity';
}

/** Null unless all seven days are there, with a unit among them where there is something to divide. */
function totalOf(days: readonly (DayTotal | null)[], kind: WeeklyKind): DayTotal | null {
  const present = days.filter((day) => day !== null);
  if (present.length < DAYS) return null;
  const total = present.reduce((sum, day) => ({
    n: sum.n + day.n,
    sum: sum.sum + day.sum,
    excluded: sum.excluded ?? day.excluded,
  }));
  return kind !== 'count' && total.n === 0 ? null : total;
}

function isDay({ n, sum }: DayTotal, kind: WeeklyKind): boolean {
  const isNumber = Number.isFinite(n) && Number.isFinite(sum) && n >= 0;
  return isNumber && (kind === 'mean' || sum >= 0) && (kind !== 'rate' || sum <= n);
}
