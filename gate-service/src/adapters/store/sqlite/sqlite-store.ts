import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { Kysely, SqliteDialect } from 'kysely';
import { GateError } from '../../../contract/gate-error.ts';
import type { ApiToken, Store, StoreTransaction } from '../../../ports/store.ts';
import { writeBackup } from './backup.ts';
import { changeRecords } from './change-records.ts';
import { type EventStore, eventStore } from './event-records.ts';
import { interventionRecords } from './intervention-records.ts';
import { ledgerRecords } from './ledger-records.ts';
import { Mutex } from './mutex.ts';
import { type OpenDatabase, openDatabase } from './open-database.ts';
import { quarantineRecords } from './quarantine-records.ts';
import { scheduleRecords } from './schedule-records.ts';
import type { Schema } from './schema.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isFatal, toGateError } from './sqlite-error.ts';
import { settingRecords, tokenRecords } from './token-records.ts';
import { verdictRecords } from './verdict-records.ts';
import { watchRecords } from './watch-records.ts';

/** Files up to this size are checked when they are opened: a second or so. */
const QUICK_CHECK_MAX_BYTES = 268_435_456;

export interface SqliteStoreOptions {
  /** File of the store; ':memory:' for a store that ends with the process. */
  readonly path: string;
  /** Where the salts of the ledger's payloads come from. */
  readonly random?: (count: number) => Uint8Array;
  readonly quickCheckMaxBytes?: number;
}

export interface SqliteStore extends Store {
  /** Writes a copy that is complete and checked to a new file; fails when the file exists. */
  backup(path: string): Promise<void>;
}

/**
 * Opens the store, for this process alone, and brings it to the newest schema.
 * @throws GateError store_locked, when another process holds it; store, when it cannot be opened or is newer
 */
export function createSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { path, random = randomBytes, quickCheckMaxBytes = QUICK_CHECK_MAX_BYTES } = options;
  return new SqliteStoreOnFile(openDatabase(path, quickCheckMaxBytes), random);
}

interface Scope {
  open: boolean;
}

class SqliteStoreOnFile implements SqliteStore {
  readonly #opened: OpenDatabase;
  readonly #connection: SqliteConnection;
  readonly #records: StoreTransaction;
  readonly #eventStore: EventStore;
  readonly #mutex = new Mutex();
  readonly #inside = new AsyncLocalStorage<Scope>();
  #unusable: GateError | null = null;

  constructor(opened: OpenDatabase, random: (count: number) => Uint8Array) {
    this.#opened = opened;
    this.#connection = opened.connection;
    this.#eventStore = eventStore(opened.connection);
    const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: opened.connection.forKysely() }) });
    this.#records = {
      changes: changeRecords(db),
      kpis: this.#eventStore.kpis,
      events: this.#eventStore.events,
      quarantine: quarantineRecords(opened.connection),
      sources: this.#eventStore.sources,
      watch: watchRecords(db),
      interventions: interventionRecords(db),
      verdicts: verdictRecords(db),
      ledger: ledgerRecords(db, random),
      schedule: scheduleRecords(db),
      tokens: tokenRecords(db),
      settings: settingRecords(db),
    };
  }

  async transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    this.#refuseNested();
    return this.#mutex.run(async () => {
      this.#refuseUnusable();
      const scope: Scope = { open: true };
      try {
        this.#connection.run('BEGIN IMMEDIATE');
        const result = await this.#inside.run(scope, () => work(guarded(this.#records, scope)));
        this.#connection.run('COMMIT');
        return result;
      } catch (error) {
        throw this.#rolledBack(error);
      } finally {
        scope.open = false;
      }
    });
  }

  async findToken(tokenId: string): Promise<ApiToken | null> {
    this.#refuseUnusable();
    try {
      return await this.#records.tokens.find(tokenId);
    } catch (error) {
      throw toGateError(error, this.#connection.path);
    }
  }

  async probe(): Promise<boolean> {
    if (this.#unusable) return false;
    try {
      return this.#connection.get('SELECT size FROM ledger_head') !== undefined;
    } catch {
      return false;
    }
  }

  async backup(path: string): Promise<void> {
    this.#refuseNested();
    await this.#mutex.run(async () => {
      this.#refuseUnusable();
      writeBackup(this.#connection, path);
    });
  }

  async close(): Promise<void> {
    this.#refuseNested();
    await this.#mutex.run(async () => {
      this.#unusable = storeClosed(this.#connection.path);
      this.#opened.close();
    });
  }

  /** Undoes the transaction, forgets what was learnt in it, and answers the error to throw. */
  #rolledBack(error: unknown): unknown {
    const mapped = toGateError(error, this.#connection.path);
    this.#eventStore.forget();
    try {
      if (this.#connection.database.isTransaction) this.#connection.run('ROLLBACK');
    } catch (cause) {
      this.#unusable = toGateError(cause, this.#connection.path) as GateError;
    }
    if (isFatal(error)) this.#unusable = mapped as GateError;
    return mapped;
  }

  #refuseUnusable(): void {
    if (!this.#unusable) return;
    const { code, message, remedy, context } = this.#unusable;
    throw new GateError(code, message, remedy, { context, cause: this.#unusable });
  }

  /** It would wait for itself for ever. */
  #refuseNested(): void {
    if (!this.#inside.getStore()?.open) return;
    throw new GateError(
      'internal',
      'A transaction of the store was begun inside another one; allowed is one at a time.',
      'Pass the running transaction on instead of the store.',
    );
  }
}

function storeClosed(path: string): GateError {
  return new GateError('store', `The store ${path} is closed.`, 'Restart the service.', { context: { path } });
}

/** The records as long as their transaction lasts: used later they would write outside of any. */
function guarded(records: StoreTransaction, scope: Scope): StoreTransaction {
  const pick = <Name extends keyof StoreTransaction>(name: Name): StoreTransaction[Name] => {
    if (scope.open) return records[name];
    throw new GateError(
      'internal',
      `The ${name} records were used after their transaction had ended.`,
      'Await everything that a transaction does before it ends.',
    );
  };
  return {
    get changes() {
      return pick('changes');
    },
    get kpis() {
      return pick('kpis');
    },
    get events() {
      return pick('events');
    },
    get quarantine() {
      return pick('quarantine');
    },
    get sources() {
      return pick('sources');
    },
    get watch() {
      return pick('watch');
    },
    get interventions() {
      return pick('interventions');
    },
    get verdicts() {
      return pick('verdicts');
    },
    get ledger() {
      return pick('ledger');
    },
    get schedule() {
      return pick('schedule');
    },
    get tokens() {
      return pick('tokens');
    },
    get settings() {
      return pick('settings');
    },
  };
}
