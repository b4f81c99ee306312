import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeChange } from '../../../../test/support/store-fixtures.ts';
import { createSqliteStore } from './sqlite-store.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'changegate-claims-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('what a process had claimed when it ended is free for the next one at once', async () => {
  const path = join(directory, 'store.db');
  const change = makeChange();
  const claim = { businessNow: 1_000, realNow: 1_000, leaseMs: 60_000, owner: 'first', limit: 5 };
  const first = createSqliteStore({ path });
  await first.transaction(async (tx) => {
    await tx.changes.insert(change);
    await tx.schedule.put({ kind: 'look', changeId: change.changeId, dueAt: 500 });
  });
  expect(await first.transaction((tx) => tx.schedule.claim(claim))).toHaveLength(1);
  expect(await first.transaction((tx) => tx.schedule.claim({ ...claim, realNow: 2_000 }))).toHaveLength(0);
  await first.close();

  const second = createSqliteStore({ path });
  const claimed = await second.transaction((tx) => tx.schedule.claim({ ...claim, realNow: 2_000, owner: 'second' }));
  expect(claimed).toMatchObject([{ kind: 'look', changeId: change.changeId }]);
  await second.close();
});
