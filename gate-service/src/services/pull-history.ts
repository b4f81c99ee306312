import type { Kpi } from '../contract/kpi-registry.ts';
import { WATERMARK_MINUTES } from '../domain/decision/run-look.ts';
import { addSpan, answeredUntil } from '../domain/model/source-record.ts';
import { HOUR_MINUTES, minuteOf, WEEK_MINUTES } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { type AnsweredPart, inquire } from './ask-source.ts';
import type { Gate } from './gate.ts';
import { keepAnswers } from './keep-answers.ts';
import { askInTime } from './pull-in-time.ts';

/** As many weeks as a history has (docs/statistics.md N1). */
const HISTORY_MINUTES = 12 * WEEK_MINUTES;
/** There was nothing before: asking again finds nothing either. */
const NOTHING_BEFORE: readonly string[] = ['empty', 'retention'];

/**
 * Asks the sources for the hours of the KPIs' own past that are not kept yet, whoever made them: twelve weeks when it is
 * asked for the first time, the newest week first, so that a source that keeps less gives what it has. Only registered
 * KPIs have a history.
 * @param patienceMs how long to wait; what comes later is kept by the next call
 * @returns whether nothing is awaited any more
 */
export async function pullHistory(
  gate: Gate,
  repository: string,
  kpis: readonly Kpi[],
  patienceMs?: number,
): Promise<boolean> {
  const now = gate.business.now();
  const asked = await gate.store.transaction(async (tx) => {
    const requests = [];
    for (const kpi of kpis) {
      const source = await tx.sources.sourceOf(repository, kpi.id);
      if (source === null) continue;
      const mature = minuteOf(now) - kpi.measure.withinMinutes - WATERMARK_MINUTES;
      const to = Math.floor(mature / HOUR_MINUTES) * HOUR_MINUTES;
      const spans = (await tx.sources.find(repository, kpi.id))?.spans ?? [];
      const isNew = spans.length === 0;
      const from = answeredUntil(spans, Math.max(to - HISTORY_MINUTES, spans[0]?.from ?? 0));
      if (to <= from) continue;
      const order = isNew ? ('backwards' as const) : ('forwards' as const);
      const inquiry = { source, kpi, changeId: null, span: { from, to }, bucketMinutes: 60 as const, order };
      const key = `history:${repository}:${kpi.id}`;
      requests.push({ key, source, kpiId: kpi.id, from, isNew, run: () => inquire(gate, inquiry) });
    }
    return requests;
  });
  if (asked.length === 0) return true;
  const answers = await askInTime(gate, asked, patienceMs);
  await gate.store.transaction(async (tx) => {
    for (const { key, kpiId, from, isNew } of asked) {
      const parts = answers.get(key) ?? [];
      if (isNew) await keepFirst(gate, tx, repository, kpiId, from, parts);
      else await keepAnswers(tx, repository, kpiId, from, parts, now);
    }
  });
  return asked.every(({ key }) => answers.get(key) !== null);
}

/**
 * The first twelve weeks are kept as a whole or asked for again: what fails half way may be there the next time. Where the
 * source says that there was nothing before, it is not asked for that again.
 */
async function keepFirst(
  gate: Gate,
  tx: StoreTransaction,
  repository: string,
  kpiId: string,
  from: number,
  parts: readonly AnsweredPart[],
): Promise<void> {
  const last = parts.at(-1);
  if (!last) return;
  const now = gate.business.now();
  const isOldest = last.answer.status !== 'ok' && NOTHING_BEFORE.includes(last.answer.fault) && parts.length > 1;
  const told = isOldest ? parts.slice(0, -1) : parts;
  await keepAnswers(tx, repository, kpiId, from, told.toReversed(), now);
  const record = await tx.sources.find(repository, kpiId);
  if (!record || (last.answer.status !== 'ok' && !isOldest)) {
    if (record) await tx.sources.remember(repository, kpiId, { ...record, spans: [] });
    return;
  }
  const newest = record.spans.at(-1);
  if (newest) await tx.sources.remember(repository, kpiId, { ...record, spans: addSpan([], newest) });
}
