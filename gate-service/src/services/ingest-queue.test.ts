import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REPOSITORY } from '../../test/support/gate-files.ts';
import { GateHarness } from '../../test/support/gate-harness.ts';
import { GateError } from '../contract/gate-error.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import type { EventBatch } from './ingest-events.ts';

/** Counts transactions, and makes appending fail for events of this name. */
class WatchedStore implements Store {
  readonly #store: Store;
  committed = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  async transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const result = await this.#store.transaction((tx) => work(failingOn(tx, 'poison')));
    this.committed += 1;
    return result;
  }

  findToken: Store['findToken'] = (tokenId) => this.#store.findToken(tokenId);
  probe = () => this.#store.probe();
  close = () => this.#store.close();
}

function failingOn(tx: StoreTransaction, name: string): StoreTransaction {
  const append: StoreTransaction['events']['append'] = (events, at) => {
    if (events.some(({ event }) => event === name)) throw new GateError('store', 'No space is left.', 'Free some.');
    return tx.events.append(events, at);
  };
  return { ...tx, events: { ...tx.events, append } };
}

let harness: GateHarness;
let store: WatchedStore;
beforeEach(() => {
  harness = new GateHarness({
    wrapStore: (inner) => {
      store = new WatchedStore(inner);
      return store;
    },
  });
});
afterEach(() => harness.close());

const batch = (id: string, event = 'quote_viewed', lines = 1): EventBatch => ({
  repository: REPOSITORY,
  batchId: id,
  text: Array.from({ length: lines }, () => JSON.stringify({ event, timestamp: '2026-03-02T08:00:00Z' })).join('\n'),
});

describe('the ingest queue', () => {
  test('batches that wait together share a transaction', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => harness.queue.push(batch(`b${n}`))));
    expect(results.map(({ accepted }) => accepted)).toEqual(Array.from({ length: 20 }, () => 1));
    expect(store.committed).toBe(1);
  });

  test('a group holds at most so many lines', async () => {
    await Promise.all(Array.from({ length: 5 }, (_, n) => harness.queue.push(batch(`b${n}`, 'quote_viewed', 2_000))));
    expect(store.committed).toBe(3);
  });

  test('refuses at once what would be too much to hold, and loses nothing that it took', async () => {
    const lines = (n: number) => batch(`b${n}`, 'quote_viewed', 5_000);
    const outcomes = await Promise.allSettled(Array.from({ length: 23 }, (_, n) => harness.queue.push(lines(n))));
    const taken = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(taken).toHaveLength(20);
    for (const { value } of taken as PromiseFulfilledResult<{ accepted: number }>[]) expect(value.accepted).toBe(5_000);
    expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'overloaded' } });
    expect(await harness.queue.push(lines(22))).toMatchObject({ accepted: 5_000 });
  });

  test('tells a sender that is refused when to come again', async () => {
    harness.queue.push = () => Promise.reject(new GateError('overloaded', 'Too much.', 'Wait.'));
    const { status, response } = await harness.send([{ event: 'quote_viewed' }]);
    expect([status, response.headers['retry-after']]).toEqual([503, '1']);
  });

  test('a batch that is pushed as soon as the one before is answered does not wait for ever', async () => {
    for (let n = 0; n < 50; n += 1) expect(await harness.queue.push(batch(`b${n}`))).toMatchObject({ accepted: 1 });
  });

  test.each([1, 2, 3, 5, 8, 13])(
    'a batch that is pushed %i steps after an answer does not wait for ever',
    async (steps) => {
      const first = harness.queue.push(batch('first'));
      const second = first.then(async () => {
        for (let step = 0; step < steps; step += 1) await Promise.resolve();
        return harness.queue.push(batch('second'));
      });
      expect(await second).toMatchObject({ accepted: 1 });
    },
  );

  test('one batch that cannot be written takes no other with it', async () => {
    const outcomes = await Promise.allSettled([
      harness.queue.push(batch('good-1')),
      harness.queue.push(batch('bad', 'poison')),
      harness.queue.push(batch('good-2')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'store' } });
    expect(await harness.queue.push(batch('good-1'))).toMatchObject({ accepted: 0, duplicate: 1 });
    expect(await harness.queue.push(batch('bad'))).toMatchObject({ accepted: 1 });
  });
});
