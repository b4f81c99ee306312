import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SUITE_KPIS, type SuiteKind } from '../../../../test/suites/metric-source-observations.ts';
import { shapeOf } from './columns.ts';
import { parseFresh, parseRows, type Row } from './parse-rows.ts';

const KEY = { minute: '29893440', variant: 'on', cohort: '', problem: null };
const parse = (kind: SuiteKind, rows: readonly Row[], ofChange = true) => {
  const names = Object.keys(rows[0] ?? {}).filter((name) => !(name in KEY) && name !== 'index');
  const columns = ['bucket', 'variant', ...(kind === 'quantile' ? ['latency_bucket', 'count'] : names)];
  const typeOf = (name: string) => ({ bucket: 1184, variant: 25 })[name] ?? 20;
  const { measure } = SUITE_KPIS[kind];
  return parseRows(
    rows,
    measure,
    shapeOf(
      measure,
      columns.map((name) => ({ name, typeId: typeOf(name) })),
    ),
    ofChange,
  );
};
const fault = (words: string) =>
  expect.objectContaining({ fault: 'bad_value', message: expect.stringContaining(words) });

describe('amounts become steps of a ten-thousandth of the cap', () => {
  test('mean, with what was before', () => {
    const row = {
      ...KEY,
      n: '3',
      y: '100.25',
      yy: '6000.0625',
      d: '10.5',
      dd: '110.25',
      yd: '525',
      clipped: '1',
      missing: '0',
    };
    expect(parse('mean', [row])).toEqual([
      {
        minute: 29_893_440,
        variant: 'on',
        cohort: '',
        tally: {
          n: 3,
          y: 10_025,
          sums: { yy: 60_000_625, d: 1_050, dd: 1_102_500, yd: 5_250_000, clipped: 1, missing: 0 },
        },
      },
    ]);
  });

  test('in the history there is no variant', () => {
    expect(parse('rate', [{ ...KEY, variant: null, n: '3', y: '7' }], false)).toMatchObject([
      { variant: null, tally: { n: 3, y: 7 } },
    ]);
  });

  test('a bucket without a trial is left out, and a rate may count more than its exposure', () => {
    expect(parse('status', [{ ...KEY, n: '0', y: '0' }])).toEqual([]);
    expect(parse('rate', [{ ...KEY, n: '0', y: '2' }])).toMatchObject([{ tally: { n: 0, y: 2 } }]);
  });
});

describe('what no amounts can add up to is refused', () => {
  const mean = { ...KEY, n: '2', y: '100', yy: '6000' };
  test.each<[string, SuiteKind, Row, string]>([
    ['a sum above n caps', 'mean', { ...mean, y: '201', yy: '20000' }, 'y is above n times the cap'],
    ['squares above the cap', 'mean', { ...mean, yy: '12000' }, 'yy is above y times the cap'],
    ['squares below the mean', 'mean', { ...mean, yy: '4000' }, 'yy is below y squared over n'],
    ['squares that are sums', 'gauge', { ...KEY, n: '2', y: '60', yy: '60' }, 'yy is below'],
    ['an amount without a unit', 'mean', { ...mean, n: '0' }, 'y is above n times the cap'],
    ['more clipped than units', 'mean', { ...mean, clipped: '3' }, 'clipped is above n'],
    ['products too large', 'mean', { ...mean, d: '2', dd: '2', yd: '5000' }, 'yd is above'],
    ['more successes than trials', 'status', { ...KEY, n: '2', y: '3' }, 'y is above n'],
    ['a variant that is none', 'status', { ...KEY, variant: 'ON', n: '2', y: '1' }, 'variant is neither'],
    [
      'a cohort that was cut',
      'status',
      { ...KEY, cohort: 'c'.repeat(101), n: '2', y: '1' },
      'cohort is longer than 100',
    ],
    ['a row that has no bucket', 'status', { ...KEY, minute: null, n: '2', y: '1' }, 'bucket is NULL'],
    [
      'a problem that the server found',
      'status',
      { ...KEY, problem: 'y/NaN', n: '2', y: 'NaN' },
      'y is NaN in the bucket 2026-11-02T08:00Z of "on"',
    ],
  ])('%s', (_, kind, row, words) => {
    expect(() => parse(kind, [row])).toThrow(fault(words));
  });
});

test('a number that is none ends in a fault, whatever it is', () => {
  const odd = fc.oneof(
    fc.constantFrom(
      null,
      '',
      ' ',
      'NaN',
      'Infinity',
      '-Infinity',
      '-1',
      '1.5',
      '9007199254740992',
      '1e400',
      'x',
      '1 2',
      '0x',
    ),
    fc.bigInt({ min: 2n ** 53n }).map(String),
  );
  fc.assert(
    fc.property(odd, fc.constantFrom('n', 'y'), (value, name) => {
      expect(() => parse('rate', [{ ...KEY, n: '5', y: '1', [name]: value }])).toThrow(fault(`column ${name} is`));
    }),
  );
});

describe('histograms', () => {
  test('rows of one bucket are one histogram', () => {
    const rows = [
      { ...KEY, index: null, count: '2' },
      { ...KEY, index: '7', count: '1' },
      { ...KEY, index: '3', count: '4' },
      { ...KEY, index: '3', count: '0', variant: 'off' },
    ];
    expect(parse('quantile', rows)).toEqual([
      {
        minute: 29_893_440,
        variant: 'on',
        cohort: '',
        tally: {
          n: 7,
          y: 0,
          histogram: {
            zeros: 2,
            buckets: [
              [3, 4],
              [7, 1],
            ],
          },
        },
      },
    ]);
  });

  test.each(['3001', '-3001', '1.5', 'x'])('index %s', (index) => {
    expect(() => parse('quantile', [{ ...KEY, index, count: '1' }])).toThrow(fault('latency'));
  });
});

test('when there was a row last', () => {
  expect(parseFresh([{ seen: '123' }])).toBe(123);
  expect(parseFresh([{ seen: null }])).toBeNull();
  expect(parseFresh([])).toBeNull();
  expect(() => parseFresh([{ seen: '1' }, { seen: '2' }])).toThrow(expect.objectContaining({ fault: 'ambiguous' }));
  expect(() => parseFresh([{ seen: 'x' }])).toThrow(expect.objectContaining({ fault: 'bad_schema' }));
});
