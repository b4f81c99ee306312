import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seededRandom } from '../../../../test/support/seeded-random.ts';
import { CHANGE_ID, KPIS, MONDAY } from '../../../../test/support/store-fixtures.ts';
import { verifyLedger } from '../../../domain/model/ledger-chain.ts';
import { createSqliteStore } from './sqlite-store.ts';

const CHILD = join(import.meta.dirname, '../../../../test/support/store-kill-child.ts');
const CYCLES = 15;
/** Every third child is killed within this time of its start, so that some die while they open the store. */
const LONGEST_OPENING_MS = 600;
/** The others within this time of their first acknowledged commit. */
const LONGEST_WRITING_MS = 250;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'changegate-kill-'));
  path = join(folder, 'store.db');
});
afterEach(() => rm(folder, { recursive: true }));

function startChild() {
  const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { child, acknowledged: () => Number(output.trimEnd().split('\n').at(-1) || 0), closed: once(child, 'close') };
}

it('loses no acknowledged commit to kill -9, and the ledger verifies', async () => {
  const random = seededRandom(20_260_302);
  let acknowledged = 0;
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const running = startChild();
    const opening = cycle % 3 === 0;
    if (!opening) await once(running.child.stdout, 'data');
    await delay(random.next() * (opening ? LONGEST_OPENING_MS : LONGEST_WRITING_MS));
    running.child.kill('SIGKILL');
    await running.closed;
    acknowledged = Math.max(acknowledged, running.acknowledged());

    const store = createSqliteStore({ path });
    const { last, entries, head, counts, lost, exposed } = await store.transaction(async (tx) => ({
      last: Number((await tx.settings.get('last')) ?? 0),
      entries: await tx.ledger.entries({}),
      head: await tx.ledger.head(),
      counts: await tx.events.counts(CHANGE_ID),
      lost: await tx.events.total(CHANGE_ID, KPIS[0]!.id, 0, MONDAY),
      exposed: await tx.events.exposedUnits(CHANGE_ID, MONDAY, MONDAY + 100),
    }));
    await store.close();
    expect(last).toBeGreaterThanOrEqual(acknowledged);
    expect(verifyLedger(entries, { anchors: [head] })).toEqual({ status: 'ok', head });
    expect(entries.map(({ payload }) => payload?.number)).toEqual(entries.map(({ seq }) => seq));
    expect([head.size, counts.accepted]).toEqual([last, last]);
    expect(lost.off.n + lost.on.n).toBe(0);
    expect(exposed.off + exposed.on).toBe(Math.min(last, 50));
  }
  expect(acknowledged).toBeGreaterThan(0);
});

it('is refused while another process holds it, and free once that one is killed', async () => {
  const running = startChild();
  await once(running.child.stdout, 'data');
  expect(() => createSqliteStore({ path })).toThrow(expect.objectContaining({ code: 'store_locked' }));
  running.child.kill('SIGKILL');
  await running.closed;
  await createSqliteStore({ path }).close();
});
