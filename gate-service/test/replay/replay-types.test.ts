import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import {
  contractOf,
  TYPES,
  TYPES_REGISTRY,
  type TypeKpi,
  type TypeRow,
  typeRows,
  typesCsv,
} from './make-types-file.ts';
import { makePlace, type Place, type ReplayObject } from './replay-runner.ts';

let place: Place;
beforeAll(() => {
  place = makePlace();
  place.write('types.yml', TYPES_REGISTRY);
  for (const kpi of TYPES) place.write(`${kpi}.yml`, contractOf(kpi));
});
afterAll(() => place.remove());

const args = (kpi: string) => ['replay', '--contract', `${kpi}.yml`, '--registry', 'types.yml', '--events', 'rows.csv'];

async function replay(kpi: TypeKpi, content: string, ...more: readonly string[]): Promise<ReplayObject> {
  place.write('rows.csv', content);
  const { code, out, err } = await place.run(...args(kpi), '--json', '--evidence', 'evidence.json', ...more);
  expect([code, err]).toEqual([0, '']);
  return { ...JSON.parse(out), metric: JSON.parse(place.read('evidence.json')).evidence.metrics[0] };
}

async function refusal(kpi: TypeKpi, content: string, ...more: readonly string[]): Promise<string> {
  place.write('rows.csv', content);
  const { code, err } = await place.run(...args(kpi), ...more);
  expect(code).toBe(2);
  return err;
}

/** Rows as "day hh:mm unit variant rest": day 0 is the first of the window. */
function csv(columns: string, lines: readonly string[]): string {
  const rows = lines.map((line) => {
    const [day = '', clock = '', unit = '', variant = '', ...rest] = line.split(' ');
    const time = new Date(Date.UTC(2026, 10, 2 + Number(day)) + Date.parse(`1970-01-01T${clock}:00Z`)).toISOString();
    return [time, unit === '-' ? '' : unit, variant === '-' ? '' : variant, ...rest].join(',');
  });
  return `time,unit,variant,${columns}\n${rows.join('\n')}\n`;
}

const NO_SUMS = { clipped: 0, missing: 0 };

describe('a mean', () => {
  const LINES = [
    // 28 days before the first row of a: too early by a minute, and just in time.
    '-28 08:59 a - 1',
    '-28 09:00 a - 20',
    '-1 10:00 a - 5',
    '0 09:00 a on 10',
    // "within" is 24h: the last instant counts, a minute later nothing does.
    '1 09:00 a on 0.5',
    '1 09:01 a on 100',
    // A row in no variant or the other one is the unit's all the same.
    '0 12:00 b off 2',
    '0 13:00 b - 3',
    '0 14:00 b on 4',
    '0 15:00 c off 5000',
    '0 16:00 d off 30',
    '0 17:00 d off -40',
    '6 23:00 e off 7',
    '7 22:00 e - 8',
    '0 18:00 f - 900',
  ];

  test('adds the rows of a unit up, from its first one until "within" later, and clips the sum', async () => {
    const { metric } = await replay('revenue', csv('value', LINES));
    // Steps of 0.10 EUR: a 10.50; b 9, c 1000 (clipped), d 0 (clipped), e 15.
    const [y, x] = [105, 250];
    expect(metric.strata[0].on).toEqual({
      n: 1,
      y,
      sums: { yy: y * y, d: x, dd: x * x, yd: y * x, ...NO_SUMS },
    });
    expect(metric.strata[0].off).toEqual({
      n: 4,
      y: 90 + 10_000 + 0 + 150,
      sums: { yy: 90 ** 2 + 10_000 ** 2 + 150 ** 2, d: 0, dd: 0, yd: 0, clipped: 2, missing: 0 },
    });
  });

  test('in any order of its rows', async () => {
    const { metric } = await replay('revenue', csv('value', LINES));
    const other = await replay('revenue', csv('value', LINES.toReversed()));
    expect(other.metric).toEqual(metric);
  });

  test('reads an empty amount as 0 only on the user’s word', async () => {
    const lines = ['0 09:00 a on 10', '0 10:00 b off ', '0 11:00 c off 4'];
    const unread = await replay('revenue', csv('value', lines));
    expect(unread.read.bad_rows.by_problem).toEqual({ 'The value is empty': 1 });
    expect(unread.read.bad_rows.shown[0].allowed).toContain('empty for 0 only with --value =0');
    expect(unread.verdict.verdict).toBe('inconclusive');
    const said = await replay('revenue', csv('value', lines), '--value', '=0');
    expect(said.read.bad_rows.total).toBe(0);
    expect(said.metric.strata[0].off).toMatchObject({ n: 2, y: 40 });
    expect(said.read.notes.join('\n')).toContain('Empty amounts that count as 0 on your word (--value =0)');
  });

  test.each(['12,50', 'NaN', 'Infinity', '0x10', '1e13', '-', 'free'])('cannot read the amount %s', async (text) => {
    const found = await replay('revenue', csv('value', ['0 09:00 a on 10', `0 10:00 b off "${text}"`]));
    expect(found.read.bad_rows.by_problem).toEqual({ 'The value cannot be read': 1 });
    expect(found.read.bad_rows.shown[0]).toMatchObject({ found: text, line: 3 });
  });
});

