import type { Phase } from '../model/change.ts';
import type { DailyWatch, MetricWatch, MinuteTally } from '../model/look.ts';
import type { TallyByVariant } from '../model/tally.ts';
import { DAY_MINUTES, type EpochMinute } from '../model/time.ts';
import { startDailyLooks, takeDailyLook } from '../statistics/daily-looks.ts';
import { nullLine } from '../statistics/null-line.ts';

/** Starts the daily looks of one metric with tiny traffic (docs/statistics.md K). */
export function startDailyWatch(alpha: number, plannedUnits: number): DailyWatch {
  return { alpha, plannedUnits, looks: startDailyLooks({ alpha, plannedUnits }), strata: [] };
}

/** Adds a minute to the units of its phase; nothing is looked at yet. */
export function addToDailyWatch(daily: DailyWatch, { off, on }: MinuteTally, { index }: Phase): DailyWatch {
  const known = daily.strata.find(({ phaseIndex }) => phaseIndex === index);
  const stratum = {
    phaseIndex: index,
    off: { n: (known?.off.n ?? 0) + off.n, y: (known?.off.y ?? 0) + off.y },
    on: { n: (known?.on.n ?? 0) + on.n, y: (known?.on.y ?? 0) + on.y },
  };
  return { ...daily, strata: [...daily.strata.filter((one) => one !== known), stratum] };
}

/**
 * Takes the look at the end of every whole day of the window that is over before `until` and was not looked at yet, on
 * the units consumed so far (docs/statistics.md K, tiny traffic). Call it before a minute of a later day is added, so
 * that the looks of the watch may come when they come.
 * @param until first minute that was not consumed
 * @returns     the metric, and the ends of the days whose look was the first to cross its bound: none or one
 */
export function takeDailyLooks(
  metric: MetricWatch,
  until: EpochMinute,
  windowStart: EpochMinute,
): { readonly metric: MetricWatch; readonly crossedAt: readonly EpochMinute[] } {
  const { daily, config } = metric;
  if (!daily || config.kind !== 'proportion') return { metric, crossedAt: [] };
  const { alpha, plannedUnits, strata } = daily;
  const crossedAt: EpochMinute[] = [];
  let looks = daily.looks;
  for (let day = (looks.lastDay ?? 0) + 1; windowStart + day * DAY_MINUTES <= until; day++) {
    const units = strata.reduce((total, { off, on }) => total + off.n + on.n, 0);
    const before = looks;
    if (units > 0) looks = takeDailyLook({ alpha, plannedUnits }, looks, { day, units, z: harmScore(strata, config) });
    if (looks === before) looks = { ...looks, lastDay: day };
    if (looks.crossed && !before.crossed) crossedAt.push(windowStart + day * DAY_MINUTES);
  }
  return looks === daily.looks
    ? { metric, crossedAt }
    : { metric: { ...metric, daily: { ...daily, looks } }, crossedAt };
}

/**
 * Pooled score z of "more bad events than the margin allows", phases weighted as in I1 (docs/statistics.md B5): with one
 * phase and no margin it is B5 itself.
 * @returns above 0 is harm; 0 when nothing can differ
 */
export function harmScore(
  strata: readonly TallyByVariant[],
  { harm, marginKind, margin }: Extract<MetricWatch['config'], { kind: 'proportion' }>,
): number {
  const { intercept, slope } = nullLine(marginKind, margin, harm);
  let [score, variance] = [0, 0];
  for (const { off, on } of strata) {
    if (!(off.n > 0 && on.n > 0)) continue;
    const bad = ({ n, y }: TallyByVariant['on']) => (harm === 'increase' ? y : n - y);
    const pooled = (bad(off) + bad(on)) / (off.n + on.n);
    const weight = (off.n * on.n) / (off.n + on.n);
    score += weight * (bad(on) / on.n - intercept - (slope * bad(off)) / off.n);
    variance += weight ** 2 * pooled * (1 - pooled) * (1 / on.n + slope ** 2 / off.n);
  }
  return variance > 0 ? score / Math.sqrt(variance) : 0;
}
