import type { Kpi } from '../contract/kpi-registry.ts';
import type { Change } from '../domain/model/change.ts';
import { addTallies, NO_TALLY, type Tally } from '../domain/model/tally.ts';
import { DAY_MINUTES, type EpochMinute, HOUR_MINUTES, WEEK_MINUTES } from '../domain/model/time.ts';
import type { KpiHistory, MetricEvidence } from '../domain/model/verdict.ts';
import type { StoreTransaction } from '../ports/store.ts';

/**
 * What a before/after design compares (docs/statistics.md section L): the KPI's own trials in the window, whoever made
 * them, by hour for coverage; and those of the days before it, which the test is tried on.
 * @param history as it was frozen at the window's start
 */
export async function collectOwnEvidence(
  tx: StoreTransaction,
  { repository }: Pick<Change, 'repository'>,
  kpi: Kpi,
  history: KpiHistory,
  span: { readonly from: EpochMinute; readonly to: EpochMinute },
): Promise<Pick<MetricEvidence, 'own' | 'ownDays' | 'activeHours'>> {
  const minutes = await tx.events.historyMinutes(repository, kpi.id, span.from, span.to);
  const byHour = new Map<number, number>();
  for (const { minute, n } of minutes) {
    const hour = Math.floor(minute / HOUR_MINUTES);
    byHour.set(hour, (byHour.get(hour) ?? 0) + n);
  }
  return {
    own: minutes.reduce<Tally>(addTallies, NO_TALLY),
    ownDays: await daysOf(tx, repository, kpi.id, history),
    activeHours: [...byHour].filter(([, n]) => n > 0).map(([hour, n]) => ({ hour, n })),
  };
}

/** Spans of 24 h that make up the history's weeks. */
async function daysOf(
  tx: StoreTransaction,
  repository: string,
  kpiId: string,
  { weeks }: KpiHistory,
): Promise<readonly Tally[]> {
  const [first, last] = [weeks[0], weeks.at(-1)];
  if (!first || !last) return [];
  const end = last.firstMinute + WEEK_MINUTES;
  const days = Array.from({ length: (end - first.firstMinute) / DAY_MINUTES }, (): Tally => NO_TALLY);
  for (const hour of await tx.events.history(repository, kpiId, first.firstMinute, end)) {
    const day = Math.floor((hour.hour * HOUR_MINUTES - first.firstMinute) / DAY_MINUTES);
    days[day] = addTallies(days[day] ?? NO_TALLY, hour);
  }
  return days;
}