test('a ratio adds numerators and denominators up by unit', async () => {
  const lines = [
    '0 09:00 a on 10 1',
    '0 10:00 a on 30 2',
    '2 10:00 a on 99 9',
    '0 11:00 b off 0 0',
    '0 12:00 c off 2000 4',
  ];
  const { metric, verdict } = await replay('order_value', csv('numerator,denominator', lines));
  expect(metric.strata[0].on).toEqual({
    n: 1,
    y: 400,
    sums: { yy: 400 ** 2, d: 3, dd: 9, yd: 1200, ...NO_SUMS },
  });
  expect(metric.strata[0].off).toEqual({
    n: 2,
    y: 10_000,
    sums: { yy: 10_000 ** 2, d: 4, dd: 16, yd: 40_000, clipped: 1, missing: 0 },
  });
  expect(verdict.metrics[0].levels).toEqual({ control: 250, treatment: 40 / 3 });
  const half = await replay('order_value', csv('numerator,denominator', [...lines, '0 13:00 d off 1 0.5']));
  expect(half.read.bad_rows.shown[0]).toMatchObject({ found: '0.5', allowed: 'a whole number from 0' });
});

describe('a rate', () => {
  test('counts events for each of exposure, by hour', async () => {
    const lines = ['0 09:00 a on 1 4', '0 09:30 - on 2 3', '0 11:00 b off 0 5', '0 11:59 b - 7 7'];
    const { metric } = await replay('tickets', csv('count,exposure', lines));
    expect(metric.strata[0].on).toEqual({ n: 7, y: 3 });
    expect(metric.strata[0].off).toEqual({ n: 5, y: 0 });
    const hour = Date.UTC(2026, 10, 2, 9) / 3_600_000;
    expect(metric.hours).toEqual([
      { phase_index: 0, hour, on: { n: 7, y: 3 }, off: { n: 0, y: 0 } },
      { phase_index: 0, hour: hour + 2, on: { n: 0, y: 0 }, off: { n: 5, y: 0 } },
    ]);
  });

  test('has an exposure of 1 for each row without such a column', async () => {
    const { metric } = await replay('tickets', csv('count', ['0 09:00 a on 1', '0 10:00 a on 0', '0 11:00 b off 3']));
    expect(metric.strata[0]).toMatchObject({ on: { n: 2, y: 1 }, off: { n: 1, y: 3 } });
  });

  test('keeps events of a minute without exposure', async () => {
    const { metric } = await replay('tickets', csv('count,exposure', ['0 09:00 a on 2 0', '0 10:00 b off 0 1']));
    expect(metric.strata[0].on).toEqual({ n: 0, y: 2 });
  });
});

