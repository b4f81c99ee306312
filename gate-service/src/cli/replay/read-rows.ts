import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type CsvError, parse } from 'csv-parse';
import { GateError } from '../../contract/gate-error.ts';
import type { FieldMap } from './fields.ts';
import { NdjsonReader } from './ndjson-reader.ts';
import { LONGEST_ROW, type RowHandler, SHOWN } from './row-handler.ts';

export type FileFormat = 'csv' | 'ndjson';

export interface FileSource {
  /** As the user wrote it, for messages. */
  readonly name: string;
  readonly path: string;
  readonly format: FileFormat;
  readonly gzip: boolean;
  readonly delimiter: string;
}

const CHUNK_BYTES = 256 * 1024;

/** Looks at the first bytes of a file. @throws GateError invalid_input: it cannot be read, or is no text */
export async function openSource(
  name: string,
  path: string,
  options: { readonly format?: FileFormat; readonly delimiter: string },
): Promise<FileSource> {
  const first = Buffer.alloc(2);
  try {
    const file = await open(path);
    await file.read(first, 0, 2, 0).finally(() => file.close());
  } catch (error) {
    throw unreadable(name, error);
  }
  const gzip = first[0] === 0x1f && first[1] === 0x8b;
  const encoded = (first[0] === 0xff && first[1] === 0xfe) || (first[0] === 0xfe && first[1] === 0xff);
  if (encoded || first.toString('latin1') === 'PK') {
    const kind = encoded ? 'text in UTF-16' : 'a zip file, such as a spreadsheet';
    throw new GateError('invalid_input', `${name} is ${kind}.`, 'Export it as CSV in UTF-8.');
  }
  const isNdjson = /\.(?:ndjson|jsonl)(?:\.gz)?$/i.test(name) || (!gzip && first[0] === 0x7b);
  return { name, path, format: options.format ?? (isNdjson ? 'ndjson' : 'csv'), gzip, delimiter: options.delimiter };
}

/**
 * Reads a file from its beginning to its end, a chunk at a time.
 * @returns  the keys that NDJSON objects had; null for CSV, whose header says it beforehand
 * @throws GateError invalid_input: it cannot be read, is no gzip, or the handler refused it
 */
export async function readRows(
  source: FileSource,
  maps: readonly FieldMap[],
  handler: RowHandler,
): Promise<ReadonlySet<string> | null> {
  const bytes = createReadStream(source.path, { highWaterMark: CHUNK_BYTES });
  const reader = source.format === 'csv' ? csvReader(source, handler) : new NdjsonReader(maps, handler);
  try {
    await (source.gzip ? pipeline(bytes, createGunzip(), reader) : pipeline(bytes, reader));
    return reader instanceof NdjsonReader ? reader.keys : null;
  } catch (error) {
    throw error instanceof GateError ? error : unreadable(source.name, error);
  }
}

function csvReader(source: FileSource, handler: RowHandler): Writable {
  let width = 0;
  let line = 0;
  const parser = parse({
    bom: true,
    delimiter: source.delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: LONGEST_ROW,
    on_skip: (error) => {
      const at = Number(error?.lines ?? line + 1);
      if (width === 0 || error?.code === 'CSV_QUOTE_NOT_CLOSED' || error?.code === 'CSV_MAX_RECORD_SIZE') {
        throw notCsv(source.name, error, at);
      }
      handler.unreadable('The row is not CSV', error?.message.slice(0, SHOWN) ?? '', 'quotes closed and doubled', at);
    },
    on_record: (record: string[], { lines }) => {
      line = lines;
      if (width === 0) {
        width = record.length;
        handler.header(record);
      } else if (record.length === width) handler.row(record, lines);
      else handler.unreadable('The row has another number of columns', String(record.length), String(width), lines);
      return null;
    },
  });
  parser.resume();
  return parser;
}

function notCsv(name: string, error: CsvError | undefined, line: number): GateError {
  const what = error?.code === 'CSV_QUOTE_NOT_CLOSED' ? 'a quote is never closed' : (error?.message ?? 'it is not CSV');
  return new GateError(
    'invalid_input',
    `${name} cannot be read as CSV at line ${line}: ${what.slice(0, 200)}.`,
    'Close every quote, and double quotes inside of quotes; for JSON lines say --format ndjson.',
  );
}

function unreadable(name: string, error: unknown): GateError {
  const why = error instanceof Error ? error.message : String(error);
  return new GateError(
    'invalid_input',
    `${name} cannot be read: ${why}.`,
    'Check the path, and that the file is whole.',
    {
      cause: error,
    },
  );
}
