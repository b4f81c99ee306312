import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { type FilesConfig, FilesSourceSchema } from './config.ts';

/** One event as a file has it; a field that is left out is empty. */
export type FileEvent = Readonly<
  Partial<
    Record<'event' | 'change_id' | 'version_flag' | 'user_id' | 'user_cohort' | 'event_id' | 'status', string | null> &
      Record<'value' | 'latency_ms', number | string | null>
  >
> & { readonly timestamp: string };

const FIELDS = [
  'timestamp',
  'event',
  'change_id',
  'version_flag',
  'user_id',
  'user_cohort',
  'event_id',
  'status',
  'value',
  'latency_ms',
] as const;

/** A directory of its own with files in it. */
export class FilesDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<FilesDirectory> {
    return new FilesDirectory(await mkdtemp(join(tmpdir(), 'changegate-files-')));
  }

  /** Writes text; packs it when the name ends in .gz. */
  async write(name: string, content: string): Promise<void> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, name.endsWith('.gz') ? gzipSync(content) : content);
  }

  /** Writes events in the format that the ending says. */
  async writeEvents(name: string, events: readonly FileEvent[]): Promise<void> {
    if (/\.csv(\.gz)?$/.test(name)) return this.write(name, toCsv(events));
    if (/\.ndjson(\.gz)?$/.test(name)) return this.write(name, events.map((event) => JSON.stringify(event)).join('\n'));
    await this.write(`${name}.ndjson`, events.map((event) => JSON.stringify(event)).join('\n'));
    const types = FIELDS.map((field) => `"${field}": '${typeOf(field)}'`).join(', ');
    const source = `read_json('${join(this.path, `${name}.ndjson`)}', format = 'newline_delimited', columns = {${types}})`;
    await this.sql(`COPY (SELECT * FROM ${source}) TO '${join(this.path, name)}' (FORMAT parquet)`);
    await rm(join(this.path, `${name}.ndjson`));
  }

  /** Runs a statement in a DuckDB that may do everything. */
  async sql(statement: string): Promise<void> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(statement);
    connection.closeSync();
    instance.closeSync();
  }

  config(more: object): FilesConfig {
    return FilesSourceSchema.parse({ type: 'files', directory: this.path, ...more });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

function typeOf(field: (typeof FIELDS)[number]): string {
  if (field === 'timestamp') return 'TIMESTAMP';
  return field === 'value' || field === 'latency_ms' ? 'DOUBLE' : 'VARCHAR';
}

function toCsv(events: readonly FileEvent[]): string {
  const cell = (value: unknown) =>
    value === undefined || value === null ? '' : `"${String(value).replaceAll('"', '""')}"`;
  return [FIELDS.join(','), ...events.map((event) => FIELDS.map((field) => cell(event[field])).join(','))].join('\n');
}
