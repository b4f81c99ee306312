import type { Amount, Measure } from '../../../contract/kpi-measure.ts';
import { nearest } from '../../../contract/nearest.ts';
import { PostgresFault } from './fault.ts';

/** A column of an answer, as the server describes it before it answers. */
export interface Column {
  readonly name: string;
  readonly typeId: number;
}

/** What a column may be in: a count, an amount of the KPI's unit, its square, or what else. */
export type Role = 'count' | 'amount' | 'square' | 'index' | 'latency';

/** What the query of one KPI answers, checked: how its wrapper has to be written. */
export interface Shape {
  readonly bucket: 'instant' | 'minute';
  readonly variant: 'text' | 'boolean';
  readonly cohort: boolean;
  readonly values: readonly Value[];
}

export interface Value {
  readonly name: string;
  readonly role: Role;
}

interface Wanted {
  readonly needed: readonly Value[];
  /** Each group is there whole or not at all. */
  readonly optional: readonly (readonly Value[])[];
}

const count = (name: string): Value => ({ name, role: 'count' });
/** Where events are added up, sums and squares are whole numbers as well. */
const amount = (name: string, { add }: Amount): Value => ({ name, role: add === 'events' ? 'count' : 'amount' });
const square = (name: string, { add }: Amount): Value => ({ name, role: add === 'events' ? 'count' : 'square' });
const QUALITY = [[count('clipped')], [count('missing')]];

/** The sums that a KPI's query names, by the KPI's type; a quantile has two forms. */
function wantedFor(measure: Measure, names: ReadonlySet<string>): Wanted {
  switch (measure.type) {
    case 'proportion':
    case 'rate':
      return { needed: [count('n'), count('y')], optional: [] };
    case 'mean': {
      const { amount: of } = measure;
      const before = [amount('d', of), square('dd', of), square('yd', of)];
      return { needed: [count('n'), amount('y', of), square('yy', of)], optional: [before, ...QUALITY] };
    }
    case 'ratio': {
      const { numerator: of } = measure;
      const below = [count('d'), count('dd'), amount('yd', of)];
      return { needed: [count('n'), amount('y', of), square('yy', of), ...below], optional: QUALITY };
    }
    case 'quantile':
      if (names.has('latency_bucket'))
        return { needed: [{ name: 'latency_bucket', role: 'index' }, count('count')], optional: [] };
      return { needed: [{ name: 'latency_ms', role: 'latency' }], optional: [] };
    case 'gauge':
      return { needed: [count('n'), amount('y', measure.amount), square('yy', measure.amount)], optional: QUALITY };
    default:
      return measure satisfies never;
  }
}

/** Type ids of pg_type that never change: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const TYPES: Readonly<Record<number, string>> = {
  16: 'boolean',
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  25: 'text',
  700: 'real',
  701: 'double precision',
  1042: 'character',
  1043: 'character varying',
  1082: 'date',
  1114: 'timestamp without time zone',
  1184: 'timestamp with time zone',
  1700: 'numeric',
};
const TEXTS = new Set([25, 1042, 1043]);
const WHOLES = new Set([20, 21, 23]);
const NUMBERS = new Set([...WHOLES, 700, 701, 1700]);
const INSTANT = 1184;
const BOOLEAN = 16;

/**
 * Holds the columns of a KPI's query against what its type needs.
 * @throws PostgresFault `bad_schema`, naming the column, what it is and what is allowed
 */
export function shapeOf(measure: Measure, columns: readonly Column[]): Shape {
  const types = new Map(columns.map(({ name, typeId }) => [name, typeId]));
  if (types.size < columns.length) throw bad(`it answers a column twice (${namesOf(columns)}).`);
  const { needed, optional } = wantedFor(measure, new Set(types.keys()));
  const groups = optional.filter((group) => group.some(({ name }) => types.has(name)));
  const values = [...needed, ...groups.flat()];
  const allowed = ['bucket', 'variant', 'cohort', ...[...needed, ...optional.flat()].map(({ name }) => name)];
  for (const name of ['bucket', 'variant', ...values.map((value) => value.name)]) {
    if (!types.has(name)) {
      throw bad(
        `the column ${name} is missing; it answers ${namesOf(columns)}; a ${measure.type} needs ${allowed.join(', ')}.`,
      );
    }
  }
  for (const { name } of columns) {
    if (!allowed.includes(name)) {
      const [near] = nearest(name, allowed, 1);
      const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
      throw bad(
        `it answers a column ${name}${meant} that a ${measure.type} does not have; allowed: ${allowed.join(', ')}.`,
      );
    }
  }
  const typeOf = (name: string, ids: ReadonlySet<number>, wanted: string) => {
    const id = types.get(name)!;
    if (!ids.has(id)) throw bad(`the column ${name} is ${TYPES[id] ?? `of type ${id}`}; allowed: ${wanted}.`);
    return id;
  };
  for (const { name } of values) typeOf(name, NUMBERS, 'a number (integer, bigint, numeric or double precision)');
  if (types.has('cohort')) typeOf('cohort', TEXTS, 'text');
  return {
    bucket: timeOf('bucket', types.get('bucket')!),
    variant:
      typeOf('variant', new Set([...TEXTS, BOOLEAN]), "text ('on', 'off') or boolean (on is true)") === BOOLEAN
        ? 'boolean'
        : 'text',
    cohort: types.has('cohort'),
    values,
  };
}

/**
 * How the query of `fresh` says when.
 * @throws PostgresFault `bad_schema`
 */
export function freshShapeOf(columns: readonly Column[]): Shape['bucket'] {
  const [first, ...others] = columns;
  if (first?.name !== 'seen' || others.length > 0)
    throw bad(`fresh answers ${namesOf(columns)}; allowed: one column, seen.`);
  return timeOf('seen', first.typeId);
}

/** A timestamp without a zone is refused: it would be read in whatever zone the server is in. */
function timeOf(name: string, typeId: number): Shape['bucket'] {
  if (typeId === INSTANT) return 'instant';
  if (WHOLES.has(typeId)) return 'minute';
  throw bad(
    `the column ${name} is ${TYPES[typeId] ?? `of type ${typeId}`}; allowed: timestamp with time zone, or a bigint of minutes since 1970.`,
  );
}

function namesOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ') || 'nothing';
}

function bad(detail: string): PostgresFault {
  return new PostgresFault('bad_schema', `The query does not fit the KPI: ${detail} See docs/sources.md (PostgreSQL).`);
}
