import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeChange } from '../../test/support/store-fixtures.ts';
import { createSqliteStore, type SqliteStore } from '../adapters/store/sqlite/sqlite-store.ts';
import type { LedgerType } from '../domain/model/ledger-entry.ts';
import { MINUTE_MS } from '../domain/model/time.ts';
import type { Store } from '../ports/store.ts';
import { checkLedger, isRestVerified, pausedMinutes } from './check-ledger.ts';

let directory: string;
let path: string;
let store: SqliteStore;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'changegate-check-'));
  path = join(directory, 'gate.db');
  store = createSqliteStore({ path });
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const append = (count: number, type: LedgerType = 'alert.raised', ts = 1) =>
  store.transaction(async (tx) => {
    for (let index = 0; index < count; index += 1)
      await tx.ledger.append({ type, actor: 'a', repository: '*', changeId: null, payload: { index } }, ts);
  });

/** The store, and how many entries each of its transactions read. */
function counting(): { store: Store; read: number[] } {
  const read: number[] = [];
  const counted: Store = {
    probe: () => store.probe(),
    findToken: (tokenId) => store.findToken(tokenId),
    close: () => store.close(),
    transaction: (work) =>
      store.transaction(async (tx) => {
        const at = read.push(0) - 1;
        const ledger: typeof tx.ledger = {
          append: tx.ledger.append,
          head: tx.ledger.head,
          entries: async (options) => {
            const entries = await tx.ledger.entries(options);
            read[at]! += entries.length;
            return entries;
          },
        };
        return work(Object.create(tx, { ledger: { value: ledger } }));
      }),
  };
  return { store: counted, read };
}

/** Alters the file behind the store's back. */
async function tamper(...statements: string[]): Promise<void> {
  await store.close();
  const database = new DatabaseSync(path);
  for (const name of ['ledger_entries_refuse_update', 'ledger_entries_refuse_delete', 'ledger_payloads_refuse_delete'])
    database.exec(`DROP TRIGGER IF EXISTS ${name}`);
  database.exec('DROP TRIGGER ledger_head_only_grows');
  for (const sql of statements) database.exec(sql);
  database.close();
  store = createSqliteStore({ path });
}

describe('checking the ledger', () => {
  test('reads it in pages, and afterwards only what is new', async () => {
    await append(2_500);
    const { store: counted, read } = counting();
    expect(await checkLedger({ store: counted })).toBe(true);
    expect(read).toEqual([1_000, 1_001, 501]);
    read.length = 0;
    await append(3);
    expect(await checkLedger({ store: counted })).toBe(true);
    expect(read).toEqual([4]);
    await append(2);
    expect(await store.transaction(isRestVerified)).toBe(true);
  });

  test('an empty ledger holds', async () => {
    expect(await checkLedger({ store })).toBe(true);
  });

  test.each([
    ['an entry was altered', ["UPDATE ledger_entries SET actor = 'b' WHERE seq = 12"]],
    [
      'an entry was cut out',
      ['DELETE FROM ledger_payloads WHERE seq = 12', 'DELETE FROM ledger_entries WHERE seq = 12'],
    ],
    ['the tail was cut', ['DELETE FROM ledger_payloads WHERE seq > 11', 'DELETE FROM ledger_entries WHERE seq > 11']],
    ['the head was rewritten', [`UPDATE ledger_head SET hash = '${'f'.repeat(64)}'`]],
    [
      'tail and head were set back behind what was verified',
      [
        'DELETE FROM ledger_payloads WHERE seq > 5',
        'DELETE FROM ledger_entries WHERE seq > 5',
        'UPDATE ledger_head SET size = 5, hash = (SELECT entry_hash FROM ledger_entries WHERE seq = 5)',
      ],
    ],
    [
      'the last verified entry was replaced',
      [`UPDATE ledger_entries SET entry_hash = '${'e'.repeat(64)}' WHERE seq = 10`],
    ],
  ])('sees that %s', async (_case, statements) => {
    await append(10);
    expect(await checkLedger({ store })).toBe(true);
    await append(5);
    await tamper(...statements);
    expect(await store.transaction(isRestVerified)).toBe(false);
    expect(await checkLedger({ store })).toBe(false);
  });
});

test('counts the minutes since activation in which the watch was paused', async () => {
  for (const [type, minute] of [
    ['watch.paused', 5],
    ['watch.resumed', 15],
    ['alert.raised', 16],
    ['watch.paused', 20],
    ['watch.resumed', 23],
    ['watch.paused', 30],
  ] as const)
    await append(1, type, minute * MINUTE_MS);
  const change = { ...makeChange(), activatedAt: 10 * MINUTE_MS };
  expect(await store.transaction((tx) => pausedMinutes(tx, change, 34 * MINUTE_MS))).toBe(5 + 3 + 4);
});