test('a quantile has one trial for each unit and minute, its slowest row', async () => {
  const lines = ['0 09:00 a on 0', '0 09:01 a on 100', '0 09:01 a on 300', '0 09:01 a on 200', '0 09:02 b off 100'];
  const answers = [];
  for (const list of [lines, lines.toReversed()]) answers.push(await replay('speed', csv('latency_ms', list)));
  const bucket = (value: number) => Math.ceil(Math.log(value) / Math.log(1.01));
  expect(answers[0]!.metric.strata[0].on).toEqual({ n: 2, y: 0, histogram: { zeros: 1, buckets: [[bucket(300), 1]] } });
  expect(answers[0]!.metric.strata[0].off).toEqual({
    n: 1,
    y: 0,
    histogram: { zeros: 0, buckets: [[bucket(100), 1]] },
  });
  expect(answers[1]!.metric).toEqual(answers[0]!.metric);
  const bad = await replay('speed', csv('latency_ms', [...lines, '0 09:03 b off -1', '0 09:04 b off ']));
  expect(bad.read.bad_rows.by_problem).toEqual({ 'The latency_ms cannot be read': 1, 'The latency_ms is empty': 1 });
});

test('a gauge has the samples of each day, of anybody', async () => {
  const lines = ['0 09:00 - on 10', '0 10:00 - off 20', '1 09:00 - on 2000', '1 10:00 a off -1'];
  const { metric } = await replay('queue', csv('value', lines));
  const sample = (steps: number, clipped = 0) => ({
    n: 1,
    y: steps,
    sums: { yy: steps * steps, d: 0, dd: 0, yd: 0, clipped, missing: 0 },
  });
  const day = Date.UTC(2026, 10, 2) / 86_400_000;
  expect(metric.days).toEqual([
    { phase_index: 0, day, on: sample(100), off: sample(200) },
    { phase_index: 0, day: day + 1, on: sample(10_000, 1), off: sample(0, 1) },
  ]);
});

test('a status KPI has the units behind its trials', async () => {
  place.write('errors.yml', 'hypothesis: x\nflag: f\nprimary: { kpi: quote_error_rate, at_least: -5% }\n');
  const lines = [
    '0 09:00 a on error',
    '0 09:01 a on success',
    '0 09:01 a on error',
    '0 09:02 a off error',
    '0 09:03 b off success',
  ];
  place.write('rows.csv', csv('status', lines));
  await place.run(
    ...['replay', '--contract', 'errors.yml', '--registry', 'kpis.yml', '--events', 'rows.csv', '--evidence', 'e.json'],
  );
  const [metric] = JSON.parse(place.read('e.json')).evidence.metrics;
  expect(metric.units).toEqual([
    {
      phase_index: 0,
      on: { n: 1, y: 2, sums: { yy: 4, d: 2, dd: 4, yd: 4, ...NO_SUMS } },
      off: { n: 2, y: 1, sums: { yy: 1, d: 2, dd: 2, yd: 1, ...NO_SUMS } },
    },
  ]);
});

test('a comparison with the weeks before has the trials of anybody', async () => {
  place.write(
    'everybody.yml',
    'hypothesis: x\nflag: f\nprimary: { kpi: revenue, at_least: +5% }\nrollout: { start: 100% }\n',
  );
  const past = Array.from({ length: 21 }, (_, day) => `${day - 21} 00:00 p${day} - ${day + 1}`);
  const now = ['0 00:00 a on 10', '1 00:00 b - 20', '2 00:00 a - 5'];
  place.write('rows.csv', csv('value', [...past, ...now]));
  const { code, err } = await place.run(...args('everybody'), '--evidence', 'evidence.json');
  expect([code, err]).toEqual([0, '']);
  const [metric] = JSON.parse(place.read('evidence.json')).evidence.metrics;
  expect(metric.own).toMatchObject({ n: 2, y: 300 });
  const weeks = metric.history.weeks.map(({ total }: ReplayObject) => total.y);
  const days = metric.own_days.map(({ y }: ReplayObject) => y);
  expect(days).toHaveLength(weeks.length * 7);
  expect(weeks).toEqual(
    weeks.map((_: number, i: number) => days.slice(7 * i, 7 * i + 7).reduce((a: number, b: number) => a + b)),
  );
});

