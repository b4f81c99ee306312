import type { EpochMinute } from '../../../domain/model/time.ts';
import { formatMinute } from '../../../domain/model/time.ts';
import type { Shape, Value } from './columns.ts';
import { PARAMETERS, type Parameter, type Statement } from './statement.ts';

/** What the parameters of a query stand for. */
export interface Asked {
  readonly from: EpochMinute;
  readonly to: EpochMinute;
  readonly changeId: string | null;
  readonly bucketMinutes: 1 | 60;
}

/** A text with the values of $1 to $4; `filled` is the same with the values in it, for the evidence. */
export interface Query {
  readonly text: string;
  readonly values: readonly (string | null)[];
  readonly filled: string;
}

const TYPES: Readonly<Record<Parameter, string>> = {
  from: 'timestamptz',
  to: 'timestamptz',
  change_id: 'text',
  bucket: 'interval',
};
/** Longer cohorts are cut here and refused when the answer is read. */
const COHORT_CHARACTERS = 101;

/** The columns of a query and their types; no row is computed. */
export function describeQuery(statement: Statement, asked: Asked): Query {
  return wrap(statement, asked, 'kpi', (inner) => `select kpi.*\nfrom ${inner}\nlimit 0`);
}

/** When there was a row last: at most two rows of `seen`, a minute. */
export function freshQuery(statement: Statement, asked: Asked, unit: Shape['bucket']): Query {
  return wrap(
    statement,
    asked,
    'kpi',
    (inner) => `select ${minuteOf('kpi.seen', unit, 1)} as seen\nfrom ${inner}\nlimit 2`,
  );
}

/**
 * One row for each bucket, variant and cohort (and bucket of the histogram): sums, and what is wrong with the first bad
 * value, as `column/what`. Rows are added up by the server; at most `mostRows` + 1 travel.
 */
export function sumsQuery(
  statement: Statement,
  asked: Asked,
  { shape, byCohort, mostRows }: { readonly shape: Shape; readonly byCohort: boolean; readonly mostRows: number },
): Query {
  const keys = keyColumns(shape, asked, byCohort);
  const columns = shape.values.map((value) => `    ${numberOf(value)} as ${value.name}`);
  const isIndex = ({ role }: Value) => role === 'index' || role === 'latency';
  const sums = shape.values.map((value) => (isIndex(value) ? indexOf(value) : `sum(${value.name}) as ${value.name}`));
  const isRaw = shape.values.some(({ role }) => role === 'latency');
  const groups = shape.values.some(isIndex) ? '1, 2, 3, 4' : '1, 2, 3';
  return wrap(statement, asked, 'kpi', (inner) =>
    [
      'select minute, variant, cohort,',
      `  ${[...sums, ...(isRaw ? ['count(*) as count'] : [])].join(',\n  ')},`,
      `  min(${problemOf(shape)}) as problem`,
      'from (',
      '  select',
      [...keys, ...columns].join(',\n'),
      `  from ${inner}`,
      ') as kpi',
      `where minute is null or (minute >= ${asked.from} and minute < ${asked.to})`,
      `group by ${groups}`,
      `order by ${groups}`,
      `limit ${mostRows + 1}`,
    ].join('\n'),
  );
}

function keyColumns(shape: Shape, { changeId, bucketMinutes }: Asked, byCohort: boolean): readonly string[] {
  const variant =
    shape.variant === 'boolean'
      ? "case kpi.variant when true then 'on' when false then 'off' end"
      : 'left(kpi.variant, 10)';
  const cohort = byCohort && shape.cohort ? `coalesce(left(kpi.cohort, ${COHORT_CHARACTERS}), '')` : "''";
  return [
    `    ${minuteOf('kpi.bucket', shape.bucket, bucketMinutes)} as minute`,
    `    ${changeId === null ? 'null::text' : variant} as variant`,
    `    ${cohort} as cohort`,
  ];
}

/** Null for what is no time: the row is then refused as one without a bucket. */
function minuteOf(column: string, unit: Shape['bucket'], size: number): string {
  const minutes =
    unit === 'instant'
      ? `case when isfinite(${column}) then extract(epoch from ${column}) / 60 end`
      : `${column}::numeric`;
  return size === 1 ? `floor(${minutes})::bigint` : `floor((${minutes}) / ${size})::bigint * ${size}`;
}

function numberOf({ name, role }: Value): string {
  return role === 'latency' ? `kpi.${name}::double precision` : `kpi.${name}::numeric`;
}

/** The histogram's bucket, as in domain/statistics/log-histogram.ts; null for 0, which has no logarithm. */
function indexOf({ name, role }: Value): string {
  if (role === 'index') return `${name} as index`;
  const usable = `${name} > 0 and ${name} < 'Infinity'`;
  return `case when ${usable} then ceil(ln(${name}) / ln(1.01::double precision))::bigint end as index`;
}

/** Names the column first; the bucket is known from its row. */
function problemOf({ values }: Shape): string {
  const cases = values.flatMap(({ name, role }) => [
    `when ${name} is null then '${name}/NULL'`,
    `when ${name} = 'NaN' then '${name}/NaN'`,
    `when ${name} in ('Infinity', '-Infinity') then '${name}/infinite'`,
    ...(role === 'index' ? [] : [`when ${name} < 0 then '${name}/negative'`]),
    ...(role === 'index' || role === 'count' ? [`when ${name} <> trunc(${name}) then '${name}/no whole number'`] : []),
  ]);
  return `case\n    ${cases.join('\n    ')}\n  end`;
}

/** The line break ends a comment at the end of the query; the second subquery gives every parameter its type. */
function wrap(statement: Statement, asked: Asked, alias: string, around: (inner: string) => string): Query {
  const values = valuesOf(asked);
  const build = (write: (parameter: Parameter) => string) => {
    const inner = statement.map((part) => (typeof part === 'string' ? part : write(part.parameter))).join('');
    const all = PARAMETERS.map((name) => `${write(name)} as ${name}`).join(', ');
    return around(`(\n${inner}\n) as ${alias}, (select ${all}) as asked`);
  };
  return {
    text: build((name) => `$${PARAMETERS.indexOf(name) + 1}::${TYPES[name]}`),
    values: PARAMETERS.map((name) => values[name]),
    filled: build((name) => `${literal(values[name])}::${TYPES[name]}`),
  };
}

function valuesOf({ from, to, changeId, bucketMinutes }: Asked): Readonly<Record<Parameter, string | null>> {
  return { from: formatMinute(from), to: formatMinute(to), change_id: changeId, bucket: `${bucketMinutes} minutes` };
}

function literal(value: string | null): string {
  return value === null ? 'null' : `'${value.replaceAll("'", "''")}'`;
}
