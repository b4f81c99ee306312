import { existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CHANGE_ID,
  exposedTo,
  KPIS,
  MONDAY,
  makeChange,
  makeEvent,
  REPOSITORY,
} from '../../../../test/support/store-fixtures.ts';
import { verifyLedger } from '../../../domain/model/ledger-chain.ts';
import type { StoredVerdict } from '../../../ports/store.ts';
import { MIGRATIONS, migrate } from './migrate.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { toGateError } from './sqlite-error.ts';
import { createSqliteStore, type SqliteStore } from './sqlite-store.ts';

let folder: string;
let path: string;
let open: { close(): unknown }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'changegate-store-'));
  path = join(folder, 'store.db');
  open = [];
});
afterEach(async () => {
  for (const one of open) await one.close();
  rmSync(folder, { recursive: true });
});

function openStore(options: { path?: string; random?: (count: number) => Uint8Array } = {}): SqliteStore {
  const store = createSqliteStore({ path, ...options });
  open.push(store);
  return store;
}

function openRaw(file = path): DatabaseSync {
  const database = new DatabaseSync(file);
  open.push({ close: () => database.isOpen && database.close() });
  return database;
}

/** One of each thing that must last. */
function fill(store: SqliteStore): Promise<void> {
  return store.transaction(async (tx) => {
    await tx.changes.insert(makeChange());
    await tx.kpis.register(REPOSITORY, KPIS, 'hash');
    await tx.events.startWindow(makeChange());
    await tx.events.append([makeEvent({ eventId: 'e1', exposures: exposedTo('on') })], 1);
    await tx.watch.appendConsumed(CHANGE_ID, 'purchase', [
      { minute: MONDAY, phaseIndex: 0, off: { n: 0, y: 0 }, on: { n: 1, y: 0 } },
    ]);
    await tx.verdicts.insert({
      changeId: CHANGE_ID,
      revision: 1,
      verdict: {},
      evidence: {},
      madeAt: 1,
      ledgerHead: { size: 0, hash: '' },
    } as unknown as StoredVerdict);
    for (const number of [1, 2]) {
      await tx.ledger.append(
        { type: 'alert.raised', actor: 'test', repository: REPOSITORY, changeId: null, payload: { number } },
        number,
      );
    }
  });
}

const read = (store: SqliteStore) =>
  store.transaction(async (tx) => ({
    change: await tx.changes.find(CHANGE_ID),
    total: await tx.events.total(CHANGE_ID, 'purchase', MONDAY, MONDAY + 1),
    verification: verifyLedger(await tx.ledger.entries({}), { anchors: [await tx.ledger.head()] }).status,
  }));

