import { NON_ANSWERS, type Signal } from '../model/signal.ts';
import { type EpochMs, MINUTE_MS } from '../model/time.ts';

/**
 * How long each non-answer lasted, in minutes.
 * @param changes one metric's changes of signal, ascending; each lasts until the next
 * @param until   end of what is counted: silence after the window is none of the window's
 */
export function nonAnswerMinutes(
  changes: readonly { readonly signal: string; readonly at: EpochMs }[],
  until: EpochMs,
): Partial<Record<Signal, number>> {
  const minutes: Partial<Record<Signal, number>> = {};
  changes.forEach(({ signal, at }, index) => {
    const kind = NON_ANSWERS.find((nonAnswer) => nonAnswer === signal);
    if (kind === undefined) return;
    const end = Math.min(until, changes[index + 1]?.at ?? until);
    minutes[kind] = (minutes[kind] ?? 0) + Math.max(0, (end - at) / MINUTE_MS);
  });
  return minutes;
}
