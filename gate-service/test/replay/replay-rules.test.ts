import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../support/seeded-random.ts';
import { csvOf, type JobRow, type JobsPlan, jobRows, SMALL_SHOP } from './make-jobs-file.ts';
import { makePlace, type Place, type ReplayObject } from './replay-runner.ts';

const PLAN: JobsPlan = { ...SMALL_SHOP, rows: 12_000, rate: { off: 0.3, on: 0.4 } };
const START = Date.parse(PLAN.start);
const DAY_MS = 86_400_000;

let place: Place;
beforeAll(() => {
  place = makePlace();
});
afterAll(() => place.remove());

function replay(rows: readonly JobRow[], ...args: readonly string[]): Promise<ReplayObject> {
  place.write('rows.csv', csvOf(rows));
  return place.object('rows.csv', ...args);
}

const dayOf = ({ time }: JobRow) => Math.floor((Date.parse(time) - START) / DAY_MS);
const rows = [...jobRows(PLAN)];

describe('data quality', () => {
  test('whole, the file passes', async () => {
    expect((await replay(rows)).verdict.verdict).toBe('pass');
  });

  test('a gap of a day fails the coverage', async () => {
    const { verdict } = await replay(rows.filter((row) => dayOf(row) !== 3));
    expect(verdict.reasons[0]).toBe('data_quality:coverage:booking_conversion');
  });

  test('a file that ends inside the window has no verdict yet', async () => {
    const { verdict, read, days } = await replay(rows.filter((row) => dayOf(row) < 5));
    expect(verdict.reasons[0]).toBe('data_quality:window');
    expect(read.ends_early).toBe(true);
    expect(days).toHaveLength(5);
  });

  test('a split that is not the contract’s is a mismatch, unless the true share is said', async () => {
    const random = seededRandom(1);
    const uneven = rows.filter((row) => row.variant !== 'on' || dayOf(row) < 0 || random.next() < 0.5);
    const first = rows.find(({ variant }) => variant === 'on')!;
    const all = uneven.includes(first) ? uneven : [...uneven, first];
    const { verdict, days } = await replay(all);
    expect(verdict.reasons[0]).toBe('data_quality:srm');
    const alerts = days.flatMap((day: ReplayObject) => day.alerts.map(({ kind }: ReplayObject) => [day.day, kind]));
    expect(alerts).toEqual([[expect.any(Number), 'sample_ratio']]);
    expect(alerts[0]![0]).toBeLessThan(4);
    expect((await replay(all, '--share', '33%')).verdict.verdict).toBe('pass');
  });

  test('units that saw both variants', async () => {
    const mixed = rows.map((row, at) =>
      dayOf(row) >= 0 && at % 20 === 0
        ? [row, { ...row, variant: row.variant === 'on' ? 'off' : 'on' } as const]
        : [row],
    );
    expect((await replay(mixed.flat())).verdict.reasons).toContain('data_quality:multi_exposure');
  });

  test('a KPI of the contract without a row is no pass, and can be left out by name', async () => {
    place.write('rows.csv', csvOf(rows));
    const run = (...args: readonly string[]) =>
      place.run(
        'replay',
        '--contract',
        'contract-with-guardrail.yml',
        '--registry',
        'kpis.yml',
        '--events',
        'rows.csv',
        ...args,
      );
    const all = await run();
    expect(all.out).toContain('INCONCLUSIVE: the data cannot be relied on');
    expect(all.out).toContain('leave it out with --only booking_conversion.');
    const some = await run('--only', 'booking_conversion');
    expect(some.out).toContain('PASS: the change did what its contract promised');
    expect(some.out).toContain('Left out on your word (--only), so the promise is a weaker one: quote_error_rate.');
    expect((await run('--only', 'quote_error_rate')).err).toContain('leaves out booking_conversion, which decides');
  });
});

