import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { DEFAULT_COLUMNS, FIELDS, type FieldMap } from './fields.ts';
import { LONGEST_ROW, type RowHandler, SHOWN } from './row-handler.ts';

/** Keys are remembered to be named in a message; more than this many different ones are no table. */
const MOST_KEYS = 200;

/** One column of the table that the objects are read as: the first key that is there gives the value. */
interface Source {
  readonly column: string;
  readonly keys: readonly string[];
}

/** Reads JSON lines as a table: a column for each mapped key, and one for each field that is not mapped. */
export class NdjsonReader extends Writable {
  readonly keys = new Set<string>();
  readonly #handler: RowHandler;
  readonly #sources: readonly Source[];
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #line = 0;

  constructor(maps: readonly FieldMap[], handler: RowHandler) {
    super();
    this.#handler = handler;
    this.#sources = sourcesOf(maps);
    handler.header(this.#sources.map(({ column }) => column));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#run(done, () => {
      const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
      // The rest of an endless line is an unreadable line of its own, so that it never piles up.
      if (this.#rest.length > LONGEST_ROW) this.#take(this.#rest.slice(0, SHOWN));
      if (this.#rest.length > LONGEST_ROW) this.#rest = '';
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#run(done, () => this.#take(this.#rest + this.#decoder.end()));
  }

  #run(done: (error?: Error | null) => void, work: () => void): void {
    try {
      work();
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  #take(text: string): void {
    this.#line++;
    const line = this.#line === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
    if (line.trim() === '') return;
    const fields = parseObject(line);
    if (fields === null) {
      const found = line.slice(0, SHOWN);
      this.#handler.unreadable('The line is no JSON object', found, 'one JSON object on each line', this.#line);
      return;
    }
    if (this.keys.size < MOST_KEYS) for (const key of Object.keys(fields)) this.keys.add(key);
    this.#handler.row(
      this.#sources.map(({ keys }) => textOf(fields, keys)),
      this.#line,
    );
  }
}

function sourcesOf(maps: readonly FieldMap[]): readonly Source[] {
  const mapped = new Set(maps.map(({ column }) => column));
  const fields = new Set(maps.map(({ field }) => field));
  return [
    ...[...mapped].map((column) => ({ column, keys: [column] })),
    ...FIELDS.filter((field) => !fields.has(field)).flatMap((field) => {
      const keys = DEFAULT_COLUMNS[field].filter((key) => !mapped.has(key));
      return keys[0] === undefined ? [] : [{ column: keys[0], keys }];
    }),
  ];
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function textOf(fields: Record<string, unknown>, keys: readonly string[]): string {
  const key = keys.find((name) => Object.hasOwn(fields, name) && fields[name] !== null);
  const value = key === undefined ? null : fields[key];
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
