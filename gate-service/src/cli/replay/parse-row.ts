import type { Kpi } from '../../contract/kpi-registry.ts';
import { isConversion } from '../../domain/model/measure.ts';
import { type EpochMs, minuteOf } from '../../domain/model/time.ts';
import type { Variant } from '../../domain/model/variant.ts';
import { type Columns, DEFAULT_COLUMNS, type Field } from './fields.ts';
import {
  EMPTY_IS_ERROR,
  OUTCOME_ALLOWED,
  parseTime,
  TIME_ALLOWED,
  VARIANT_ALLOWED,
  type Vocabulary,
  ZONE_ALLOWED,
} from './parse-value.ts';

const LONGEST_UNIT = 200;
export const EMPTY_OUTCOME = 'The outcome is empty';

/** One trial of a row: the position of its KPI, and whether it ended well. */
export interface RowTrial {
  readonly kpi: number;
  readonly good: boolean;
}

/** One row of the file, read. Rows of other KPIs than those that are replayed have no trial and name the other. */
export interface Row {
  readonly at: EpochMs;
  readonly unit: string;
  readonly variant: Variant | null;
  readonly trials: readonly RowTrial[];
  readonly eventId: string | null;
  /** Whether one of its outcomes is empty, and on the user's word no success. */
  readonly hasEmptyOutcome: boolean;
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

/** Makes the function that reads the values of one row, given in the order of the columns. */
export function makeRowParser(columns: Columns, rules: RowRules): RowParser {
  const positions = new Map(rules.kpis.map(({ id }, position) => [id, position]));
  const value = (values: readonly string[], field: Field) => {
    const at = columns.at[field];
    return at === undefined ? '' : (values[at] ?? '').trim();
  };
  /** Positions of the row's KPIs, or the name of one that is not replayed. */
  const named = (values: readonly string[]): readonly number[] | string => {
    const kpiId = value(values, 'kpi');
    const event = value(values, 'event');
    if (kpiId === '' && event === '') return [rules.defaultKpi];
    const found = rules.kpis.flatMap(({ id, measure }, position) =>
      (kpiId === '' ? measure.of === event : id === kpiId) ? [position] : [],
    );
    return found.length > 0 ? found : kpiId || event;
  };
  return (values) => {
    const time = value(values, 'time');
    const at = parseTime(time, rules.utc);
    if (at === 'invalid') return bad('The time cannot be read', time, TIME_ALLOWED, null);
    if (at === 'zone') return bad('The time has no time zone', time, ZONE_ALLOWED, null);
    const unit = value(values, 'unit');
    if (unit === '' || unit.length > LONGEST_UNIT)
      return bad('The unit cannot be used', unit, `1 to ${LONGEST_UNIT} characters`, at);
    const word = value(values, 'variant');
    const variant = word === '' ? null : rules.vocabulary.variants.get(word.toLowerCase());
    if (variant === undefined) return bad('The variant is unknown', word, VARIANT_ALLOWED, at);
    const row = { at, unit, variant, eventId: value(values, 'event_id') || null, hasEmptyOutcome: false };
    const kpis = columns.outcomes.length > 0 ? [] : named(values);
    if (typeof kpis === 'string') return { ...row, trials: [], other: kpis };
    const cells =
      columns.outcomes.length > 0
        ? columns.outcomes.map((outcome) => ({ kpi: positions.get(outcome.kpiId)!, at: outcome.at }))
        : kpis.map((kpi) => ({ kpi, at: columns.at.outcome! }));
    const trials: RowTrial[] = [];
    let hasEmptyOutcome = false;
    for (const cell of cells) {
      const text = (values[cell.at] ?? '').trim();
      const awaits = isConversion(rules.kpis[cell.kpi]!.measure);
      const isEmpty = text === '';
      // Only of a conversion can nothing be an answer; a request without a status has simply none.
      const good = isEmpty && !awaits ? undefined : rules.vocabulary.outcomes.get(text.toLowerCase());
      if (good === undefined) {
        const allowed = awaits
          ? `${OUTCOME_ALLOWED}; empty for no success only with ${EMPTY_IS_ERROR}`
          : OUTCOME_ALLOWED;
        return bad(isEmpty ? EMPTY_OUTCOME : 'The outcome is unknown', text, allowed, at, variant);
      }
      hasEmptyOutcome ||= isEmpty;
      trials.push({ kpi: cell.kpi, good });
    }
    return { ...row, trials, hasEmptyOutcome, other: null };
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
  return `${at}\n${unit}\n${variant}\n${trials.map(({ kpi, good }) => `${kpi}:${good}`).join()}\n${other ?? ''}`;
}

export const COLUMN_HELP = Object.entries(DEFAULT_COLUMNS)
  .map(([field, names]) => `${field} (${names.join(', ')})`)
  .join('; ');
