import { describe, expect, test } from 'vitest';
import { SUITE_KPIS } from '../../../../test/suites/metric-source-observations.ts';
import { shapeOf } from './columns.ts';
import { describeQuery, freshQuery, sumsQuery } from './query.ts';
import { readStatement, type Statement } from './statement.ts';

const statementOf = (text: string): Statement => (readStatement(text) as { statement: Statement }).statement;
const statement = statementOf('select at from t where at >= $from and id = $change_id -- end');
const asked = { from: 29_893_440, to: 29_893_500, changeId: "it's", bucketMinutes: 1 } as const;
const columns = (...names: readonly string[]) =>
  names.map((name) => ({ name, typeId: { bucket: 1184, variant: 25, cohort: 25 }[name] ?? 20 }));
const proportion = shapeOf(SUITE_KPIS.status.measure, columns('bucket', 'variant', 'cohort', 'n', 'y'));
const latencies = shapeOf(SUITE_KPIS.quantile.measure, columns('bucket', 'variant', 'latency_ms'));

test('the sums of a change, by cohort', () => {
  const query = sumsQuery(statement, asked, { shape: proportion, byCohort: true, mostRows: 100 });
  expect(query.text).toBe(`select minute, variant, cohort,
  sum(n) as n,
  sum(y) as y,
  min(case
    when n is null then 'n/NULL'
    when n = 'NaN' then 'n/NaN'
    when n in ('Infinity', '-Infinity') then 'n/infinite'
    when n < 0 then 'n/negative'
    when n <> trunc(n) then 'n/no whole number'
    when y is null then 'y/NULL'
    when y = 'NaN' then 'y/NaN'
    when y in ('Infinity', '-Infinity') then 'y/infinite'
    when y < 0 then 'y/negative'
    when y <> trunc(y) then 'y/no whole number'
  end) as problem
from (
  select
    floor(case when isfinite(kpi.bucket) then extract(epoch from kpi.bucket) / 60 end)::bigint as minute,
    left(kpi.variant, 10) as variant,
    coalesce(left(kpi.cohort, 101), '') as cohort,
    kpi.n::numeric as n,
    kpi.y::numeric as y
  from (
select at from t where at >= $1::timestamptz and id = $3::text -- end
) as kpi, (select $1::timestamptz as from, $2::timestamptz as to, $3::text as change_id, $4::interval as bucket) as asked
) as kpi
where minute is null or (minute >= 29893440 and minute < 29893500)
group by 1, 2, 3
order by 1, 2, 3
limit 101`);
  expect(query.values).toEqual(['2026-11-02T08:00Z', '2026-11-02T09:00Z', "it's", '1 minutes']);
  expect(query.filled).toContain("at >= '2026-11-02T08:00Z'::timestamptz and id = 'it''s'::text -- end\n)");
});

test('the history has no variant; hours are hours; without cohorts there is one', () => {
  const { text } = sumsQuery(
    statement,
    { ...asked, changeId: null, bucketMinutes: 60 },
    { shape: proportion, byCohort: false, mostRows: 100 },
  );
  expect(text).toContain(
    "extract(epoch from kpi.bucket) / 60 end) / 60)::bigint * 60 as minute,\n    null::text as variant,\n    '' as cohort,",
  );
});

test('latencies become buckets of the histogram on the server', () => {
  const { text } = sumsQuery(statement, asked, { shape: latencies, byCohort: false, mostRows: 100 });
  expect(text).toContain(
    'then ceil(ln(latency_ms) / ln(1.01::double precision))::bigint end as index,\n  count(*) as count,',
  );
  expect(text).toContain('group by 1, 2, 3, 4\n');
});

test('the columns are asked for without a row, and fresh for at most two', () => {
  expect(describeQuery(statement, asked).text).toMatch(/^select kpi\.\*\nfrom \([\s\S]*\nlimit 0$/);
  expect(freshQuery(statement, asked, 'minute').text).toMatch(
    /^select floor\(kpi\.seen::numeric\)::bigint as seen\nfrom \([\s\S]*\nlimit 2$/,
  );
});

describe('columns', () => {
  test.each([
    ['status', ['bucket', 'variant', 'n'], 'the column y is missing; it answers bucket, variant, n'],
    ['status', ['bucket', 'n', 'y'], 'the column variant is missing'],
    ['status', ['bucket', 'variant', 'n', 'y', 'yy'], 'a column yy (did you mean y?) that a proportion does not have'],
    ['status', ['bucket', 'variant', 'n', 'y', 'y'], 'a column twice'],
    ['mean', ['bucket', 'variant', 'n', 'y', 'yy', 'd'], 'the column dd is missing'],
    ['ratio', ['bucket', 'variant', 'n', 'y', 'yy'], 'the column d is missing'],
    ['quantile', ['bucket', 'variant', 'latency_bucket'], 'the column count is missing'],
    ['gauge', ['bucket', 'variant', 'n', 'y'], 'the column yy is missing'],
  ] as const)('%s with %j', (kind, names, words) => {
    const shape = () => shapeOf(SUITE_KPIS[kind].measure, columns(...names));
    expect(shape).toThrow(expect.objectContaining({ fault: 'bad_schema', message: expect.stringContaining(words) }));
  });

  test('a date, a time without a zone and a number as text are refused', () => {
    const withType = (name: string, typeId: number) => () =>
      shapeOf(SUITE_KPIS.status.measure, [
        ...columns('bucket', 'variant', 'n', 'y').filter((one) => one.name !== name),
        { name, typeId },
      ]);
    expect(withType('bucket', 1114)).toThrow('bucket is timestamp without time zone');
    expect(withType('bucket', 1082)).toThrow('bucket is date');
    expect(withType('n', 25)).toThrow('n is text');
    expect(withType('variant', 20)).toThrow('variant is bigint');
    expect(withType('n', 99_999)).toThrow('n is of type 99999');
  });
});
