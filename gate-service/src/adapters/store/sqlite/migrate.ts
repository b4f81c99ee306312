import { GateError } from '../../../contract/gate-error.ts';
import { INITIAL_SCHEMA } from './migrations/0001-initial-schema.ts';
import { SIX_MEASURES } from './migrations/0002-six-measures.ts';
import { PREDICTIONS } from './migrations/0003-predictions.ts';
import { PULLED_SERIES } from './migrations/0004-pulled-series.ts';
import { REPLAYABLE_QUARANTINE } from './migrations/0005-replayable-quarantine.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** In order; the position plus one is the schema version. Never altered once released, only added to. */
export const MIGRATIONS: readonly Migration[] = [
  { name: 'initial-schema', sql: INITIAL_SCHEMA },
  { name: 'six-measures', sql: SIX_MEASURES },
  { name: 'predictions', sql: PREDICTIONS },
  { name: 'pulled-series', sql: PULLED_SERIES },
  { name: 'replayable-quarantine', sql: REPLAYABLE_QUARANTINE },
];

/**
 * Brings the schema to the newest version, one transaction for each step with its version row, so that a
 * process killed in between leaves whole steps.
 * @throws GateError store, when a newer service made the store
 */
export function migrate(connection: SqliteConnection, migrations: readonly Migration[] = MIGRATIONS): void {
  const { database, path } = connection;
  database.exec('CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT');
  const { version } = database.prepare('SELECT coalesce(max(version), 0) AS version FROM schema_versions').get() as {
    version: number;
  };
  if (version > migrations.length) {
    throw new GateError(
      'store',
      `The store ${path} has schema version ${version}; this service knows versions up to ${migrations.length}.`,
      'Run the newer service that made this store, or restore a backup made before the upgrade.',
      { context: { path, version } },
    );
  }
  migrations.slice(version).forEach(({ name, sql }, index) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(sql);
      database.prepare('INSERT INTO schema_versions (version, name) VALUES (?, ?)').run(version + index + 1, name);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  });
}
