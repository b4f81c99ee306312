import { GateError } from '../../contract/gate-error.ts';
import { nearest } from '../../contract/nearest.ts';

/** What a column can mean. */
export const FIELDS = [
  'time',
  'unit',
  'variant',
  'outcome',
  'value',
  'numerator',
  'denominator',
  'count',
  'exposure',
  'latency_ms',
  'kpi',
  'event',
  'cohort',
  'event_id',
] as const;
export type Field = (typeof FIELDS)[number];

/** Column names that need no --map, the preferred one first; capitals don't matter. */
export const DEFAULT_COLUMNS: Readonly<Record<Field, readonly string[]>> = {
  time: ['time', 'timestamp'],
  unit: ['unit', 'user_id'],
  variant: ['variant', 'version_flag'],
  outcome: ['outcome', 'status', 'success'],
  value: ['value', 'amount'],
  numerator: ['numerator'],
  denominator: ['denominator'],
  count: ['count'],
  exposure: ['exposure'],
  latency_ms: ['latency_ms'],
  kpi: ['kpi'],
  event: ['event'],
  cohort: ['cohort', 'user_cohort'],
  event_id: ['event_id'],
};
/** Fields that any row has, whatever KPI it is of. */
const COMMON = ['time', 'unit', 'variant', 'kpi', 'event', 'cohort', 'event_id'] as const satisfies readonly Field[];

/** `--map column=field`; `outcome:<kpi>` is the outcome of one of several KPIs that a row is a trial of. */
export interface FieldMap {
  readonly column: string;
  readonly field: Field;
  /** Only with a field that says how a trial ended, such as `outcome`. */
  readonly kpiId: string | null;
}

/** Where each value of a row stands: positions in the header. */
export interface Columns {
  readonly at: Readonly<Partial<Record<Field, number>>>;
  /** Columns of one KPI: with any of these, a row is a trial of each KPI that has one. */
  readonly own: readonly { readonly kpiId: string; readonly field: Field; readonly at: number }[];
  /** Columns that mean nothing here. */
  readonly ignored: readonly string[];
  readonly names: readonly string[];
  /** The file's name, for messages. */
  readonly file: string;
}

/** The fields that the replayed KPIs can have in a row, and those that the file cannot do without. */
export interface WantedFields {
  readonly measured: readonly Field[];
  readonly needed: readonly Field[];
}

/** @throws GateError invalid_input, with what is allowed */
export function parseFieldMap(text: string): FieldMap {
  const cut = text.lastIndexOf('=');
  const column = text.slice(0, cut).trim();
  const [name = '', kpiId = null] = text
    .slice(cut + 1)
    .trim()
    .split(':', 2);
  const field = FIELDS.find((known) => known === name);
  const isCommon = COMMON.some((known) => known === field);
  const fits = field !== undefined && (kpiId === null || (!isCommon && kpiId !== ''));
  if (cut > 0 && column !== '' && fits) return { column, field, kpiId };
  const near = nearest(name, FIELDS, 1)[0];
  throw new GateError(
    'invalid_input',
    `--map ${text} is not column=field; fields are ${FIELDS.join(', ')}, and for one of several KPIs outcome:<kpi> (or value, latency_ms …).`,
    near !== undefined && near !== name && cut > 0
      ? `Did you mean --map "${column}=${near}"?`
      : 'Write for example: --map "booked at=time" --map job_id=unit',
  );
}

/**
 * Finds the columns of a file.
 * @param header the names of the columns in their order
 * @throws       GateError invalid_input: a column that is missing, is there twice, or is mapped twice
 */
