import { GateError } from '../../contract/gate-error.ts';
import { type EpochMs, HOUR_MINUTES, minuteOf } from '../../domain/model/time.ts';
import { BadRows } from './bad-rows.ts';
import { measuredFields, neededFields, needsUnit } from './cells.ts';
import { EventIds } from './event-ids.ts';
import {
  type Columns,
  checkKeys,
  DEFAULT_COLUMNS,
  type Field,
  type FieldMap,
  resolveColumns,
  type WantedFields,
} from './fields.ts';
import type { ReadLimits } from './limits.ts';
import { MinuteCounts } from './minute-counts.ts';
import { type BadRow, contentOf, isBad, makeRowParser, type Row, type RowParser, type RowRules } from './parse-row.ts';
import { type FileSource, readRows } from './read-rows.ts';

/** Names of other KPIs or events that are repeated to the user. */
const SHOWN_OTHERS = 10;

/** What one reading of the file tells about it: all that must be known before its rows can be counted. */
export interface Survey {
  readonly columns: Columns;
  readonly ignored: readonly string[];
  readonly parse: RowParser;
  readonly rows: number;
  readonly bad: BadRows;
  readonly first: EpochMs;
  readonly last: EpochMs;
  /** Time of the first row with the change. */
  readonly firstOn: EpochMs;
  /** The most minutes by which a row comes after a newer one. */
  readonly disorder: number;
  readonly rowsByHour: ReadonlyMap<number, number>;
  /** Rows of KPIs or events that are not replayed, by name. */
  readonly others: ReadonlyMap<string, number>;
  readonly hasEventIds: boolean;
  readonly duplicates: MinuteCounts;
  readonly conflicts: ReadonlyMap<string, number>;
}

/**
 * Reads the file once: where its window begins, what is wrong with it, and which event ids come again.
 * @throws GateError invalid_input: no row can be read, none has the change, or a column is missing
 */
export async function surveyFile(
  source: FileSource,
  maps: readonly FieldMap[],
  rules: RowRules,
  limits: ReadLimits,
): Promise<Survey> {
  const bad = new BadRows();
  const others = new Map<string, number>();
  const rowsByHour = new Map<number, number>();
  const ids = new EventIds();
  const wanted = wantedFields(rules);
  let columns: Columns | null = null;
  let parse: RowParser | null = null;
  let [rows, first, last, firstOn, disorder] = [0, Infinity, -Infinity, Infinity, 0];
  const take = (row: Row) => {
    rows++;
    disorder = Math.max(disorder, minuteOf(last) - minuteOf(row.at));
    first = Math.min(first, row.at);
    last = Math.max(last, row.at);
    if (row.other !== null) {
      if (others.size < SHOWN_OTHERS || others.has(row.other)) others.set(row.other, (others.get(row.other) ?? 0) + 1);
      return;
    }
    if (row.variant === 'on') firstOn = Math.min(firstOn, row.at);
    const hour = Math.floor(minuteOf(row.at) / HOUR_MINUTES);
    rowsByHour.set(hour, (rowsByHour.get(hour) ?? 0) + 1);
    if (row.eventId !== null && ids.size < limits.ids) ids.add(row.eventId, contentOf(row), minuteOf(row.at));
  };
  const takeBad = (row: BadRow, line: number) => {
    bad.add(row, line);
    // The change was there, even if nothing says how it ended: rows without an outcome must not move the window.
    if (row.variant !== 'on' || row.at === null) return;
    first = Math.min(first, row.at);
    firstOn = Math.min(firstOn, row.at);
  };
  const keys = await readRows(source, maps, {
    header: (names) => {
      columns = resolveColumns(names, maps, source.name, wanted);
      parse = makeRowParser(columns, rules);
    },
    row: (values, line) => {
      const row = parse!(values);
      if (isBad(row)) takeBad(row, line);
      else take(row);
    },
    unreadable: (problem, found, allowed, line) => bad.add({ problem, found, allowed, at: null, variant: null }, line),
  });
  if (columns === null || parse === null || rows + bad.counts.total === 0) throw empty(source.name);
  const ignored =
    keys === null
      ? (columns as Columns).ignored
      : checkKeys(keys, maps, source.name, { ...wanted, needed: [...wanted.needed, ...neededKeys(keys, maps, rules)] });
  if (rows === 0) throw nothingReadable(source.name, bad);
  if (firstOn === Infinity) throw noTreatment(source.name, rows, others);
  const hasEventIds = (columns as Columns).at.event_id !== undefined && (keys === null || ids.size > 0);
  const repeats = await findRepeats(source, maps, parse, ids, { rows, limits });
  return {
    columns,
    parse,
    ignored,
    rows,
    bad,
    first,
    last,
    firstOn,
    disorder,
    rowsByHour,
    others,
    hasEventIds,
    ...repeats,
  };
}

