import type { Kpi } from '../contract/kpi-registry.ts';
import type { HistoryMinutes } from '../domain/decision/forecast-watch.ts';
import { makeKpiHistory } from '../domain/decision/history.ts';
import { type EpochMs, minuteOf, WEEK_MINUTES } from '../domain/model/time.ts';
import type { KpiHistory } from '../domain/model/verdict.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** How far back a KPI's history is read: twelve weeks, the slack for a late first event, and the longest wait. */
const HISTORY_MINUTES = 17 * WEEK_MINUTES;
const REPLAY_MINUTES = 4 * WEEK_MINUTES;

/** The history of each KPI as it was at `now`. */
export async function loadHistories(
  tx: StoreTransaction,
  repository: string,
  kpis: readonly Kpi[],
  now: EpochMs,
): Promise<readonly KpiHistory[]> {
  const histories: KpiHistory[] = [];
  for (const kpi of kpis) {
    const hours = await tx.events.history(repository, kpi.id, minuteOf(now) - HISTORY_MINUTES, minuteOf(now));
    const { type, withinMinutes } = kpi.measure;
    histories.push(makeKpiHistory({ kpiId: kpi.id, type, withinMinutes, hours, now }));
  }
  return histories;
}

const frozenKey = (changeId: string) => `histories:${changeId}`;

/** Keeps the histories as they were when the window started: the watch and the verdict read these. */
export async function freezeHistories(
  tx: StoreTransaction,
  changeId: string,
  histories: readonly KpiHistory[],
): Promise<void> {
  await tx.settings.put(frozenKey(changeId), JSON.stringify(histories));
}

/** The histories kept at the window's start; empty before it. */
export async function loadFrozenHistories(tx: StoreTransaction, changeId: string): Promise<readonly KpiHistory[]> {
  return JSON.parse((await tx.settings.get(frozenKey(changeId))) ?? '[]') as KpiHistory[];
}

/** Minutes of the last four weeks for the KPIs that fast rules name: the forecast replays the rules on them. */
export async function loadHistoryMinutes(
  tx: StoreTransaction,
  repository: string,
  kpiIds: ReadonlySet<string>,
  now: EpochMs,
): Promise<readonly HistoryMinutes[]> {
  const to = minuteOf(now);
  const from = to - REPLAY_MINUTES;
  const all: HistoryMinutes[] = [];
  for (const kpiId of kpiIds) {
    all.push({ kpiId, from, to, minutes: await tx.events.historyMinutes(repository, kpiId, from, to) });
  }
  return all;
}
