import type { Measure } from '../../../contract/kpi-measure.ts';
import { isPerUnit } from '../../../domain/model/measure.ts';
import type { SourceQuestion } from '../../../ports/metric-source.ts';
import { type ColumnField, DEFAULT_COLUMNS, type FileFormat, type FilesConfig } from './config.ts';
import { alike, FilesFault } from './fault.ts';
import { identifier, text, texts } from './sql-text.ts';

type Columns = { readonly [Field in ColumnField]?: string | undefined };

/** Some files of one kind, and which events of a KPI they have. */
export interface Scan {
  /** What the configuration calls them. */
  readonly pattern: string;
  readonly paths: readonly string[];
  readonly format: FileFormat;
  readonly delimiter: string;
  readonly columns: Columns;
  /** Events of the KPI that are counted from these files. */
  readonly events: readonly string[];
  /** Null: a column says which event a row is; else every row is this one, or those that the column calls so. */
  readonly only: { readonly event: string; readonly called: string | null } | null;
  /** Events that have files of their own and are not counted from these. */
  readonly elsewhere: readonly string[];
}

/** A field of these files: its column and type, or null where it may be left out and is. */
export type Fields = Readonly<Partial<Record<ColumnField, { readonly column: string; readonly type: string }>>>;

/** Rows of NDJSON that are looked at first for what columns there are. */
const SAMPLE_ROWS = 100_000;

/**
 * DuckDB's table function over the files. Texts stay texts: a sniffer's guess about a type is a guess about data.
 * @param wanted columns to be read as texts; only of NDJSON, where null asks what columns there are
 */
export function tableOf(scan: Scan, wanted: readonly string[] | null, sample = SAMPLE_ROWS): string {
  const paths = `[${texts(scan.paths)}]`;
  switch (scan.format) {
    case 'parquet':
      return `read_parquet(${paths}, union_by_name = true, hive_partitioning = false)`;
    case 'csv':
      return `read_csv(${paths}, delim = ${text(scan.delimiter)}, quote = '"', escape = '"', comment = '', skip = 0, header = true, nullstr = '', all_varchar = true, union_by_name = true, hive_partitioning = false)`;
    case 'ndjson': {
      const columns = wanted?.map((name) => `${identifier(name)}: 'VARCHAR'`).join(', ');
      const shape = columns
        ? `columns = {${columns}}`
        : `union_by_name = true, maximum_depth = 1, sample_size = ${sample}`;
      return `read_json(${paths}, format = 'newline_delimited', ${shape}, hive_partitioning = false)`;
    }
    default:
      return scan.format satisfies never;
  }
}

/** The statement whose columns are those of the files; `sample` rows of NDJSON are looked at, -1 for all. */
export function columnsSql(scan: Scan, sample?: number): string {
  return `SELECT * FROM ${tableOf(scan, null, sample)} LIMIT 0`;
}

/** Fields that a question cannot do without, in these files. */
export function requiredFields(scan: Scan, { kpi: { measure }, changeId }: SourceQuestion): readonly ColumnField[] {
  const names = measure.type === 'rate' ? [measure.of, measure.count] : [measure.of];
  const served = changeId !== null && scan.events.some((event) => names.includes(event));
  return [
    'time',
    ...(scan.only ? [] : (['event'] as const)),
    ...(served ? (['change', 'variant'] as const) : []),
    ...(isPerUnit(measure) ? (['unit'] as const) : []),
    ...(measure.type === 'proportion' && measure.counts && scan.events.includes(measure.of)
      ? (['status'] as const)
      : []),
    ...(valueEvents(measure).some((event) => scan.events.includes(event)) ? (['value'] as const) : []),
    ...(measure.type === 'quantile' ? (['latency_ms'] as const) : []),
  ];
}

/**
 * Finds the columns of the fields.
 * @param found columns of the files with their types
 * @throws FilesFault bad_query for a column that is needed, or named in the configuration, and is not there
 */
export function resolveFields(
  scan: Scan,
  required: readonly ColumnField[],
  found: ReadonlyMap<string, string>,
  sql: string,
): Fields {
  const fields = Object.keys(DEFAULT_COLUMNS) as ColumnField[];
  const entries = fields.flatMap((field) => {
    if (field === 'event' && scan.only && scan.only.called === null) return [];
    const column = scan.columns[field] ?? DEFAULT_COLUMNS[field];
    const type = found.get(column);
    if (type !== undefined) return [[field, { column, type }] as const];
    if (!required.includes(field) && scan.columns[field] === undefined) return [];
    throw new FilesFault(
      'bad_query',
      `there is no column ${column} (${field}) in ${scan.pattern}; ${alike(column, [...found.keys()])} Correct columns.${field} in the configuration of the source. Asked: ${sql}`,
    );
  });
  return Object.fromEntries(entries);
}

/** Events whose `value` is read. */
export function valueEvents(measure: Measure): readonly string[] {
  const amounts =
    measure.type === 'ratio'
      ? [measure.numerator, measure.denominator]
      : measure.type === 'mean' || measure.type === 'gauge'
        ? [measure.amount]
        : [];
  return amounts.filter(({ add }) => add === 'value').map(({ event }) => event);
}

/** What the configuration says about the files of a KPI's events; paths are found later. */
export function scansOf(config: FilesConfig, events: readonly string[]): readonly Omit<Scan, 'paths' | 'format'>[] {
  const own = events.filter((event) => Object.hasOwn(config.events, event));
  const shared = events.filter((event) => !own.includes(event));
  if (shared.length > 0 && config.files === undefined)
    throw new FilesFault(
      'not_configured',
      `nothing says where the event ${shared[0]} is; ${alike(shared[0]!, Object.keys(config.events))} Add events.${shared[0]} or files to the configuration of the source`,
    );
  const { delimiter, columns } = config;
  const all = { pattern: config.files!, delimiter, columns, events: shared, only: null };
  return [
    ...(shared.length > 0 ? [{ ...all, elsewhere: Object.keys(config.events) }] : []),
    ...own.map((event) => {
      const { files, columns: named, delimiter: mark, called } = config.events[event]!;
      const only = { event, called: named.event === undefined ? null : (called ?? event) };
      return {
        pattern: files,
        delimiter: mark,
        columns: { ...columns, event: undefined, ...named },
        events: [event],
        only,
        elsewhere: [],
      };
    }),
  ];
}
