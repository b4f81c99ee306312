/** As long as one round of looks: what is the same for a thousand changes is asked once. */
const SHARED_MS = 10_000;

/** What the key leads to: loaded, or as somebody else loaded it a moment ago. */
export type Share<T> = (key: string, load: () => Promise<T>) => Promise<T>;

/**
 * Shares answers for a moment. Faults are not kept.
 * @param wallClock milliseconds, for how long an answer is shared
 */
export function createShare<T>(wallClock: () => number): Share<T> {
  const shared = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();
  return (key, load) => {
    const now = wallClock();
    const found = shared.get(key);
    if (found && now < found.until) return found.answer;
    for (const [old, { until }] of shared) if (now >= until) shared.delete(old);
    const answer = load();
    shared.set(key, { until: now + SHARED_MS, answer });
    answer.catch(() => {
      if (shared.get(key)?.answer === answer) shared.delete(key);
    });
    return answer;
  };
}
