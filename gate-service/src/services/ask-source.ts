import type { Kpi } from '../contract/kpi-registry.ts';
import { isSoundTally } from '../domain/decision/sound-tally.ts';
import type { MinuteSpan } from '../domain/model/source-record.ts';
import { DAY_MINUTES, type EpochMinute, formatMinute, WEEK_MINUTES } from '../domain/model/time.ts';
import type { SourceAnswer, SourceFault, SourceQuestion } from '../ports/metric-source.ts';
import type { Gate } from './gate.ts';

/** All questions about one KPI of one look, of one history or of one verdict together (docs/reliability.md row A2). */
const DEADLINE_MS = 60_000;
/** Longest time that is asked for at once. */
const LONGEST_SPAN = { 1: DAY_MINUTES, 60: WEEK_MINUTES } as const;

/** What was answered for one part of the time that was asked for. */
export interface AnsweredPart {
  readonly span: MinuteSpan;
  readonly answer: SourceAnswer;
}

/** What to ask one source about one KPI. */
export interface Inquiry {
  /** As the gate's configuration names it. */
  readonly source: string;
  readonly kpi: Kpi;
  /** Null: whoever made the trials. */
  readonly changeId: string | null;
  readonly span: MinuteSpan;
  /** First minute of the change's window. */
  readonly since?: EpochMinute;
  readonly bucketMinutes: 1 | 60;
  /**
   * `backwards` and `forwards` stop at the first part that is not answered. Only the newest part may be answered in part:
   * a source that is some hours behind has a past all the same.
   */
  readonly order: 'forwards' | 'backwards' | 'all';
}

type Asking = Pick<Gate, 'sources' | 'real'>;

/**
 * Asks part by part, in time order or the newest first. Never throws and never takes longer than a minute: what a source
 * does wrong, or not in time, is a non-answer.
 */
export async function inquire(gate: Asking, inquiry: Inquiry): Promise<readonly AnsweredPart[]> {
  const parts: AnsweredPart[] = [];
  const end = new AbortController();
  const deadline = gate.real.sleep(DEADLINE_MS, end.signal).then(
    () => null,
    () => null,
  );
  try {
    for (const span of spansOf(inquiry)) {
      const answer = (await Promise.race([ask(gate, inquiry, span), deadline])) ?? tooLate();
      parts.push({ span, answer });
      const isBehind = inquiry.order === 'backwards' && parts.length === 1;
      const isEnough = answer.status === 'ok' && (isBehind || answer.completeUntil >= span.to);
      if (!isEnough && (inquiry.order !== 'all' || isTooLate(answer))) break;
    }
  } finally {
    end.abort();
  }
  return parts;
}

function spansOf({ span: { from, to }, bucketMinutes, order }: Inquiry): readonly MinuteSpan[] {
  const length = LONGEST_SPAN[bucketMinutes];
  const spans = Array.from({ length: Math.max(0, Math.ceil((to - from) / length)) }, (_, i) =>
    order === 'backwards'
      ? { from: Math.max(from, to - (i + 1) * length), to: to - i * length }
      : { from: from + i * length, to: Math.min(to, from + (i + 1) * length) },
  );
  return spans;
}

async function ask(gate: Asking, inquiry: Inquiry, span: MinuteSpan): Promise<SourceAnswer> {
  const { source, kpi, changeId, since, bucketMinutes } = inquiry;
  const adapter = gate.sources.get(source);
  if (!adapter) {
    const detail = `The gate service has no source ${source}; add it to its configuration file again.`;
    return nonAnswer('not_configured', detail);
  }
  const question: SourceQuestion = {
    kpi,
    changeId,
    ...span,
    ...(since !== undefined && { since }),
    bucketMinutes,
    byCohort: false,
  };
  try {
    const answer = await adapter.read(question);
    return answer.status === 'ok' ? checked(question, answer) : answer;
  } catch (error) {
    return nonAnswer('bad_schema', `The source failed: ${error instanceof Error ? error.name : 'unknown'}.`);
  }
}

/** An answer that says what cannot be is none: nothing of it is taken. */
function checked(
  { kpi, changeId, from, to, bucketMinutes }: SourceQuestion,
  answer: SourceAnswer & { readonly status: 'ok' },
): SourceAnswer {
  const { completeUntil, buckets, query } = answer;
  const places = new Set<string>();
  for (const { minute, variant, cohort, tally } of buckets) {
    const place = `${minute}/${variant}/${cohort}`;
    const fits = Number.isInteger(minute) && minute >= from && minute < to && (minute - from) % bucketMinutes === 0;
    if (!fits || places.has(place) || (variant === null) !== (changeId === null))
      return nonAnswer('bad_schema', `A bucket at ${minute} is not one that was asked for, or is there twice.`, query);
    if (!isSoundTally(kpi.measure, tally))
      return nonAnswer('bad_value', `The counts at ${formatMinute(minute)} cannot be.`, query);
    places.add(place);
  }
  const isWholeBuckets = Number.isInteger(completeUntil) && (completeUntil - from) % bucketMinutes === 0;
  if (isWholeBuckets && completeUntil >= from && completeUntil <= to) return answer;
  if (completeUntil > from && completeUntil < to)
    return nonAnswer('bad_schema', 'The source vouches for a part of a bucket.', query);
  return nonAnswer('bad_schema', 'The source vouches for time that it was not asked for.', query);
}

function nonAnswer(fault: SourceFault, detail: string, query: string | null = null): SourceAnswer {
  return { status: 'source_error', fault, detail, query };
}

function tooLate(): SourceAnswer {
  return nonAnswer('deadline', `No answer within ${DEADLINE_MS / 1000} s; allowed is less.`);
}

function isTooLate(answer: SourceAnswer): boolean {
  return answer.status !== 'ok' && answer.fault === 'deadline';
}
