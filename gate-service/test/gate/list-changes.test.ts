import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ChangeView } from '../../src/contract/api/change.ts';
import { gateContract, OTHER_REPOSITORY, REPOSITORY } from '../support/gate-files.ts';
import { GateHarness } from '../support/gate-harness.ts';

interface Page {
  readonly changes: readonly ChangeView[];
  readonly next: string | null;
  readonly unreadable: readonly string[];
}

const NONE = { n: 0, y: 0 };
let harness: GateHarness;
let ids: string[];

beforeEach(async () => {
  harness = new GateHarness();
  ids = [];
  for (let n = 1; n <= 5; n += 1) {
    // Two of them are stamped in the same millisecond.
    if (n !== 3) harness.business.advance(60_000);
    ids.push((await harness.stamp(n, gateContract().replace(/^flag: .*/m, `flag: flag-${n}`))).change_id);
  }
});
afterEach(() => harness.close());

async function list(query: string): Promise<Page> {
  const token = await harness.token(['read']);
  return (await harness.call<Page>('GET', `/v1/changes?repository=${REPOSITORY}${query}`, { token })).body;
}

test('pages go through all changes, each once', async () => {
  const seen: string[] = [];
  let before = '';
  for (;;) {
    const page = await list(`&limit=2${before}`);
    seen.push(...page.changes.map(({ change_id }) => change_id));
    if (page.next === null) break;
    expect(page.changes).toHaveLength(2);
    before = `&before=${page.next}`;
  }
  expect(seen.slice().sort()).toEqual(ids.slice().sort());
  expect(seen).toEqual((await list('')).changes.map(({ change_id }) => change_id));
});

test('a page that starts at a change nobody may see is not found', async () => {
  const token = await harness.token(['read'], OTHER_REPOSITORY);
  const answer = await harness.call('GET', `/v1/changes?before=${ids[0]}`, { token });
  expect(answer.status).toBe(404);
});

test('a page has at most 100 changes, whatever is asked for', async () => {
  let limit: number | undefined;
  const { transaction } = harness.gate.store;
  harness.gate.store.transaction = ((work: (tx: never) => Promise<unknown>) =>
    transaction.call(harness.gate.store, (tx) => {
      const changes = {
        find: tx.changes.find,
        list: async (filter: { limit: number }) => {
          limit = filter.limit;
          return [];
        },
      };
      return work(Object.create(tx, { changes: { value: changes } }) as never);
    })) as typeof transaction;
  await list('&limit=9999');
  expect(limit).toBe(101);
});

test('a change that cannot be shown is named, logged, and does not hide the others', async () => {
  await harness.gate.store.transaction((tx) =>
    tx.watch.putLooks(ids[1]!, [
      { kpiId: 'booking', signal: 'odd' as never, detail: '', at: 1, logWealth: 0, totals: { off: NONE, on: NONE } },
    ]),
  );
  const page = await list('');
  expect(page.unreadable).toEqual([ids[1]]);
  expect(page.changes).toHaveLength(4);
  expect(harness.log).toContainEqual(expect.objectContaining({ message: 'change cannot be shown' }));
  const token = await harness.token(['read']);
  expect((await harness.call('GET', `/v1/changes/${ids[1]}`, { token })).status).toBe(500);
});
