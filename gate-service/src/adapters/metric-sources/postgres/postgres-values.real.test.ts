import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  BOTH,
  SUITE_FROM,
  SUITE_KPIS,
  SUITE_TO,
  suiteObservations,
} from '../../../../test/suites/metric-source-observations.ts';
import { startPostgresOrSkip } from '../../../../test/support/postgres-database.ts';
import { documentedKpis, prepareDatabase, sourceOn } from '../../../../test/support/postgres-world.ts';
import type { MetricSource, SourceQuestion } from '../../../ports/metric-source.ts';

const server = await startPostgresOrSkip();
afterAll(() => server?.stop());

const question: SourceQuestion = {
  kpi: SUITE_KPIS.status,
  changeId: BOTH,
  from: SUITE_FROM,
  to: SUITE_TO,
  byCohort: false,
  bucketMinutes: 1,
};
const at = '$from::timestamptz as bucket';
const on = "'on' as variant";

describe.skipIf(server === null)('answers of a real PostgreSQL that cannot be used', () => {
  const open: MetricSource[] = [];
  const sourceWith = (...given: Parameters<typeof sourceOn> extends [unknown, ...infer Rest] ? Rest : never) => {
    const source = sourceOn(server!, ...given);
    open.push(source);
    return source;
  };
  const readWith = (query: string, more: Partial<SourceQuestion> = {}) =>
    sourceWith({ kpis: { [more.kpi?.id ?? 'status']: { query } } }).read({ ...question, ...more });

  beforeAll(() => prepareDatabase(server!, suiteObservations()));
  afterEach(() => Promise.all(open.splice(0).map((source) => source.close())));

  describe('bad values are never 0 and never left out', () => {
    const counts = (n: string, y: string) => `select ${at}, ${on}, ${n} as n, ${y} as y`;
    const fine = `${counts('5', '1')} union all `;
    test.each([
      ['NULL', counts('5', 'null::bigint'), 'y is NULL'],
      ['NULL beside a good row', fine + counts('5', 'null::int'), 'y is NULL'],
      ['NaN', counts("'NaN'::float8", '1'), 'n is NaN'],
      ['NaN as numeric', counts('5', "'NaN'::numeric"), 'y is NaN'],
      ['infinite', counts("'Infinity'::float8", '1'), 'n is infinite'],
      ['minus infinite', counts('5', "'-Infinity'::numeric"), 'y is infinite'],
      ['negative', counts('5', '-1'), 'y is negative'],
      ['negative, made up for by another', `${fine}${counts('5', '-1')}`, 'y is negative'],
      ['fractional', counts('5.5', '1'), 'n is no whole number'],
      ['fractional, whole together', `${counts('5.5', '1')} union all ${counts('4.5', '1')}`, 'n is no whole number'],
      ['a bigint above 2^53', counts('9007199254740993::bigint', '1'), 'n is above 2^53'],
      [
        'bigints that are above it together',
        `${counts('9007199254740991::bigint', '0')} union all ${counts('5', '0')}`,
        'n is above 2^53',
      ],
      ['more successes than trials', counts('5', '6'), 'y is above n'],
      ['an unknown variant', counts('5', '1').replace("'on'", "'treatment'"), 'variant is neither on nor off'],
      ['no variant', counts('5', '1').replace("'on'", 'null::text'), 'variant is NULL'],
      ['no bucket', counts('5', '1').replace('$from', 'null'), 'bucket is NULL'],
    ])('%s', async (_, query, words) => {
      const answer = await readWith(query);
      expect(answer).toMatchObject({
        status: 'source_error',
        fault: 'bad_value',
        detail: expect.stringContaining(words),
      });
      if (!words.startsWith('bucket'))
        expect(answer).toMatchObject({ detail: expect.stringContaining('2026-11-02T08:00Z') });
    });

    test.each([
      ['an infinite bucket', `select 'infinity'::timestamptz as bucket, ${on}, 1 as n, 1 as y`],
      ['a division by zero', counts('1 / (1 - 1)', '1')],
    ])('%s', async (_, query) => {
      expect(await readWith(query)).toMatchObject({ fault: 'bad_value' });
    });

    test.each([
      ['NULL', 'null::float8', 'latency_ms is NULL'],
      ['NaN', "'NaN'::float8", 'latency_ms is NaN'],
      ['infinite', "'Infinity'::float8", 'latency_ms is infinite'],
      ['negative', '-1', 'latency_ms is negative'],
      ['longer than any time', '1e200::float8', 'no time in milliseconds'],
    ])('latency: %s', async (_, value, words) => {
      const query = `select ${at}, ${on}, 5 as latency_ms union all select ${at}, ${on}, ${value}`;
      expect(await readWith(query, { kpi: SUITE_KPIS.quantile })).toMatchObject({
        fault: 'bad_value',
        detail: expect.stringContaining(words),
      });
    });

    test('latencies of 0, and buckets counted by the query, are what they say', async () => {
      const raw = await readWith(`select ${at}, ${on}, v as latency_ms from unnest(array[0, 0, 1, 100]) v`, {
        kpi: SUITE_KPIS.quantile,
      });
      expect(raw).toMatchObject({
        buckets: [
          {
            tally: {
              n: 4,
              y: 0,
              histogram: {
                zeros: 2,
                buckets: [
                  [0, 1],
                  [463, 1],
                ],
              },
            },
          },
        ],
      });
      const counted = await readWith(
        `select ${at}, ${on}, i as latency_bucket, 2 as count from unnest(array[463, 0, 463]) i`,
        { kpi: SUITE_KPIS.quantile },
      );
      expect(counted).toMatchObject({
        buckets: [
          {
            tally: {
              n: 6,
              histogram: {
                zeros: 0,
                buckets: [
                  [0, 2],
                  [463, 4],
                ],
              },
            },
          },
        ],
      });
    });

    test('a boolean variant and minutes as numbers are understood', async () => {
      const answer = await readWith(
        `select ${SUITE_FROM + 7}::bigint as bucket, v as variant, 3 as n, 1.0 as y from unnest(array[true, false]) v`,
      );
      expect(answer).toMatchObject({
        status: 'ok',
        buckets: [
          { minute: SUITE_FROM + 7, variant: 'off', tally: { n: 3, y: 1 } },
          { minute: SUITE_FROM + 7, variant: 'on', tally: { n: 3, y: 1 } },
        ],
      });
    });
  });

  describe('what is missing is named, with what looks like it', () => {
    test.each([
      ['a table', 'select now() as bucket from evnts', ['"evnts" does not exist', 'There is events']],
      ['a column', 'select now() as bucket, sum(valeu) from events', ['"valeu" does not exist', 'value']],
      ['a qualified column', 'select e.latncy_ms from events as e', ['e.latncy_ms does not exist', 'latency_ms']],
      ['a function', "select date_trnc('minute', at) from events", ['date_trnc', 'There is date_trunc']],
      ['a schema', 'select 1 from pubic.events', ['pubic']],
    ])('%s', async (_, query, words) => {
      const answer = await readWith(query);
      expect(answer).toMatchObject({ status: 'source_error', fault: 'bad_query' });
      for (const word of ['Source shop, KPI status', ...words])
        expect(answer).toMatchObject({ detail: expect.stringContaining(word) });
    });

    test('a column of the contract, before anything is computed', async () => {
      expect(await readWith(`select ${at}, ${on}, 1 as n, 1 as yes`)).toMatchObject({
        fault: 'bad_schema',
        detail: expect.stringContaining('the column y is missing; it answers bucket, variant, n, yes'),
      });
      expect(await readWith(`select now()::timestamp as bucket, ${on}, 1 as n, 1 as y`)).toMatchObject({
        fault: 'bad_schema',
        detail: expect.stringContaining('bucket is timestamp without time zone'),
      });
      expect(await readWith(`select ${at}, ${on}, '1' as n, 1 as y`)).toMatchObject({
        detail: expect.stringContaining('n is text'),
      });
    });

    test('the query of a KPI', async () => {
      const source = sourceWith({ kpis: { statuses: { query: documentedKpis().status.query } } });
      expect(await source.read(question)).toMatchObject({
        fault: 'not_configured',
        query: null,
        detail: expect.stringContaining('did you mean statuses'),
      });
    });
  });
});