export function resolveColumns(
  header: readonly string[],
  maps: readonly FieldMap[],
  file: string,
  { measured, needed }: WantedFields,
): Columns {
  const names = header.map((name) => name.trim());
  const find = (column: string): number => {
    const places = names.flatMap((name, place) => (name.toLowerCase() === column.toLowerCase() ? [place] : []));
    if (places.length > 1) throw badColumns(`The column ${column} is there ${places.length} times.`, names, file);
    return places[0] ?? -1;
  };
  const at: Partial<Record<Field, number>> = {};
  const own: { kpiId: string; field: Field; at: number }[] = [];
  for (const { column, field, kpiId } of maps) {
    const place = find(column);
    if (place < 0) throw badColumns(`--map names the column ${column}, which is not there.`, names, file);
    if (kpiId !== null) {
      if (own.some((one) => one.kpiId === kpiId && one.field === field))
        throw badColumns(`--map gives two columns the field ${field}:${kpiId}.`, names, file);
      own.push({ kpiId, field, at: place });
    } else if (at[field] === undefined) at[field] = place;
    else throw badColumns(`--map gives two columns the field ${field}.`, names, file);
  }
  const mapped = new Set([...Object.values(at), ...own.map((one) => one.at)]);
  for (const field of FIELDS) {
    const isWanted = COMMON.some((known) => known === field) || measured.includes(field);
    if (!isWanted || own.some((one) => one.field === field)) continue;
    const place = DEFAULT_COLUMNS[field].map(find).find((found) => found >= 0 && !mapped.has(found));
    if (at[field] === undefined && place !== undefined) at[field] = place;
  }
  const missing = needed.find((field) => at[field] === undefined);
  if (missing !== undefined) throw missingColumn(missing, names, file, null);
  const used = new Set([...Object.values(at), ...own.map((one) => one.at)]);
  return { at, own, ignored: names.filter((_, place) => !used.has(place)), names, file };
}

/**
 * Holds the keys that the objects of an NDJSON file had against what is needed.
 * @returns     the keys that mean nothing here
 * @throws      GateError invalid_input, when a needed or a mapped one was in no object
 */
export function checkKeys(
  keys: ReadonlySet<string>,
  maps: readonly FieldMap[],
  file: string,
  { measured, needed }: WantedFields,
): readonly string[] {
  const names = [...keys].toSorted();
  const unknown = maps.find(({ column }) => !keys.has(column));
  if (unknown) throw badColumns(`--map names the key ${unknown.column}, which is in no line.`, names, file);
  const missing = needed.find(
    (field) => !maps.some((map) => map.field === field) && !DEFAULT_COLUMNS[field].some((key) => keys.has(key)),
  );
  if (missing !== undefined) throw missingColumn(missing, names, file, null);
  const fields = [...COMMON, ...measured];
  const used = new Set([...maps.map(({ column }) => column), ...fields.flatMap((field) => DEFAULT_COLUMNS[field])]);
  return names.filter((name) => !used.has(name));
}

/** The KPI that lacks a column; `isOwn` when it has others of its own. */
export interface LackingKpi {
  readonly kpiId: string;
  readonly type: string;
  readonly isOwn: boolean;
}

/** The error for a column that is not there, with the columns that may be meant. */
export function missingColumn(
  field: Field,
  names: readonly string[],
  file: string,
  lacking: LackingKpi | null,
): GateError {
  const allowed = DEFAULT_COLUMNS[field].join(' or ');
  const whose = lacking === null ? '' : `; ${lacking.kpiId} is a ${lacking.type} and needs it`;
  const near = [
    ...DEFAULT_COLUMNS[field].flatMap((name) => nearest(name, names)),
    ...names.filter((name) => name.length > 2 && (name.includes(field) || field.includes(name.toLowerCase()))),
  ][0];
  const meant = near === undefined ? '' : ` Did you mean "${near.slice(0, 60)}"?`;
  const target = lacking?.isOwn ? `${field}:${lacking.kpiId}` : field;
  return badColumns(
    `There is no column for the ${field} (${allowed}${whose}).${meant}`,
    names,
    file,
    `--map "${near?.slice(0, 60) ?? '<column>'}=${target}"`,
  );
}

function badColumns(what: string, names: readonly string[], file: string, map?: string): GateError {
  const shown = names.slice(0, 30).map((name) => `"${name.slice(0, 60)}"`);
  const separators =
    names.length === 1 ? [';', '\t', '|'].find((separator) => names[0]?.includes(separator)) : undefined;
  const found = `${file}: ${what} The columns are: ${shown.join(', ') || 'none'}.`;
  if (separators !== undefined) {
    const name = separators === '\t' ? 'tab' : separators;
    return new GateError(
      'invalid_input',
      `${found} They seem to be separated by "${name}"; a comma is expected.`,
      `Say so: --delimiter "${name}"`,
    );
  }
  return new GateError('invalid_input', found, map ? `Name the column: ${map}` : 'Correct the file or the option.');
}
