import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as DuckDB from '@duckdb/node-api';
import { FilesFault } from './fault.ts';
import { text } from './sql-text.ts';

const INSTALL = 'npm install @duckdb/node-api@1.5.4-r.1';

export type Row = Readonly<Record<string, unknown>>;

export interface EngineOptions {
  /** The only directory that may be read, without links. */
  readonly directory: string;
  readonly memoryMb: number;
  readonly tempMb: number;
  readonly threads: number;
  /** How the package is loaded; tests take it away. */
  readonly load?: () => Promise<typeof DuckDB>;
}

/** Answers of DuckDB: rows as plain values, columns with their types as DuckDB writes them. */
export interface EngineAnswer {
  readonly rows: readonly Row[];
  readonly columns: ReadonlyMap<string, string>;
}

/**
 * DuckDB in this process, locked down: it reads one directory, loads no extension, opens no connection, and nobody can
 * change that again. One SELECT at a time is all that it runs, so that it writes nothing either.
 */
export class Engine {
  readonly #duckdb: typeof DuckDB;
  readonly #instance: DuckDB.DuckDBInstance;
  readonly #temp: string;

  private constructor(duckdb: typeof DuckDB, instance: DuckDB.DuckDBInstance, temp: string) {
    this.#duckdb = duckdb;
    this.#instance = instance;
    this.#temp = temp;
  }

  /** @throws FilesFault not_configured without the optional package */
  static async open(options: EngineOptions): Promise<Engine> {
    const duckdb = await loadDuckDB(options.load);
    const temp = await mkdtemp(join(tmpdir(), 'changegate-duckdb-'));
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      memory_limit: `${options.memoryMb}MB`,
      threads: String(options.threads),
      temp_directory: temp,
      max_temp_directory_size: `${options.tempMb}MB`,
      preserve_insertion_order: 'false',
    });
    const connection = await instance.connect();
    for (const setting of lockDown(options.directory)) await connection.run(setting);
    connection.disconnectSync();
    return new Engine(duckdb, instance, temp);
  }

  /**
   * One SELECT, interrupted at the deadline.
   * @throws FilesFault deadline, refused (anything but one SELECT), too_large, bad_schema, unreachable or bad_query
   */
  async select(sql: string, deadlineMs: number): Promise<EngineAnswer> {
    const connection = await this.#instance.connect();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => {
        connection.interrupt();
        late.reject(new FilesFault('deadline', 'the query took too long; see deadline_seconds, or use Parquet files'));
      },
      Math.max(0, deadlineMs),
    );
    const work = this.#run(connection, sql).finally(() => {
      clearTimeout(timer);
      connection.disconnectSync();
    });
    return Promise.race([work, late.promise]);
  }

  async close(): Promise<void> {
    this.#instance.closeSync();
    await rm(this.#temp, { recursive: true, force: true });
  }

  async #run(connection: DuckDB.DuckDBConnection, sql: string): Promise<EngineAnswer> {
    try {
      const statements = await connection.extractStatements(sql);
      if (statements.count !== 1) throw new FilesFault('refused', 'allowed: one statement');
      const prepared = await statements.prepare(0);
      if (prepared.statementType !== this.#duckdb.StatementType.SELECT)
        throw new FilesFault('refused', 'allowed: SELECT, nothing else');
      const reader = await prepared.runAndReadAll();
      const types = reader.columnTypes();
      const columns = new Map(reader.columnNames().map((name, i) => [name, String(types[i])]));
      return { rows: reader.getRowObjectsJS(), columns };
    } catch (error) {
      throw error instanceof FilesFault ? error : toFault(String((error as Error).message));
    }
  }
}

/** In this order: after the second nothing outside can be opened, after the last no setting can be changed. */
export function lockDown(directory: string): readonly string[] {
  return [
    "SET TimeZone = 'UTC'",
    `SET allowed_directories = [${text(`${directory.replace(/\/$/, '')}/`)}]`,
    'SET enable_external_access = false',
    'SET lock_configuration = true',
  ];
}

async function loadDuckDB(load = () => import('@duckdb/node-api')): Promise<typeof DuckDB> {
  try {
    return await load();
  } catch {
    throw new FilesFault('not_configured', `files need the optional package DuckDB; install it: ${INSTALL}`);
  }
}

/** DuckDB's messages quote the line that they are about: only the kind and the place of it are told. */
export function toFault(message: string): FilesFault {
  const kind = /^[A-Z][A-Za-z ]{2,40}(?= Error\b)/.exec(message)?.[0] ?? 'Unknown';
  const line = /\b[Ll]ine:? (\d+)/.exec(message)?.[1];
  const file = /(?:file |File Name: |file name )"?'?([^"'\n]*?\/)?([^"'/\n]+\.[a-z.]+)/i.exec(message)?.[2];
  const place = `${file ? ` in ${file}` : ''}${line && !/^(Parser|Binder|Catalog)/.test(kind) ? `, line ${line}` : ''}`;
  switch (kind) {
    case 'Out of Memory':
      return new FilesFault('too_large', 'the question needs more memory and disk than memory_mb and temp_mb allow');
    case 'INTERRUPT':
      return new FilesFault('deadline', 'the query was interrupted');
    case 'Permission':
      return new FilesFault('refused', 'DuckDB refused to open something outside of the directory');
    case 'IO':
      return new FilesFault('unreachable', `a file cannot be read${place}; it was moved, cut short or is not readable`);
    case 'Invalid Input':
    case 'Conversion':
      return new FilesFault('bad_schema', `a file is not what its format says${place}; mend or remove it`);
    default:
      return new FilesFault('bad_query', `DuckDB: ${kind} error${place}`);
  }
}
