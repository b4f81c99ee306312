import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { median } from './statistics.ts';

/** The store's events table with its unique index and nothing else. */
const PLAIN_TABLE = `CREATE TABLE events (
  event_key INTEGER PRIMARY KEY,
  repository_id INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  name_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  unit_key INTEGER,
  cohort TEXT,
  status TEXT,
  latency_ms REAL,
  value REAL,
  tag TEXT,
  content_hash TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  UNIQUE (repository_id, event_id)
) STRICT`;
const COLUMNS =
  'repository_id, event_id, name_id, at, unit_key, cohort, status, latency_ms, value, tag, content_hash, received_at';
const INSERT = `INSERT INTO events (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export type RawRow = readonly SQLInputValue[];

/**
 * The rows that a gate service stored, in the order in which it stored them.
 * @param most so many of them, the first ones; -1: all
 */
export function readRows(storePath: string, most = -1): readonly RawRow[] {
  const store = new DatabaseSync(storePath, { readOnly: true });
  try {
    const rows = store.prepare(`SELECT ${COLUMNS} FROM events ORDER BY event_key LIMIT ?`).all(most);
    return rows.map((row) => Object.values(row));
  } finally {
    store.close();
  }
}

export interface RawPace {
  readonly perSecond: number;
  readonly cpuMicrosecondsPerRow: number;
}

/** A pass is over in a fraction of a second, so that one burst of other work would decide it. */
const PASSES = 5;

/** Inserts the rows with `node:sqlite` alone, as durably as the store does, into a new file each time. @returns medians */
export function insertRaw(directory: string, rows: readonly RawRow[], batch: number): RawPace {
  const paces = Array.from({ length: PASSES }, (_, pass) => insertOnce(join(directory, `raw-${pass}.db`), rows, batch));
  return {
    perSecond: median(paces.map(({ perSecond }) => perSecond)),
    cpuMicrosecondsPerRow: median(paces.map(({ cpuMicrosecondsPerRow }) => cpuMicrosecondsPerRow)),
  };
}

function insertOnce(path: string, rows: readonly RawRow[], batch: number): RawPace {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
      PRAGMA wal_autocheckpoint = 16384; ${PLAIN_TABLE}`);
    const insert = database.prepare(INSERT);
    const begun = performance.now();
    const before = process.cpuUsage();
    for (let first = 0; first < rows.length; first += batch) {
      database.exec('BEGIN IMMEDIATE');
      for (const row of rows.slice(first, first + batch)) insert.run(...row);
      database.exec('COMMIT');
    }
    const ms = performance.now() - begun;
    const { user, system } = process.cpuUsage(before);
    return { perSecond: (rows.length / ms) * 1000, cpuMicrosecondsPerRow: (user + system) / rows.length };
  } finally {
    database.close();
  }
}