describe('what counts', () => {
  test('before the first row with the change is history, and units count once in the window', async () => {
    const { read } = await replay(rows);
    expect(read.window.start).toBe('2026-11-02T09:15:00.000Z');
    expect(read.rows_by_place.history).toBe(rows.filter((row) => dayOf(row) < 0).length);
    const inWindow = rows.filter((row) => dayOf(row) >= 0);
    expect(read.exposed.off + read.exposed.on).toBe(new Set(inWindow.map(({ unit }) => unit)).size);
    expect(read.rows_by_place.repeated).toBe(inWindow.length - read.exposed.off - read.exposed.on);
  });

  test('an outcome is used from its time and within on', async () => {
    const { days } = await replay(rows);
    expect(days[0].kpis[0]).toMatchObject({ signal: 'too_few_events', known_today: { off: { n: 0 }, on: { n: 0 } } });
    const [second] = days.slice(1);
    const firstDay = rows.filter((row) => dayOf(row) === 0);
    expect(second.kpis[0].known_so_far.off.n + second.kpis[0].known_so_far.on.n).toBeLessThanOrEqual(firstDay.length);
  });

  test('the first row of a unit decides, whatever comes later', async () => {
    const again = rows.map((row) => ({
      ...row,
      time: new Date(Date.parse(row.time) + 60_000).toISOString(),
      outcome: 'success' as const,
    }));
    const more = await replay([...again, ...rows]);
    const once = await replay(rows);
    expect(more.verdict.metrics).toEqual(once.verdict.metrics);
    expect(more.read.notes.join('\n')).toMatch(/rows of the window are of a unit that had an earlier one/);
  });

  test('a status trial is (unit, minute), bad if any of its rows was', async () => {
    const minute = (at: number, second: number) => new Date(START + at * 60_000 + second * 1000).toISOString();
    const lines = Array.from({ length: 4000 }, (_, at) => {
      const [unit, arm] = [`u${at % 400}`, at % 2 === 0 ? 'on' : 'off'];
      const [good, bad] = [`${minute(at, 1)},${unit},${arm},success`, `${minute(at, 2)},${unit},${arm},error`];
      return at % 50 === 0 ? [good, bad, good] : [good, good];
    });
    const written = lines.flat();
    for (const content of [written, written.toReversed()]) {
      place.write('requests.csv', `time,unit,variant,status\n${content.join('\n')}\n`);
      place.write('errors.yml', 'hypothesis: x\nflag: f\nprimary: { kpi: quote_error_rate, at_least: -5% }\n');
      const { out } = await place.run(
        'replay',
        '--contract',
        'errors.yml',
        '--registry',
        'kpis.yml',
        '--events',
        'requests.csv',
        '--json',
      );
      const [metric] = JSON.parse(out).verdict.metrics;
      expect([metric.control, metric.treatment]).toEqual([
        { n: 2000, y: 0 },
        { n: 2000, y: 80 },
      ]);
    }
  });

  test('several KPIs, by a kpi column or by an outcome column for each', async () => {
    const inWindow = rows.filter((row) => dayOf(row) >= 0);
    const long = inWindow.flatMap(({ time, unit, variant, outcome }, at) => [
      `${time},${unit},${variant},booking_conversion,${outcome}`,
      `${time},${unit},${variant},quote_error_rate,${at % 40 === 0 ? 'error' : 'success'}`,
      `${time},${unit},${variant},page_speed,success`,
    ]);
    const wide = inWindow.map(
      ({ time, unit, variant, outcome }, at) => `${time},${unit},${variant},${outcome},${at % 40 === 0 ? 'no' : 'yes'}`,
    );
    place.write('long.csv', `time,unit,variant,kpi,outcome\n${long.join('\n')}\n`);
    place.write('wide.csv', `time,unit,variant,booked,worked\n${wide.join('\n')}\n`);
    const run = async (...args: readonly string[]) =>
      JSON.parse(
        (
          await place.run(
            'replay',
            '--contract',
            'contract-with-guardrail.yml',
            '--registry',
            'kpis.yml',
            '--json',
            ...args,
          )
        ).out,
      );
    const byColumn = await run('--events', 'long.csv');
    const byField = await run(
      '--events',
      'wide.csv',
      '--map',
      'booked=outcome:booking_conversion',
      '--map',
      'worked=outcome:quote_error_rate',
    );
    expect(byColumn.verdict.metrics).toHaveLength(2);
    expect(byColumn.verdict.metrics).toEqual(byField.verdict.metrics);
    expect(byColumn.verdict.metrics[1].control.y).toBeGreaterThan(0);
    expect(byColumn.read.notes.join('\n')).toContain('of something that is not replayed: page_speed.');
  });
});

