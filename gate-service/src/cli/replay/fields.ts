import { GateError } from '../../contract/gate-error.ts';

/** What a column can mean. */
export const FIELDS = ['time', 'unit', 'variant', 'outcome', 'kpi', 'event', 'cohort', 'event_id'] as const;
export type Field = (typeof FIELDS)[number];

/** Column names that need no --map, the preferred one first; capitals don't matter. */
export const DEFAULT_COLUMNS: Readonly<Record<Field, readonly string[]>> = {
  time: ['time', 'timestamp'],
  unit: ['unit', 'user_id'],
  variant: ['variant', 'version_flag'],
  outcome: ['outcome', 'status', 'success'],
  kpi: ['kpi'],
  event: ['event'],
  cohort: ['cohort', 'user_cohort'],
  event_id: ['event_id'],
};
const NEEDED = ['time', 'unit', 'variant'] as const satisfies readonly Field[];

/** `--map column=field`; `outcome:<kpi>` is the outcome of one of several KPIs that a row is a trial of. */
export interface FieldMap {
  readonly column: string;
  readonly field: Field;
  /** Only with `outcome`. */
  readonly kpiId: string | null;
}

/** Where each value of a row stands: positions in the header. */
export interface Columns {
  readonly at: Readonly<Partial<Record<Field, number>>>;
  readonly outcomes: readonly { readonly kpiId: string; readonly at: number }[];
  /** Columns that mean nothing here. */
  readonly ignored: readonly string[];
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
  const fits = field !== undefined && (kpiId === null || (field === 'outcome' && kpiId !== ''));
  if (cut > 0 && column !== '' && fits) return { column, field, kpiId };
  throw new GateError(
    'invalid_input',
    `--map ${text} is not column=field; fields are ${FIELDS.join(', ')} and outcome:<kpi>.`,
    'Write for example: --map "booked at=time" --map job_id=unit',
  );
}

/**
 * Finds the columns of a file.
 * @param header the names of the columns in their order
 * @throws       GateError invalid_input: a column that is missing, is there twice, or is mapped twice
 */
export function resolveColumns(header: readonly string[], maps: readonly FieldMap[], file: string): Columns {
  const names = header.map((name) => name.trim());
  const find = (column: string): number => {
    const places = names.flatMap((name, place) => (name.toLowerCase() === column.toLowerCase() ? [place] : []));
    if (places.length > 1) throw badColumns(`The column ${column} is there ${places.length} times.`, names, file);
    return places[0] ?? -1;
  };
  const at: Partial<Record<Field, number>> = {};
  const outcomes: { kpiId: string; at: number }[] = [];
  for (const { column, field, kpiId } of maps) {
    const place = find(column);
    if (place < 0) throw badColumns(`--map names the column ${column}, which is not there.`, names, file);
    if (kpiId !== null) outcomes.push({ kpiId, at: place });
    else if (at[field] === undefined) at[field] = place;
    else throw badColumns(`--map gives two columns the field ${field}.`, names, file);
  }
  const mapped = new Set([...Object.values(at), ...outcomes.map((outcome) => outcome.at)]);
  for (const field of FIELDS) {
    if (field === 'outcome' && outcomes.length > 0) continue;
    const place = DEFAULT_COLUMNS[field].map(find).find((found) => found >= 0 && !mapped.has(found));
    if (at[field] === undefined && place !== undefined) at[field] = place;
  }
  const missing = NEEDED.find((field) => at[field] === undefined);
  if (missing !== undefined) throw missingColumn(missing, names, file);
  if (at.outcome === undefined && outcomes.length === 0) throw missingColumn('outcome', names, file);
  const used = new Set([...Object.values(at), ...outcomes.map((outcome) => outcome.at)]);
  return { at, outcomes, ignored: names.filter((_, place) => !used.has(place)) };
}

/**
 * Holds the keys that the objects of an NDJSON file had against what is needed.
 * @returns     the keys that mean nothing here
 * @throws      GateError invalid_input, when a needed or a mapped one was in no object
 */
export function checkKeys(keys: ReadonlySet<string>, maps: readonly FieldMap[], file: string): readonly string[] {
  const names = [...keys].toSorted();
  const unknown = maps.find(({ column }) => !keys.has(column));
  if (unknown) throw badColumns(`--map names the key ${unknown.column}, which is in no line.`, names, file);
  const missing = [...NEEDED, 'outcome' as const].find(
    (field) => !maps.some((map) => map.field === field) && !DEFAULT_COLUMNS[field].some((key) => keys.has(key)),
  );
  if (missing !== undefined) throw missingColumn(missing, names, file);
  const used = new Set([...maps.map(({ column }) => column), ...Object.values(DEFAULT_COLUMNS).flat()]);
  return names.filter((name) => !used.has(name));
}

function missingColumn(field: Field, names: readonly string[], file: string): GateError {
  const allowed = DEFAULT_COLUMNS[field].join(' or ');
  return badColumns(`There is no column for the ${field} (${allowed}).`, names, file, `--map "<column>=${field}"`);
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