function wantedFields({ kpis }: RowRules): WantedFields {
  const needed: readonly Field[] = kpis.some(needsUnit) ? ['time', 'unit', 'variant'] : ['time', 'variant'];
  return { measured: measuredFields(kpis), needed };
}

/** Keys that NDJSON needs besides: those of the KPI of rows that name none, unless rows name theirs. */
function neededKeys(keys: ReadonlySet<string>, maps: readonly FieldMap[], rules: RowRules): readonly Field[] {
  const names = (field: Field) =>
    maps.some((map) => map.field === field) || DEFAULT_COLUMNS[field].some((key) => keys.has(key));
  if (maps.some(({ kpiId }) => kpiId !== null) || names('kpi') || names('event')) return [];
  return neededFields(rules.kpis[rules.defaultKpi]!);
}

/** The repeated ids; when there are too many ids to be held at once, part after part. */
async function findRepeats(
  source: FileSource,
  maps: readonly FieldMap[],
  parse: RowParser,
  ids: EventIds,
  { rows, limits }: { readonly rows: number; readonly limits: ReadLimits },
): Promise<Pick<Survey, 'duplicates' | 'conflicts'>> {
  const duplicates = new MinuteCounts();
  if (ids.size < limits.ids) {
    ids.countDuplicates(duplicates);
    return { duplicates, conflicts: ids.conflicts };
  }
  const conflicts = new Map<string, number>();
  const parts = Math.ceil(rows / limits.ids) + 1;
  for (let part = 0; part < parts; part++) {
    const some = new EventIds(part, parts);
    await readRows(source, maps, {
      header: () => undefined,
      unreadable: () => undefined,
      row: (values) => {
        const row = parse(values);
        if (!isBad(row) && row.eventId !== null && row.other === null)
          some.add(row.eventId, contentOf(row), minuteOf(row.at));
      },
    });
    some.countDuplicates(duplicates);
    for (const [id, content] of some.conflicts) conflicts.set(id, content);
  }
  return { duplicates, conflicts };
}

function empty(name: string): GateError {
  return new GateError(
    'invalid_input',
    `${name} has no rows.`,
    'Export what happened: one row for each trial, below a header.',
  );
}

function nothingReadable(name: string, bad: BadRows): GateError {
  const [worst] = bad.shown;
  const why = worst ? ` Line ${worst.line}: ${worst.problem}: found "${worst.found}", allowed: ${worst.allowed}.` : '';
  return new GateError(
    'invalid_input',
    `${name}: none of its ${bad.counts.total} rows can be read.${why}`,
    'Correct the file, or say what its columns and values mean: --map, --value, --utc.',
  );
}

function noTreatment(name: string, rows: number, others: ReadonlyMap<string, number>): GateError {
  const other = others.size > 0 ? ` It has rows of: ${[...others.keys()].join(', ')}.` : '';
  return new GateError(
    'invalid_input',
    `${name}: none of the ${rows} rows that can be read is of a unit with the change, so there is no window.${other}`,
    'Mark the rows with the change in the variant column (on, treatment, 1, true or B), or map it: --map "<column>=variant".',
  );
}