describe('an empty outcome', () => {
  const ERRORS = ['--contract', 'fewer-cancellations.yml', '--registry', 'cancellations.yml'];
  beforeAll(() => {
    place.write(
      'fewer-cancellations.yml',
      'hypothesis: x\nflag: f\nprimary: { kpi: cancellation_rate, at_least: -5% }\n',
    );
    place.write(
      'cancellations.yml',
      `cancellation_rate:
  title: Cancellations
  definition: Share of booked jobs that are cancelled
  owner: growth-team
  unit: ratio
  direction: decrease_is_good
  measure: { source: web, type: proportion, of: job_booked, success: job_cancelled, within: 24h }
`,
    );
  });
  const cancellations = async (list: readonly JobRow[], ...args: readonly string[]): Promise<ReplayObject> => {
    place.write('rows.csv', csvOf(list));
    const ran = await place.run('replay', ...ERRORS, '--events', 'rows.csv', '--json', ...args);
    expect(ran.err).toBe('');
    return JSON.parse(ran.out);
  };
  const emptied = (which: (row: JobRow) => boolean) =>
    rows.map((row) => (which(row) ? { ...row, outcome: '' as const } : row));

  test.each([
    ['of every row with the change', (row: JobRow) => row.variant === 'on'],
    ['of the bad ends with the change', (row: JobRow) => row.variant === 'on' && row.outcome === 'success'],
    ['of the first days with the change', (row: JobRow) => row.variant === 'on' && dayOf(row) < 2],
    ['of every second row of the window', (row: JobRow) => dayOf(row) >= 0 && row.unit.endsWith('1')],
  ])('%s is a missing one, and never a pass', async (_what, which) => {
    const { verdict, read } = await cancellations(emptied(which));
    expect(verdict.verdict).toBe('inconclusive');
    expect(verdict.reasons).toContain('data_quality:quarantined');
    expect(read.bad_rows.by_problem).toEqual({ 'The outcome is empty': rows.filter(which).length });
    expect(read.bad_rows.in_window).toBe(rows.filter(which).length);
    expect(read.bad_rows.shown[0].allowed).toContain('empty for no success only with --value =error');
    expect(read.notes.join('\n')).toContain('say so: --value =error');
    expect(read.window.start).toBe(PLAN.start);
  });

  test('is no success on the user’s word, counted for each variant', async () => {
    const marked = emptied(({ outcome }) => outcome === 'error');
    const { verdict, read } = await replay(marked, '--value', '=error');
    const plain = await replay(rows);
    expect(verdict.metrics).toEqual(plain.verdict.metrics);
    expect(read.bad_rows.total).toBe(0);
    const empty = (arm: JobRow['variant']) =>
      marked.filter(({ variant, outcome }) => variant === arm && outcome === '').length;
    const counts = { on: empty('on'), off: empty('off'), history: empty('') };
    expect(read.rows_by_place.empty_outcomes).toEqual(counts);
    expect(read.notes.join('\n')).toMatch(
      /on your word \(--value =error\): \d+ rows with the change, \d+ without, .* of the history/,
    );
  });

  test('of a file that marks only successes is refused with the option that says so', async () => {
    place.write('rows.csv', csvOf(emptied(({ outcome }) => outcome === 'error')));
    const { out } = await place.replay('rows.csv');
    expect(out).toContain('INCONCLUSIVE: the data cannot be relied on');
    expect(out).toContain('--value =error');
    place.write('rows.csv', csvOf(emptied(() => true)));
    const none = await place.replay('rows.csv');
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('only with --value =error')]);
  });

  test('of a status KPI stays unreadable', async () => {
    place.write('rows.csv', csvOf(emptied((row) => row.variant === 'on')));
    place.write('errors.yml', 'hypothesis: x\nflag: f\nprimary: { kpi: quote_error_rate, at_least: -5% }\n');
    const { out } = await place.run(
      ...['replay', '--contract', 'errors.yml', '--registry', 'kpis.yml', '--events', 'rows.csv'],
      ...['--json', '--value', '=error'],
    );
    expect(JSON.parse(out).verdict.reasons[0]).toContain('data_quality');
  });

  test.each(['=success', '=on', '=off'])('--value %s is refused', async (value) => {
    place.write('rows.csv', csvOf(rows.slice(0, 10)));
    const { code, err } = await place.replay('rows.csv', '--value', value);
    expect([code, err]).toEqual([2, expect.stringContaining('allowed is only --value =error')]);
  });
});

