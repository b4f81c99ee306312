import { addSpan, answeredUntil, type MinuteSpan, type SourceRecord } from '../domain/model/source-record.ts';
import type { EpochMinute, EpochMs } from '../domain/model/time.ts';
import type { SourceAnswer } from '../ports/metric-source.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { AnsweredPart } from './ask-source.ts';

/** What people can read through; more are the same again. */
const MOST_FACTS = 20;

/** The record of a KPI that nobody has been asked for yet. */
export function emptyRecord(source: string): SourceRecord {
  return {
    source,
    spans: [],
    lastSeen: { kpi: null, change: null },
    query: null,
    facts: [],
    failure: null,
    disagreement: null,
  };
}

/**
 * Keeps what a source answered about one KPI of a scope, in the caller's transaction: the rows of time that nothing was
 * known of yet, and how it answered. What is kept already stays as it was said then.
 * @param start first minute that counts
 */
export async function keepAnswers(
  tx: StoreTransaction,
  scope: string,
  kpiId: string,
  start: EpochMinute,
  parts: readonly AnsweredPart[],
  now: EpochMs,
): Promise<void> {
  const source = await tx.sources.sourceOf(scope, kpiId);
  if (source === null || parts.length === 0) return;
  let record = (await tx.sources.find(scope, kpiId)) ?? emptyRecord(source);
  for (const { span, answer } of parts) {
    if (answer.status === 'ok') {
      const kept = { from: Math.max(start, answeredUntil(record.spans, span.from)), to: answer.completeUntil };
      await tx.sources.putBuckets(scope, kpiId, kept, bucketsIn(answer, kept));
      record = { ...record, spans: addSpan(record.spans, kept) };
    }
    record = noteAnswer(record, answer, now);
  }
  await tx.sources.remember(scope, kpiId, record);
}

/** The record after one more answer or non-answer, apart from the time that it was for. */
export function noteAnswer(record: SourceRecord, answer: SourceAnswer, now: EpochMs): SourceRecord {
  if (answer.status !== 'ok') {
    const { status, fault, detail } = answer;
    return { ...record, failure: { status, fault, detail, at: now } };
  }
  return {
    ...record,
    lastSeen: {
      kpi: later(record.lastSeen.kpi, answer.lastSeen.kpi),
      change: later(record.lastSeen.change, answer.lastSeen.change),
    },
    query: answer.query,
    facts: [...new Set([...record.facts, ...answer.facts])].slice(-MOST_FACTS),
    failure: null,
  };
}

export function bucketsIn({ buckets }: SourceAnswer & { readonly status: 'ok' }, { from, to }: MinuteSpan) {
  return buckets.filter(({ minute }) => minute >= from && minute < to);
}

function later(left: EpochMinute | null, right: EpochMinute | null): EpochMinute | null {
  if (left === null || right === null) return left ?? right;
  return Math.max(left, right);
}
