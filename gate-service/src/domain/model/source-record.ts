import type { EpochMinute, EpochMs } from './time.ts';

/** Minutes [from, to). */
export interface MinuteSpan {
  readonly from: EpochMinute;
  readonly to: EpochMinute;
}

/** What is kept of a source's answers about one KPI, of one change or of everybody. Plain JSON. */
export interface SourceRecord {
  /** The source's name in the gate's configuration. */
  readonly source: string;
  /** What was answered for, ascending, apart from each other. */
  readonly spans: readonly MinuteSpan[];
  /** Newest minute with a sample of the KPI, of anybody and of the change; null when there was none. */
  readonly lastSeen: { readonly kpi: EpochMinute | null; readonly change: EpochMinute | null };
  /** The last question that was answered, as it was sent; null before the first answer. */
  readonly query: string | null;
  /** What people should know of the answers, each once. */
  readonly facts: readonly string[];
  /** The last non-answer; null once the source has answered again. */
  readonly failure: SourceFailure | null;
  /** What differed when the whole window was asked for once more before the verdict; null when nothing did. */
  readonly disagreement: string | null;
}

export interface SourceFailure {
  readonly status: 'no_data' | 'stale' | 'source_error';
  readonly fault: string;
  readonly detail: string;
  readonly at: EpochMs;
}

/** Adds a span to others; those that touch become one. Empty spans are left out. */
export function addSpan(spans: readonly MinuteSpan[], added: MinuteSpan): readonly MinuteSpan[] {
  const all = [...spans, added].filter(({ from, to }) => to > from).toSorted((left, right) => left.from - right.from);
  const merged: MinuteSpan[] = [];
  for (const span of all) {
    const last = merged.at(-1);
    if (last && span.from <= last.to) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else merged.push(span);
  }
  return merged;
}

/** First minute from `from` on that was not answered for. */
export function answeredUntil(spans: readonly MinuteSpan[], from: EpochMinute): EpochMinute {
  return spans.find((span) => span.from <= from && from < span.to)?.to ?? from;
}

/** Minutes of [from, to) that were answered for. */
export function answeredMinutes(spans: readonly MinuteSpan[], { from, to }: MinuteSpan): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)), 0);
}