describe('repeated events', () => {
  const withIds = (list: readonly JobRow[]) => list.map((row, at) => ({ ...row, id: `e${at}` }));
  const content = (list: readonly (JobRow & { id: string })[]) =>
    `time,unit,variant,outcome,event_id\n${list.map(({ time, unit, variant, outcome, id }) => `${time},${unit},${variant},${outcome},${id}`).join('\n')}\n`;

  test('are left out by their event_id, and the output says how many', async () => {
    const once = withIds(rows);
    place.write('ids.csv', content([...once, ...once.slice(-500)]));
    const found = await place.object('ids.csv');
    expect(found.read).toMatchObject({ event_ids: true, duplicates: 500, conflicts: 0 });
    expect(found.verdict.metrics).toEqual((await replay(rows)).verdict.metrics);
    expect(found.read.notes[0]).toBe('500 rows with an event_id seen before, left out.');
  });

  test('without an event_id are kept, and the output says so', async () => {
    const { read } = await replay([...rows, ...rows.slice(-500)]);
    expect(read).toMatchObject({ event_ids: false, duplicates: 0, rows: rows.length + 500 });
    expect(read.notes[0]).toBe('No duplicates were removed: the file has no event_id column.');
  });

  test('that contradict themselves fail the check, in any order', async () => {
    const once = withIds(rows);
    const other = once
      .slice(-100)
      .map((row) => ({ ...row, outcome: row.outcome === 'error' ? ('success' as const) : ('error' as const) }));
    const answers: ReplayObject[] = [];
    for (const list of [
      [...once, ...other],
      [...other, ...once.toReversed()],
    ]) {
      place.write('ids.csv', content(list));
      answers.push(await place.object('ids.csv'));
    }
    expect(answers[0]!.read).toMatchObject({ conflicts: 100, duplicates: 0 });
    expect(answers[0]!.verdict.reasons).toEqual(['data_quality:conflicts']);
    expect(answers[1]).toEqual(answers[0]);
  });
});

describe('deleting rows never yields a pass', () => {
  const plans = [1, 2, 3].map((seed): JobsPlan => ({ ...PLAN, seed, rate: { off: 0.3, on: 0.3 } }));
  const deletions: readonly (readonly [string, (row: JobRow, next: () => number) => boolean])[] = [
    ['a day', (row) => dayOf(row) !== 2],
    ['the end', (row) => dayOf(row) < 4],
    ['the nights', (row) => dayOf(row) < 0 || new Date(row.time).getUTCHours() >= 6],
    ['the control', (row) => row.variant !== 'off'],
    ['most of the treatment', (row, next) => row.variant !== 'on' || next() < 0.3],
    ['half of all', (_row, next) => next() < 0.5],
    ['the history', (row) => dayOf(row) >= 0],
  ];

  test.each(plans.map((plan) => [plan.seed, plan] as const))('seed %d', async (seed, plan) => {
    const all = [...jobRows(plan)];
    expect((await replay(all)).verdict.verdict).not.toBe('pass');
    for (const [what, keep] of deletions) {
      const random = seededRandom(seed);
      const { verdict } = await replay(all.filter((row) => keep(row, random.next)));
      expect(verdict.verdict, what).not.toBe('pass');
    }
  });

  test('of one arm, or of a day, not even a file that passes whole', async () => {
    for (const [what, keep] of deletions.slice(0, 5)) {
      const random = seededRandom(1);
      const { verdict } = await replay(rows.filter((row) => keep(row, random.next)));
      expect(verdict.verdict, what).toBe('inconclusive');
    }
  });
});
