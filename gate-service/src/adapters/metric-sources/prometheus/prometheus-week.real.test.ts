import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toOpenMetrics } from '../../../../test/support/prometheus-samples.ts';
import { hasPrometheus, type PrometheusServer, startPrometheus } from '../../../../test/support/prometheus-server.ts';
import {
  CHANGE,
  HOLE_FROM,
  HOLE_TO,
  RESET_AT,
  SCRAPE_SECONDS,
  STOPPED_AT,
  WEEK_FROM,
  WEEK_TO,
  weekFamilies,
  weekKpi,
  weekSource,
} from '../../../../test/support/prometheus-week.ts';
import type { Kpi } from '../../../contract/kpi-registry.ts';
import type { SourceAnswer, SourceQuestion } from '../../../ports/metric-source.ts';

const isHere = await hasPrometheus();

describe.skipIf(!isHere)('seven days in a real Prometheus: a reset, a hole of 12 hours, a series that stopped', () => {
  let server: PrometheusServer;
  let short: PrometheusServer;

  beforeAll(async () => {
    const families = weekFamilies();
    const few = families.filter(({ name }) => name === 'hits_total' || name === 'tickets_total');
    [server, short] = await Promise.all([
      startPrometheus(toOpenMetrics(families)),
      startPrometheus(toOpenMetrics(few), { retention: '3d' }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([server?.stop(), short?.stop()]);
  });

  const ask = (kpi: Kpi, more: Partial<SourceQuestion> = {}) =>
    weekSource(server.url).read({
      kpi,
      changeId: CHANGE,
      from: WEEK_FROM,
      to: WEEK_TO,
      bucketMinutes: 60,
      byCohort: false,
      ...more,
    });
  const sum = (answer: SourceAnswer, variant: 'on' | 'off') => {
    if (answer.status !== 'ok') expect.fail(`${answer.fault}: ${answer.detail}`);
    const tallies = answer.buckets.filter((one) => one.variant === variant).map(({ tally }) => tally);
    return { n: tallies.reduce((all, { n }) => all + n, 0), y: tallies.reduce((all, { y }) => all + y, 0) };
  };
  const rate = weekKpi('rate', { of: 'hit', count: 'ticket' });

  test('a week of hours without a fault is exact', async () => {
    const answer = await ask(weekKpi('status', { of: 'steady' }));
    // One event a second before each scrape, and every tenth of them an error.
    const scrapes = ((WEEK_TO - WEEK_FROM) * 60) / SCRAPE_SECONDS;
    expect(sum(answer, 'off')).toEqual({ n: scrapes * 3, y: scrapes });
    expect(sum(answer, 'on')).toEqual({ n: scrapes * 3, y: scrapes });
  });

  test('minutes add up to the same', async () => {
    const from = WEEK_FROM + 1_440;
    const minutes = await ask(weekKpi('status', { of: 'steady' }), { from, to: from + 120, bucketMinutes: 1 });
    expect(sum(minutes, 'on')).toEqual({ n: 120 * 4 * 3, y: 120 * 4 });
  });

  test('a counter reset is told, and costs no more than its own bucket could hide', async () => {
    const answer = await ask(rate, { from: RESET_AT - 120, to: RESET_AT + 120 });
    const scrapes = (240 * 60) / SCRAPE_SECONDS;
    const { n } = sum(answer, 'on');
    expect(Math.abs(n - scrapes)).toBeLessThanOrEqual(2);
    expect(answer).toMatchObject({ facts: expect.arrayContaining([expect.stringContaining('2 resets over all')]) });
  });

  // Both variants have them; those at the hole are not seen, as nothing is counted across it.
  test.each([
    [10, 20],
    [500, 926],
  ])('%i resets', async (times, seen) => {
    const answer = await ask(weekKpi('rate', { of: `reset_${times}`, count: 'ticket' }));
    const hole = (HOLE_TO - HOLE_FROM) / 60;
    const scrapes = ((WEEK_TO - WEEK_FROM - hole * 60) * 60) / SCRAPE_SECONDS;
    const { n } = sum(answer, 'on');
    // Each reset hides at most what one scrape interval has.
    expect(Math.abs(n - scrapes)).toBeLessThanOrEqual(times * 2);
    expect(answer).toMatchObject({
      facts: expect.arrayContaining([expect.stringContaining(`${seen} resets over all`)]),
    });
  });

  test('the hole has no hours, not hours without events', async () => {
    const answer = await ask(rate);
    if (answer.status !== 'ok') expect.fail(answer.detail);
    const inHole = answer.buckets.filter(({ minute }) => minute >= HOLE_FROM && minute < HOLE_TO);
    expect(inHole).toEqual([]);
    expect(answer.facts[0]).toBe(
      '12 of 168 buckets had too few samples and are left out, the first at 2026-11-04T00:00Z.',
    );
    expect(answer.completeUntil).toBe(WEEK_TO);
    // Nothing of the hole is counted in the hour after it.
    const after = answer.buckets.find(({ minute, variant }) => minute === HOLE_TO && variant === 'on');
    expect(after?.tally.n).toBeLessThanOrEqual(3_600 / SCRAPE_SECONDS);
  });

  test('a question inside of the hole has no bucket, and the next one goes on from there', async () => {
    const answer = await ask(rate, { from: HOLE_FROM + 60, to: HOLE_FROM + 120, bucketMinutes: 1 });
    expect(answer).toMatchObject({ status: 'ok', buckets: [], completeUntil: HOLE_FROM + 120 });
    expect(answer).toMatchObject({
      facts: [expect.stringContaining('60 of 60 buckets had too few samples'), expect.anything()],
    });
  });

  test('a series that stopped is stale, however much it grew before', async () => {
    const answer = await ask(weekKpi('rate', { of: 'stopped', count: 'ticket' }));
    expect(answer).toMatchObject({ status: 'stale', fault: 'stale' });
    expect(answer).toMatchObject({ detail: expect.stringContaining('2026-11-06T23:59Z, 2880 min ago') });
    expect(STOPPED_AT).toBe(WEEK_TO - 2_880);
  });

  test('a metric that nobody has is empty, and what looks alike is told', async () => {
    const kpi = weekKpi('rate', { of: 'typo', count: 'ticket' });
    expect(await ask(kpi)).toMatchObject({ status: 'no_data', fault: 'empty' });
    const findings = await weekSource(server.url).check(kpi);
    expect(findings).toContainEqual({
      check: 'metric',
      status: 'failed',
      detail: expect.stringContaining('Alike: hits_total'),
    });
  });

  test('a change that nobody is in is empty', async () => {
    expect(await ask(rate, { changeId: 'chg-9-0000000000' })).toMatchObject({ status: 'no_data', fault: 'empty' });
  });

  test.each([
    ['x"} or vector(1) or hits_total{change_id="'],
    ['"} or vector(1) #'],
    ['\\"} or vector(1) #'],
    ['\\'],
    ['\n"} or vector(1)'],
    [`${CHANGE}\u0000`],
    ["'} or vector(1) or x{a='"],
    ['`} or vector(1) or x{a=`'],
    ['.*'],
  ])('a hostile change id answers nothing: %j', async (changeId) => {
    expect(await ask(rate, { changeId })).toMatchObject({ status: 'no_data', fault: 'empty' });
  });

  test.each([['chg-\ud800'], ['']])('a value that is no text is never sent: %j', async (changeId) => {
    expect(await ask(rate, { changeId })).toMatchObject({ fault: 'bad_query', query: null });
  });

  test('two replicas of everything are ambiguous', async () => {
    const answer = await ask(weekKpi('rate', { of: 'twice', count: 'ticket' }));
    expect(answer).toMatchObject({ status: 'source_error', fault: 'ambiguous' });
    expect(answer).toMatchObject({ detail: expect.stringContaining('"prometheus_replica":"a"') });
  });

  test('two series of a gauge are ambiguous unless it says many', async () => {
    const answer = await ask(weekKpi('gauge', { of: 'level', cap: 100 }));
    expect(answer).toMatchObject({ status: 'source_error', fault: 'ambiguous' });
    expect(answer).toMatchObject({ detail: expect.stringContaining('"instance":"b"') });
    expect(await ask(weekKpi('gauge', { of: 'levels', cap: 100 }))).toMatchObject({ status: 'ok' });
  });

  test('a variant that is neither on nor off is told', async () => {
    const answer = await ask(weekKpi('rate', { of: 'odd', count: 'ticket' }));
    expect(answer).toMatchObject({ fault: 'bad_value', detail: expect.stringContaining('version_flag="blue"') });
  });

  test('a mean needs the squares, and has its variance with them', async () => {
    const answer = await ask(weekKpi('mean', { of: 'steady', value_of: 'spend', within: '1m', cap: 10 }));
    if (answer.status !== 'ok') expect.fail(answer.detail);
    const { n, y, sums } = answer.buckets.at(-1)!.tally;
    // Three units a scrape: 1, 2 and 3, in steps of 0.001.
    expect({ n, y, yy: sums?.yy }).toEqual({ n: 720, y: 1_440_000, yy: 3_360_000_000 });
    const without = await ask(weekKpi('mean', { of: 'steady', value_of: 'bare', within: '1m', cap: 10 }));
    expect(without).toMatchObject({ fault: 'refused', query: null, detail: expect.stringContaining('no variance') });
  });

  test('a gauge that answers as a histogram is no histogram', async () => {
    const answer = await ask(weekKpi('quantile', { of: 'wrong', quantile: 'p95' }));
    expect(answer.status).not.toBe('ok');
  });

  test('a window that began before the oldest sample is refused by its retention', async () => {
    const question = {
      kpi: rate,
      changeId: CHANGE,
      from: WEEK_FROM,
      to: WEEK_TO,
      bucketMinutes: 60,
      byCohort: false,
    } as const;
    const answer = await weekSource(short.url).read(question);
    expect(answer).toMatchObject({ status: 'source_error', fault: 'retention' });
    const findings = await weekSource(short.url).check(rate);
    expect(findings).toContainEqual({
      check: 'oldest sample',
      status: 'failed',
      detail: expect.stringContaining('samples are kept for 3 days'),
    });
  });
});
