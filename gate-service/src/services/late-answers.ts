import type { Gate } from './gate.ts';

/** How long a look waits for the flag service: far longer than a healthy one takes, far shorter than a hung one. */
const PATIENCE_MS = 2_000;

/** By gate's store and key: what is still awaited. */
const AWAITED = new WeakMap<Gate['store'], Map<string, Promise<unknown>>>();

/**
 * Asks, and gives up waiting after a while: a flag service that hangs delays no look. An answer that comes
 * later is handed to whoever asks for the same key next; until then nothing is asked twice.
 * @returns null when there is no answer yet
 */
export async function answerInTime<T>(
  gate: Pick<Gate, 'store' | 'real'>,
  key: string,
  ask: () => Promise<T>,
): Promise<T | null> {
  const awaited = AWAITED.get(gate.store) ?? new Map<string, Promise<unknown>>();
  AWAITED.set(gate.store, awaited);
  const answer = (awaited.get(key) as Promise<T> | undefined) ?? ask();
  awaited.set(key, answer);
  const patience = new AbortController();
  const tooLate = gate.real.sleep(PATIENCE_MS, patience.signal).then(
    () => 'too late' as const,
    () => 'too late' as const,
  );
  try {
    const first = await Promise.race([answer.then((value) => ({ value })), tooLate]);
    if (first === 'too late') return null;
    awaited.delete(key);
    return first.value;
  } catch (error) {
    awaited.delete(key);
    throw error;
  } finally {
    patience.abort();
  }
}
