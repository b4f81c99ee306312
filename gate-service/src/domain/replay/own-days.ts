import type { Tally } from '../model/tally.ts';
import { DAY_MINUTES, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import type { ReplayKpi } from './replay-data.ts';
import { sumTallies } from './sum-tallies.ts';

/**
 * A KPI's trials by spans of 24 h over the weeks of its history, oldest first, the last one ending with the newest week
 * (docs/statistics.md L8).
 */
export function ownDays({ history }: Pick<ReplayKpi, 'history'>, { weeks }: KpiHistory): readonly Tally[] {
  const from = weeks[0]?.firstMinute ?? 0;
  const days = Array.from({ length: (weeks.length * WEEK_MINUTES) / DAY_MINUTES }, (): Tally[] => []);
  for (const { minute, ...tally } of history) days[Math.floor((minute - from) / DAY_MINUTES)]?.push(tally);
  return days.map(sumTallies);
}
