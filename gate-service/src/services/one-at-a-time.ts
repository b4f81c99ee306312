import type { Store } from '../ports/store.ts';

/** By store, because one process holds it: whatever this process does to a flag goes through here. */
const QUEUES = new WeakMap<Store, Map<string, Promise<unknown>>>();

/** Runs `work` when all earlier work under the same key has ended, however it ended. */
export async function oneAtATime<T>(store: Store, key: string, work: () => Promise<T>): Promise<T> {
  const queue = QUEUES.get(store) ?? new Map<string, Promise<unknown>>();
  QUEUES.set(store, queue);
  const before = queue.get(key) ?? Promise.resolve();
  const mine = before.then(
    () => work(),
    () => work(),
  );
  queue.set(key, mine);
  try {
    return await mine;
  } finally {
    if (queue.get(key) === mine) queue.delete(key);
  }
}
