import type { Effect } from '../../contract/effect.ts';
import type { Measure } from '../../contract/kpi-measure.ts';
import { addTallies, NO_TALLY, type Tally } from '../model/tally.ts';
import { DAY_MINUTES, type EpochMinute, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { type ExcludedDays, isExcluded } from './before-after-design.ts';
import { levelOf } from './metric-levels.ts';
import { isSoundTally } from './sound-tally.ts';

/** A KPI's own trials in 168 h. */
export type WeekSpan = KpiHistory['weeks'][number];

/** Older weeks say little about the next (docs/statistics.md L1). */
const MOST_WEEKS = 12;
const DAYS_PER_WEEK = 7;

/** The weeks that are a guide to the next: with trials, and without an excluded day (docs/statistics.md L1). */
export function usableWeeks(weeks: readonly WeekSpan[], excluded: readonly ExcludedDays[]): readonly WeekSpan[] {
  return weeks
    .filter(({ firstMinute, total }) => total.n > 0 && !isExcluded(excluded, firstMinute, firstMinute + WEEK_MINUTES))
    .slice(-MOST_WEEKS);
}

/**
 * Weeks made of days, the last one ending `skipped` days before the end.
 * @param days by day, oldest first, the last one ending at `end`
 * @returns    oldest first; days that do not fill a week are left out
 */
export function weeksOfDays(days: readonly Tally[], end: EpochMinute, skipped: number): readonly WeekSpan[] {
  const last = days.length - skipped;
  const count = Math.max(0, Math.floor(last / DAYS_PER_WEEK));
  return Array.from({ length: count }, (_, i) => {
    const first = last - (count - i) * DAYS_PER_WEEK;
    return {
      firstMinute: end - (days.length - first) * DAY_MINUTES,
      total: days.slice(first, first + DAYS_PER_WEEK).reduce<Tally>(addTallies, NO_TALLY),
    };
  });
}

/**
 * A week on the scale on which weeks are compared (docs/statistics.md L1): the logarithm of the level for relative
 * effects, the log odds of a share for absolute ones; half an event is added to counts, so that none is not minus
 * infinity.
 * @returns NaN when the week has no level, or one that has no logarithm
 */
export function weekValue(measure: Measure, scale: Effect['kind'], total: Tally): number {
  const { n, y } = total;
  if (!isSoundTally(measure, total) || !(n > 0)) return Number.NaN;
  if (scale === 'absolute') {
    return measure.type === 'proportion' ? Math.log((y + 0.5) / (n - y + 0.5)) : Number.NaN;
  }
  switch (measure.type) {
    case 'proportion':
      return Math.log((y + 0.5) / (n + 1));
    case 'rate':
      return Math.log((y + 0.5) / n);
    case 'mean':
    case 'ratio':
    case 'quantile':
    case 'gauge':
      return logOrNone(levelOf({ measure }, total));
    default:
      return measure satisfies never;
  }
}

function logOrNone(level: number | null): number {
  return level !== null && level > 0 ? Math.log(level) : Number.NaN;
}