test('a change for everybody that does harm is found against the weeks before', async () => {
  const contract = `${contractOf('revenue')}rollout: { start: 100% }\n`;
  place.write('everybody.yml', contract);
  const rows = typeRows(20, 1, 12).filter(({ kpi }) => kpi === 'revenue');
  const inWindow = (row: TypeRow) => row.variant !== '';
  const harmed = rows.map((row) =>
    inWindow(row) ? { ...row, variant: 'on' as const, cells: { value: row.cells.value! / 5 } } : row,
  );
  place.write('rows.csv', typesCsv(harmed));
  const { out, err } = await place.run(...args('everybody'), '--json');
  expect(err).toBe('');
  const { alarms, verdict } = JSON.parse(out);
  expect(alarms.map(({ kind }: ReplayObject) => kind)).toContain('placebo_sup');
  expect([verdict.design, verdict.verdict]).toEqual(['before_after', 'fail']);
  place.write('rows.csv', typesCsv(rows.map((row) => (inWindow(row) ? { ...row, variant: 'on' as const } : row))));
  const calm = JSON.parse((await place.run(...args('everybody'), '--json')).out);
  expect(calm.alarms).toEqual([]);
});

describe('columns', () => {
  test.each<[TypeKpi, string, string, string]>([
    [
      'revenue',
      'valu',
      '10',
      'no column for the value (value or amount; revenue is a mean and needs it). Did you mean "valu"?',
    ],
    [
      'order_value',
      'numerator',
      '10',
      'no column for the denominator (denominator; order_value is a ratio and needs it)',
    ],
    ['tickets', 'tickets', '1', 'no column for the count (count; tickets is a rate and needs it)'],
    ['speed', 'latency', '1', 'Name the column: --map "latency=latency_ms"'],
    ['queue', 'outcome', '1', 'no column for the value (value or amount; queue is a gauge and needs it)'],
  ])('of %s with only %s are named', async (kpi, column, cell, message) => {
    expect(await refusal(kpi, csv(column, [`0 09:00 a on ${cell}`, `0 10:00 b off ${cell}`]))).toContain(message);
  });

  test('of a KPI that rows name are looked for when they do', async () => {
    const content = csv('kpi,outcome', ['0 09:00 a on revenue 1']);
    expect(await refusal('revenue', content)).toContain('no column for the value');
  });

  test('can have other names, and several KPIs in one row', async () => {
    place.write('both.yml', `${contractOf('revenue')}guardrails: [{ kpi: speed, no_worse_than: 2% }]\n`);
    place.write('rows.csv', csv('paid,took', ['0 09:00 a on 10 200', '0 10:00 b off 20 300']));
    const { out } = await place.run(
      ...[...args('both'), '--json', '--map', 'paid=value:revenue', '--map', 'took=latency_ms:speed'],
    );
    const [revenue, speed] = JSON.parse(out).verdict.metrics;
    expect([revenue.control.y, revenue.treatment.y, speed.control.n, speed.treatment.n]).toEqual([200, 100, 1, 1]);
    expect(await refusal('revenue', csv('paid', ['0 09:00 a on 1']), '--map', 'paid=latency_ms:revenue')).toContain(
      'gives revenue the field latency_ms; it is a mean, with the fields value',
    );
    expect(await refusal('revenue', csv('value', ['0 09:00 a on 1']), '--map', 'value=valu')).toContain(
      'Did you mean --map "value=value"?',
    );
  });

  test('that no KPI of the contract can use are named as such', async () => {
    const { read } = await replay('revenue', csv('value,latency_ms', ['0 09:00 a on 10 1', '0 10:00 b off 20 2']));
    expect(read.notes).toContain('Columns that mean nothing here: latency_ms.');
  });

  test('rows of what is counted are no rows of a replay', async () => {
    const content = csv('event,value', ['0 09:00 a on page_viewed 0', '0 10:00 a on job_paid 20']);
    expect(await refusal('revenue', content)).toContain('rows of job_paid, counted in revenue');
  });
});

