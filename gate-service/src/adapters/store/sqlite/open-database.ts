import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GateError } from '../../../contract/gate-error.ts';
import { migrate } from './migrate.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { toGateError } from './sqlite-error.ts';

/** First version in which resetting the log while another connection reads it cannot damage the file. */
const OLDEST_SQLITE = [3, 52, 0] as const;
/** Pages kept in memory, in KiB: the indexes that ingest touches at random. */
const CACHE_KIB = 65_536;
/** The log is written back after so many pages (64 MiB): rarely enough that a page changed often is written once. */
const WAL_CHECKPOINT_PAGES = 16_384;
/** The WAL is cut back to this size after a checkpoint, in bytes. */
const WAL_LIMIT_BYTES = 67_108_864;

export interface OpenDatabase {
  readonly connection: SqliteConnection;
  close(): void;
}

/**
 * Opens the file for this process alone, checks it and brings it to the newest schema.
 * @throws GateError store_locked, when another process holds it; store, when it cannot be used
 */
export function openDatabase(path: string, quickCheckMaxBytes: number): OpenDatabase {
  const inMemory = path === ':memory:';
  let lock: DatabaseSync | null = null;
  let connection: SqliteConnection | null = null;
  try {
    if (!inMemory) {
      // The file holds pseudonyms of users: nobody but its owner may read it; WAL and SHM take over its mode.
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      closeSync(openSync(path, 'a', 0o600));
      lock = holdLock(`${path}.lock`);
    }
    connection = new SqliteConnection(path);
    prepareConnection(connection);
    if (!inMemory && statSync(path).size <= quickCheckMaxBytes) quickCheck(connection.database, path);
    migrate(connection);
    if (!inMemory) endDeadClaims(connection);
  } catch (error) {
    connection?.close();
    lock?.close();
    throw toStoreError(error, path);
  }
  const opened = connection;
  return {
    connection: opened,
    close: () => {
      opened.close();
      if (lock?.isOpen) lock.close();
    },
  };
}

/**
 * Frees what the process before this one had claimed: it is dead, or the lock would not be ours. Its acts are due at
 * once, so that a change is not left half acted upon for as long as a lease; the next attempt starts by reading.
 */
function endDeadClaims(connection: SqliteConnection): void {
  connection.run('UPDATE tasks SET lease_until = NULL, lease_owner = NULL WHERE lease_until IS NOT NULL');
  connection.run(
    'UPDATE interventions SET lease_until = NULL, lease_owner = NULL, due_at = min(due_at, 0) WHERE due_at IS NOT NULL',
  );
}

function toStoreError(error: unknown, path: string): unknown {
  const mapped = toGateError(error, path);
  if (mapped instanceof GateError) return mapped;
  const detail = error instanceof Error ? error.message : String(error);
  return new GateError(
    'store',
    `The store ${path} cannot be opened: ${detail}.`,
    'Set the path of the store to a file in a folder that exists and that the service may write.',
    { cause: error, context: { path } },
  );
}

/** A lock that the kernel releases when the process dies, however it dies; a pid file is not. */
function holdLock(path: string): DatabaseSync {
  closeSync(openSync(path, 'a', 0o600));
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new GateError(
      'store_locked',
      `The store is held by another process (lock file ${path}); one process at a time is allowed.`,
      'Stop the other gate service, or give this one a store of its own.',
      { cause, context: { path } },
    );
  }
}

function prepareConnection({ database }: SqliteConnection): void {
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST_SQLITE[0] || (major === OLDEST_SQLITE[0] && minor < OLDEST_SQLITE[1])) {
    throw new GateError(
      'store',
      `SQLite ${version} can damage its log; allowed: ${OLDEST_SQLITE.join('.')} or newer.`,
      'Run the service with the Node.js version that its documentation names.',
    );
  }
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA recursive_triggers = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA wal_autocheckpoint = ${WAL_CHECKPOINT_PAGES};
    PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES};
  `);
}

/** Fails on a damaged file; GateError store. */
export function quickCheck(database: DatabaseSync, path: string): void {
  const rows = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (rows.length === 1 && rows[0]?.quick_check === 'ok') return;
  throw new GateError(
    'store',
    `The store ${path} is damaged: ${rows[0]?.quick_check ?? 'quick_check gave no answer'}.`,
    'Stop the service and restore the newest backup that verifies.',
    { context: { path } },
  );
}
