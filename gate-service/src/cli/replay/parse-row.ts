import type { Kpi } from '../../contract/kpi-registry.ts';
import { type EpochMs, minuteOf } from '../../domain/model/time.ts';
import type { Variant } from '../../domain/model/variant.ts';
import { type Cell, cellsOf, checkOwnColumns, needsUnit } from './cells.ts';
import { type Columns, DEFAULT_COLUMNS, type Field } from './fields.ts';
import { parseTime, TIME_ALLOWED, VARIANT_ALLOWED, type Vocabulary, ZONE_ALLOWED } from './parse-value.ts';
import { type CellValues, readCells } from './read-cells.ts';

const LONGEST_UNIT = 200;

/** One trial of a row: the position of its KPI, and what the row says of it. */
export interface RowTrial extends Pick<CellValues, 'y' | 'd'> {
  readonly kpi: number;
}

/** One row of the file, read. Rows of other KPIs than those that are replayed have no trial and name the other. */
export interface Row {
  readonly at: EpochMs;
  /** Empty for a level or a count of nobody. */
  readonly unit: string;
  readonly variant: Variant | null;
  /** Empty when the row names none. */
  readonly cohort: string;
  readonly trials: readonly RowTrial[];
  readonly eventId: string | null;
  /** Whether one of its values is empty, and on the user's word no success or 0. */
  readonly hasEmpty: boolean;
  readonly other: string | null;
}

/** Why a row cannot be read; `at` is its time and `variant` its variant where these could be read. */
export interface BadRow {
  readonly problem: string;
  readonly found: string;
  readonly allowed: string;
  readonly at: EpochMs | null;
  readonly variant: Variant | null;
}

export interface RowRules {
  readonly kpis: readonly Kpi[];
  /** Position of the KPI of rows that name none. */
  readonly defaultKpi: number;
  readonly utc: boolean;
  readonly vocabulary: Vocabulary;
}

export type RowParser = (values: readonly string[]) => Row | BadRow;

export function isBad(row: Row | BadRow): row is BadRow {
  return 'problem' in row;
}

/**
 * Makes the function that reads the values of one row, given in the order of the columns. It throws (GateError
 * invalid_input) when a row is of a KPI for which the file has no column.
 */
export function makeRowParser(columns: Columns, rules: RowRules): RowParser {
  const { kpis, defaultKpi, vocabulary, utc } = rules;
  checkOwnColumns(columns, kpis);
  const cells = new Map<number, readonly Cell[]>();
  const cellsFor = (kpi: number): readonly Cell[] => {
    const known = cells.get(kpi) ?? cellsOf(columns, kpis[kpi]!);
    cells.set(kpi, known);
    return known;
  };
  const ids = new Set(columns.own.map(({ kpiId }) => kpiId));
  const own = kpis.flatMap(({ id }, kpi) => (ids.has(id) ? [kpi] : []));
  if (columns.at.kpi === undefined && columns.at.event === undefined && own.length === 0) cellsFor(defaultKpi);
  for (const kpi of own) cellsFor(kpi);
  const value = (values: readonly string[], field: Field) => {
    const at = columns.at[field];
    return at === undefined ? '' : (values[at] ?? '').trim();
  };
  /** Positions of the row's KPIs, or the name of one that is not replayed. */
  const named = (values: readonly string[]): readonly number[] | string => {
    const kpiId = value(values, 'kpi');
    const event = value(values, 'event');
    if (kpiId === '' && event === '') return [defaultKpi];
    const found = kpis.flatMap(({ id, measure }, position) =>
      (kpiId === '' ? measure.of === event : id === kpiId) ? [position] : [],
    );
    return found.length > 0 ? found : kpiId || event;
  };
  return (values) => {
    const time = value(values, 'time');
    const at = parseTime(time, utc);
    if (at === 'invalid') return bad('The time cannot be read', time, TIME_ALLOWED, null);
    if (at === 'zone') return bad('The time has no time zone', time, ZONE_ALLOWED, null);
    const unit = value(values, 'unit');
    const positions = own.length > 0 ? own : named(values);
    const isOfNobody = unit === '' && typeof positions !== 'string' && !positions.some((kpi) => needsUnit(kpis[kpi]!));
    if ((unit === '' && !isOfNobody) || unit.length > LONGEST_UNIT)
      return bad('The unit cannot be used', unit, `1 to ${LONGEST_UNIT} characters`, at);
    const word = value(values, 'variant');
    const variant = word === '' ? null : vocabulary.variants.get(word.toLowerCase());
    if (variant === undefined) return bad('The variant is unknown', word, VARIANT_ALLOWED, at);
    const [cohort, eventId] = [value(values, 'cohort'), value(values, 'event_id') || null];
    const row = { at, unit, variant, cohort, eventId, hasEmpty: false };
    if (typeof positions === 'string') return { ...row, trials: [], other: positions };
    const trials: RowTrial[] = [];
    let hasEmpty = false;
    for (const kpi of positions) {
      const texts = cellsFor(kpi).map((cell) => (cell.at === null ? null : (values[cell.at] ?? '').trim()));
      const read = readCells(kpis[kpi]!, texts, vocabulary);
      if ('problem' in read) return bad(read.problem, read.found, read.allowed, at, variant);
      hasEmpty ||= read.hasEmpty;
      trials.push({ kpi, y: read.y, d: read.d });
    }
    return { ...row, trials, hasEmpty, other: null };
  };
}

function bad(
  problem: string,
  found: string,
  allowed: string,
  at: EpochMs | null,
  variant: Variant | null = null,
): BadRow {
  return { problem, found, allowed, at, variant };
}

/** The minute of a bad row, for its place in the window. */
export function minuteOfBad({ at }: BadRow): number | null {
  return at === null ? null : minuteOf(at);
}

/** What a row says, as one text: rows with the same event id and another text contradict each other. */
export function contentOf({ at, unit, variant, trials, other }: Row): string {
  return `${at}\n${unit}\n${variant}\n${trials.map(({ kpi, y, d }) => `${kpi}:${y}:${d}`).join()}\n${other ?? ''}`;
}

export const COLUMN_HELP = Object.entries(DEFAULT_COLUMNS)
  .map(([field, names]) => `${field} (${names.join(', ')})`)
  .join('; ');
