import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { defineStepFunctions } from './events/steps.ts';

export type SqlValue = SQLInputValue;

/** More different statements than the store has; the cache is emptied when something makes them endless. */
const CACHED_STATEMENTS = 1000;
/** node:sqlite is synchronous, so each millisecond of waiting for a lock holds the whole process. */
const BUSY_TIMEOUT_MS = 250;

/** One connection with its prepared statements, used directly and, through `forKysely`, by Kysely. */
export class SqliteConnection {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string) {
    this.path = path;
    this.database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    defineStepFunctions(this.database);
  }

  statement(sql: string): StatementSync {
    const cached = this.#statements.get(sql);
    if (cached) return cached;
    if (this.#statements.size >= CACHED_STATEMENTS) this.#statements.clear();
    const statement = this.database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** Runs a statement; answers how many rows it changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.statement(sql).run(...values).changes);
  }

  /** Runs an insert; answers the new row's key, or null when nothing was inserted. */
  insert(sql: string, ...values: SqlValue[]): number | null {
    const { changes, lastInsertRowid } = this.statement(sql).run(...values);
    return Number(changes) === 0 ? null : Number(lastInsertRowid);
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  /** The part of better-sqlite3's interface that Kysely's SQLite dialect uses. */
  forKysely(): SqliteDatabase {
    return {
      close: () => {},
      prepare: (sql): SqliteStatement => {
        const statement = this.statement(sql);
        return {
          reader: statement.columns().length > 0,
          all: (values) => statement.all(...(values as SqlValue[])),
          run: (values) => statement.run(...(values as SqlValue[])),
          iterate: (values) => statement.iterate(...(values as SqlValue[])),
        };
      },
    };
  }

  close(): void {
    this.#statements.clear();
    if (this.database.isOpen) this.database.close();
  }
}