describe('a good change in every type', () => {
  const rows = typeRows(20);
  const contentOf = (kpi: TypeKpi, list = rows) => typesCsv(list.filter((row) => row.kpi === kpi));
  const expected: Readonly<Record<TypeKpi, (arm: 'on' | 'off') => number>> = {
    revenue: (arm) => mean(rows, 'revenue', arm, 'value'),
    order_value: (arm) => sum(rows, 'order_value', arm, 'numerator') / sum(rows, 'order_value', arm, 'denominator'),
    tickets: (arm) => sum(rows, 'tickets', arm, 'count') / sum(rows, 'tickets', arm, 'exposure'),
    speed: (arm) => quantile(rows, arm),
    queue: (arm) =>
      sum(rows, 'queue', arm, 'value') / rows.filter((row) => row.kpi === 'queue' && row.variant === arm).length,
  };

  test.each(TYPES)('%s passes, with the levels and the effect that its rows have', async (kpi) => {
    const { verdict, days, read } = await replay(kpi, contentOf(kpi));
    const [metric] = verdict.metrics;
    const [off, on] = [expected[kpi]('off'), expected[kpi]('on')];
    const digits = kpi === 'speed' ? 0.011 : 1e-9;
    expect(Math.abs(metric.levels.control / off - 1)).toBeLessThan(digits);
    expect(Math.abs(metric.levels.treatment / on - 1)).toBeLessThan(digits);
    const gain = (on / off - 1) * (kpi === 'revenue' || kpi === 'order_value' ? 1 : -1);
    expect(Math.abs(metric.estimate - gain)).toBeLessThan(0.03);
    expect(metric.lo).toBeLessThan(gain);
    expect(metric.hi).toBeGreaterThan(gain);
    expect([verdict.verdict, verdict.reasons]).toEqual(['pass', ['ok']]);
    expect(days.at(-1).kpis[0]).toMatchObject({ kpi_id: kpi, known_so_far: { off: { level: metric.levels.control } } });
    expect(read.bad_rows.total).toBe(0);
  });

  test.each(TYPES)('%s says the same of its rows in any order', async (kpi) => {
    const random = seededRandom(3);
    const mixed = rows
      .map((row) => ({ row, order: random.next() }))
      .toSorted((left, right) => left.order - right.order);
    const { read: _read, ...whole } = await replay(kpi, contentOf(kpi));
    const { read: _other, ...other } = await replay(
      kpi,
      contentOf(
        kpi,
        mixed.map(({ row }) => row),
      ),
    );
    expect(other).toEqual(whole);
  });

  test.each(['revenue', 'order_value', 'queue'] as const)('%s is the same in cents', async (kpi) => {
    const whole = await replay(kpi, contentOf(kpi));
    place.write('cents.yml', TYPES_REGISTRY.replaceAll('cap: 1000', 'cap: 100000'));
    place.write('rows.csv', contentOf(kpi, typeRows(20, 100)));
    const { out } = await place.run(...args(kpi), '--registry', 'cents.yml', '--json');
    const [[cents], [euros]] = [JSON.parse(out).verdict.metrics, whole.verdict.metrics];
    expect(cents.levels.treatment).toBeCloseTo(euros.levels.treatment * 100, 6);
    expect([cents.estimate, cents.lo, cents.hi].map((x) => x.toFixed(9))).toEqual(
      [euros.estimate, euros.lo, euros.hi].map((x: number) => x.toFixed(9)),
    );
  });

  test('shows levels in the unit of the KPI, and recomputes from its evidence', async () => {
    const { verdict } = await replay('speed', typesCsv(rows));
    const { out } = await place.run(...args('speed'));
    expect(out).toMatch(/speed +\d+(\.\d+)? ms {2}of \d/);
    const again = await place.run('recompute', 'evidence.json', '--json');
    expect(again.code).toBe(0);
    expect(verdict.metrics[0].unit).toBe('ms');
  });
});

type Rows = ReturnType<typeof typeRows>;

function sum(rows: Rows, kpi: TypeKpi, arm: string, field: string): number {
  return rows
    .filter((row) => row.kpi === kpi && row.variant === arm)
    .reduce((total, { cells }) => total + (cells[field] ?? 0), 0);
}

function mean(rows: Rows, kpi: TypeKpi, arm: string, field: string): number {
  const own = rows.filter((row) => row.kpi === kpi && row.variant === arm);
  return sum(rows, kpi, arm, field) / new Set(own.map(({ unit }) => unit)).size;
}

function quantile(rows: Rows, arm: string): number {
  const values = rows
    .filter((row) => row.kpi === 'speed' && row.variant === arm)
    .map(({ cells }) => cells.latency_ms!)
    .toSorted((left, right) => left - right);
  return values[Math.round((values.length - 1) * 0.95)]!;
}
