import type { Signal } from '../model/signal.ts';
import { DAY_MINUTES, type EpochMinute, type EpochMs, formatMinute, minuteOf, startOfMinute } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { TELLING_TRIALS } from './coverage.ts';
import { minuteOfExpected } from './history.ts';

/** Silence shorter than this is never called a non-answer. */
export const SHORTEST_SILENCE_MINUTES = 15;
/** A non-answer that lasts longer than this makes the change blind: loud everywhere, never a reason to act. */
export const DEFAULT_GRACE_MINUTES = 30;
/** A change on less than this part of its KPI's traffic is not expected to be heard from sooner. */
const SMALLEST_ELIGIBLE_SHARE = 0.001;

/** How the source answered when the look asked it. */
export type SourceStatus =
  | { readonly status: 'ok' }
  | {
      readonly status: 'error';
      readonly detail: string;
      /** The source's own word for it; `source_error` when absent. */
      readonly signal?: 'no_data' | 'stale' | 'source_error';
      /** Nothing that waiting mends, such as a refused token: people are told at once. */
      readonly lasting?: boolean;
    };

export interface SignalInput {
  readonly source: SourceStatus;
  /** Minute of the newest event that feeds the KPI, of anybody and of this change. */
  readonly lastSeen: { readonly kpi: EpochMinute | null; readonly change: EpochMinute | null };
  readonly history: KpiHistory;
  readonly windowStart: EpochMinute;
  /** Trials of this change are awaited until here: the window's end, or the minute the flag was turned off. */
  readonly trafficUntil: EpochMinute;
  /** Part of the KPI's traffic that the change sees, in [0, 1]. */
  readonly eligibleShare: number;
  readonly now: EpochMs;
  readonly monitorWorks: boolean;
  readonly closedBlocks: number;
  /** Why this metric is not watched for harm, in words; null when it is. */
  readonly unwatched: string | null;
  /** Why this metric is adverse, in words; null while it is not. */
  readonly adverse: string | null;
  readonly previousBlindSince: EpochMs | null;
}

export interface AssessedSignal {
  readonly signal: Signal;
  readonly detail: string;
  readonly blindSince: EpochMs | null;
}

/**
 * The signal of one metric at one look. Non-answers come first: what did not answer is never called fine, and only
 * `adverse` may lead to an intervention.
 * @returns the signal, a sentence for people, and since when it has been a non-answer (null while it answers)
 */
export function assessSignal(input: SignalInput): AssessedSignal {
  const { source, lastSeen, windowStart, now } = input;
  if (source.status === 'error') return sourceNonAnswer(input, source);
  if (!input.monitorWorks) {
    return nonAnswer(input, 'source_error', now, 'The harm monitor cannot run with this margin or history.');
  }
  const staleAt = silentFrom(input.history, lastSeen.kpi ?? windowStart, 1);
  if (minuteOf(now) >= staleAt) {
    return nonAnswer(
      input,
      'stale',
      startOfMinute(staleAt),
      `Nothing for this KPI, of anybody, ${since(lastSeen.kpi)}.`,
    );
  }
  const noDataAt = silentFrom(
    input.history,
    Math.max(windowStart, lastSeen.change ?? windowStart),
    input.eligibleShare,
  );
  if (noDataAt <= input.trafficUntil && minuteOf(now) >= noDataAt) {
    const detail = `The KPI lives, but nothing came from this change ${since(lastSeen.change)}.`;
    return nonAnswer(input, 'no_data', startOfMinute(noDataAt), detail);
  }
  if (input.adverse !== null) return { signal: 'adverse', detail: input.adverse, blindSince: null };
  if (input.unwatched !== null) return { signal: 'too_few_events', detail: input.unwatched, blindSince: null };
  if (input.closedBlocks === 0) {
    const detail = 'Too few trials in both variants to compare anything yet.';
    return { signal: 'too_few_events', detail, blindSince: null };
  }
  return { signal: 'ok', detail: 'Nothing adverse so far.', blindSince: null };
}

/** Whether non-answers have lasted longer than the grace time. */
export function isBlind(
  blindSince: EpochMs | null,
  now: EpochMs,
  graceMinutes: number = DEFAULT_GRACE_MINUTES,
): boolean {
  return blindSince !== null && minuteOf(now) - minuteOf(blindSince) >= graceMinutes;
}

/**
 * The minute from which silence since `lastSeen` means something: 15 minutes later, or when history expects 10 trials,
 * whichever is later. Without history a whole day.
 */
export function silentFrom(history: KpiHistory, lastSeen: EpochMinute, eligibleShare: number): EpochMinute {
  const share = Math.max(SMALLEST_ELIGIBLE_SHARE, Math.min(1, eligibleShare));
  const expected = minuteOfExpected(history, lastSeen, TELLING_TRIALS / share) ?? lastSeen + DAY_MINUTES;
  return Math.max(lastSeen + SHORTEST_SILENCE_MINUTES, expected);
}

/** An empty answer is told at once, and is blindness only from when silence means something: nights are quiet. */
function sourceNonAnswer(
  input: SignalInput,
  { signal = 'source_error', detail }: SourceStatus & { readonly status: 'error' },
): AssessedSignal {
  const { history, lastSeen, windowStart, eligibleShare, now } = input;
  const told = `The source did not answer: ${detail}`;
  if (signal !== 'no_data') return nonAnswer(input, signal, now, told);
  const silent = silentFrom(history, Math.max(windowStart, lastSeen.change ?? windowStart), eligibleShare);
  return nonAnswer(input, signal, Math.max(now, startOfMinute(silent)), told);
}

function nonAnswer(
  { previousBlindSince }: SignalInput,
  signal: 'source_error' | 'stale' | 'no_data',
  from: EpochMs,
  detail: string,
): AssessedSignal {
  return { signal, detail, blindSince: previousBlindSince === null ? from : Math.min(previousBlindSince, from) };
}

function since(minute: EpochMinute | null): string {
  return minute === null ? 'so far' : `since ${formatMinute(minute)}`;
}