describe('a store on disk', () => {
  it('keeps everything when it is opened again, and goes on from there', async () => {
    const first = openStore();
    await fill(first);
    const before = await read(first);
    await first.close();
    const second = openStore();
    expect(await read(second)).toEqual(before);
    expect(before).toEqual({
      change: makeChange(),
      total: { off: { n: 0, y: 0 }, on: { n: 1, y: 0 } },
      verification: 'ok',
    });
    const outcomes = await second.transaction((tx) =>
      tx.events.append([makeEvent({ eventId: 'e1', exposures: exposedTo('on') })], 1),
    );
    expect(outcomes).toEqual(['duplicate']);
  });

  it('writes with the settings that its durability stands on', async () => {
    await openStore().close();
    const connection = new SqliteConnection(path);
    open.push(connection);
    expect(connection.get('PRAGMA journal_mode')).toMatchObject({ journal_mode: 'wal' });
    expect(connection.get('PRAGMA busy_timeout')).toEqual({ timeout: 250 });
    expect(connection.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
    const tables = connection.all<{ name: string; strict: number }>(
      "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'",
    );
    expect(tables.filter(({ name, strict }) => strict === 0 && !name.startsWith('sqlite_'))).toEqual([]);
  });

  it('is readable by its owner alone, with its log', async () => {
    await fill(openStore());
    for (const suffix of ['', '-wal', '-shm', '.lock'])
      expect(statSync(`${path}${suffix}`).mode & 0o777, suffix).toBe(0o600);
  });

  it('takes the salts of the ledger from where it is told', async () => {
    const store = openStore({ random: (count) => new Uint8Array(count).fill(0xab) });
    await fill(store);
    const entries = await store.transaction((tx) => tx.ledger.entries({}));
    expect(entries.map(({ salt }) => salt)).toEqual(['ab'.repeat(16), 'ab'.repeat(16)]);
  });

  it('refuses a second opener, and is free once closed', async () => {
    const first = openStore();
    const second = () => openStore();
    expect(second).toThrow(expect.objectContaining({ code: 'store_locked', remedy: expect.stringMatching(/\S/) }));
    await fill(first);
    await first.close();
    await first.close();
    expect(second).not.toThrow();
  });

  it.each([
    ['a folder that cannot be made', () => join('/dev/null', 'missing', 'store.db')],
    ['a folder', () => folder],
    [
      'a file that is no database',
      () => {
        writeFileSync(path, 'x'.repeat(8192));
        return path;
      },
    ],
  ])('refuses %s', (_name, make) => {
    const target = make();
    expect(() => openStore({ path: target })).toThrow(expect.objectContaining({ name: 'GateError', code: 'store' }));
  });

  it('refuses a damaged file', async () => {
    const store = openStore();
    await fill(store);
    await store.close();
    truncateSync(path, statSync(path).size - 3 * 4096);
    expect(() => openStore()).toThrow(expect.objectContaining({ code: 'store' }));
    expect(() => createSqliteStore({ path, quickCheckMaxBytes: 0 })).toThrow(
      expect.objectContaining({ code: 'store' }),
    );
  });

  it('reports another program that holds the file, and works again when that lets go', async () => {
    const store = openStore();
    const other = openRaw();
    other.exec('BEGIN IMMEDIATE');
    await expect(fill(store)).rejects.toMatchObject({ code: 'store_locked' });
    other.exec('ROLLBACK');
    await fill(store);
    expect((await read(store)).verification).toBe('ok');
  });
});

describe('the schema', () => {
  it('refuses a store that a newer service made', async () => {
    await openStore().close();
    const raw = openRaw();
    raw
      .prepare('INSERT INTO schema_versions (version, name) VALUES (?, ?)')
      .run(MIGRATIONS.length + 1, 'from the future');
    raw.close();
    expect(() => openStore()).toThrow(
      expect.objectContaining({ code: 'store', message: expect.stringContaining('schema version') }),
    );
  });

  it('leaves whole steps when a migration fails, and goes on from them', () => {
    const connection = new SqliteConnection(path);
    open.push(connection);
    const good = { name: 'good', sql: 'CREATE TABLE one (a INTEGER) STRICT' };
    const bad = { name: 'bad', sql: 'CREATE TABLE two (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1)' };
    expect(() => migrate(connection, [good, bad])).toThrow(/nowhere/);
    expect(connection.all('SELECT version, name FROM schema_versions')).toEqual([{ version: 1, name: 'good' }]);
    expect(connection.all("SELECT name FROM sqlite_schema WHERE name = 'two'")).toEqual([]);
    migrate(connection, [good, { ...bad, sql: 'CREATE TABLE two (a INTEGER) STRICT' }]);
    migrate(connection, [good, bad]);
    expect(connection.all('SELECT version FROM schema_versions')).toEqual([{ version: 1 }, { version: 2 }]);
  });
});

describe('what is written for good', () => {
  it.each([
    ["UPDATE ledger_entries SET actor = 'mallory'"],
    ['UPDATE ledger_entries SET change_id = NULL WHERE seq = 1'],
    ['DELETE FROM ledger_entries'],
    ['INSERT OR REPLACE INTO ledger_entries SELECT * FROM ledger_entries WHERE seq = 1'],
    [
      "INSERT INTO ledger_entries SELECT 9, ts, type, actor, repository, change_id, payload_hash, prev_hash, 'fork' FROM ledger_entries WHERE seq = 2",
    ],
    ['DELETE FROM ledger_payloads'],
    ["UPDATE ledger_payloads SET payload = '{}'"],
    ['UPDATE ledger_payloads SET payload = NULL'],
    ['UPDATE ledger_payloads SET payload = NULL, salt = NULL, seq = 7'],
    ["INSERT OR REPLACE INTO ledger_payloads VALUES (1, 'aa', '{}')"],
    ['DELETE FROM ledger_head'],
    ['UPDATE ledger_head SET size = 0'],
    ['UPDATE consumed_minutes SET on_y = 1'],
    ['DELETE FROM consumed_minutes'],
    ['INSERT OR REPLACE INTO consumed_minutes SELECT * FROM consumed_minutes'],
    ["UPDATE verdicts SET verdict = 'pass'"],
    ['DELETE FROM verdicts'],
    ['INSERT OR REPLACE INTO verdicts SELECT * FROM verdicts'],
    ["UPDATE changes SET contract = '{}'"],
    ["UPDATE changes SET kpis_hash = 'other'"],
    ['UPDATE changes SET effective_at = effective_at + 1'],
  ])('refuses %s', async (sql) => {
    await fill(openStore());
    expect(() => openRaw().exec(sql)).toThrow(
      /never altered|only ever erased|grows by one|stays|set once|UNIQUE|CHECK/,
    );
  });

  it('can lose the payload of a ledger entry, and the chain still verifies', async () => {
    const store = openStore();
    await fill(store);
    openRaw().exec('UPDATE ledger_payloads SET salt = NULL, payload = NULL WHERE seq = 1');
    expect((await store.transaction((tx) => tx.ledger.entries({})))[0]).toMatchObject({
      seq: 1,
      salt: null,
      payload: null,
    });
    expect((await read(store)).verification).toBe('ok');
  });
});

describe('a backup', () => {
  it('is a whole store of its own', async () => {
    const store = openStore();
    await fill(store);
    const copy = join(folder, 'copy.db');
    await store.backup(copy);
    expect(existsSync(`${copy}.partial`)).toBe(false);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(await read(openStore({ path: copy }))).toEqual(await read(store));
  });

  it('is never written over a file, and leaves nothing when it fails', async () => {
    const store = openStore();
    const copy = join(folder, 'copy.db');
    writeFileSync(copy, 'precious');
    await expect(store.backup(copy)).rejects.toMatchObject({ code: 'store' });
    await expect(store.backup(join(folder, 'missing', 'copy.db'))).rejects.toMatchObject({ code: 'store' });
    expect(await store.probe()).toBe(true);
  });
});

describe('errors of SQLite', () => {
  it('a full disk is reported as what it is, and the transaction is undone', () => {
    const connection = new SqliteConnection(path);
    open.push(connection);
    connection.database.exec('PRAGMA max_page_count = 2; CREATE TABLE t (a TEXT) STRICT');
    let failure: unknown;
    try {
      connection.run('INSERT INTO t VALUES (?)', 'x'.repeat(100_000));
    } catch (error) {
      failure = toGateError(error, path);
    }
    expect(failure).toMatchObject({ code: 'store', remedy: expect.stringContaining('space') });
    expect(connection.all('SELECT * FROM t')).toEqual([]);
  });

  it.each([
    [10, 'store', 'restart'],
    [1290, 'store', 'restart'],
    [11, 'store', 'backup'],
    [26, 'store', 'backup'],
    [5, 'store_locked', 'Close'],
    [2067, 'internal', 'Report'],
    [8, 'store', 'rights'],
  ])('gives %i the code %s', (errcode, code, remedy) => {
    const error = Object.assign(new Error('it failed'), { errcode, errstr: 'text' });
    expect(toGateError(error, path)).toMatchObject({
      code,
      remedy: expect.stringContaining(remedy),
      cause: error,
      context: { path, errcode },
    });
  });

  it.each([10, 11, 26])('%i ends the use of the store: what was thought to be written may not be', async (errcode) => {
    const store = openStore();
    const broken = store.transaction(() =>
      Promise.reject(Object.assign(new Error('it failed'), { errcode, errstr: 'text' })),
    );
    await expect(broken).rejects.toMatchObject({ code: 'store' });
    await expect(store.transaction(async () => 1)).rejects.toMatchObject({ code: 'store', context: { errcode } });
    expect(await store.probe()).toBe(false);
  });

  it('passes other errors on unchanged', () => {
    const error = new RangeError('not of SQLite');
    expect(toGateError(error, path)).toBe(error);
  });
});
