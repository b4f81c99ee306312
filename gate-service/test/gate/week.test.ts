import { describe, expect, test } from 'vitest';
import { GateHarness, START } from '../support/gate-harness.ts';
import { DAY_MS, type PlayOptions, playChange, type Shop, type ShopEvent, WEEK_MS } from '../support/gate-traffic.ts';

const HOUR_MS = 3_600_000;

async function play(seed: number, shop: Shop, options: PlayOptions = {}) {
  const harness = new GateHarness();
  const change = await playChange(harness, seed, shop, options);
  await harness.close();
  expect(change.verdicts).toHaveLength(1);
  return { change, verdict: change.verdicts[0]! };
}

describe('a contractor with a hundred jobs a week', () => {
  const shop: Shop = {
    visitsPerWeek: 100,
    control: { converts: 0.3, fails: 0.01 },
    treatment: { converts: 0.33, fails: 0.01 },
    officeHours: true,
  };

  test.each([11, 12])('gets a verdict that the traffic allows, not a data-quality failure (seed %i)', async (seed) => {
    const { change, verdict } = await play(seed, shop, { stepMinutes: 60 });
    expect(verdict.quality.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(verdict.reasons.join()).not.toContain('data_quality');
    expect(['not_enough_evidence', 'positive_below_minimum', 'ok', 'below_minimum', 'harmful']).toContain(
      verdict.reasons[0],
    );
    expect(change.interventions).toEqual([]);
  });

  test('without any history a closed week-end is a hole in the data, and the verdict says so', async () => {
    const { verdict } = await play(14, shop, { baselineWeeks: 0, stepMinutes: 60 });
    expect(verdict.verdict).toBe('inconclusive');
    expect(verdict.reasons.every((reason) => /^data_quality:(coverage|answers):/.test(reason))).toBe(true);
  });

  test('without any history a shop that never closes gets its verdict', async () => {
    const { verdict } = await play(14, { ...shop, officeHours: false }, { baselineWeeks: 0, stepMinutes: 60 });
    expect(verdict.reasons).toEqual(['not_enough_evidence']);
  });

  test('is turned off when a change hurts so much that even so few visitors show it', async () => {
    const harmful = { ...shop, treatment: { converts: 0, fails: 0.95 } };
    const { change, verdict } = await play(15, harmful, { stepMinutes: 60 });
    expect(change.interventions.map(({ kind }) => kind)).toEqual(['throttle', 'turn_off']);
    expect([verdict.verdict, verdict.reasons]).toEqual(['fail', ['safety_rollback']]);
  });
});

describe('deleting data never turns a non-pass into a pass', () => {
  const neutral: Shop = {
    visitsPerWeek: 500,
    control: { converts: 0.25, fails: 0.02 },
    treatment: { converts: 0.25, fails: 0.02 },
  };
  const worse: Shop = { ...neutral, treatment: { converts: 0.2, fails: 0.03 } };
  const dark: PlayOptions['lose'] = ({ at }) => at >= START + 4 * DAY_MS;
  const outages: readonly (readonly [string, NonNullable<PlayOptions['lose']>])[] = [
    ['everything', () => true],
    ['one line in three', (_, n) => n % 3 === 0],
    ['nine lines in ten', (_, n) => n % 10 !== 0],
    ['the first two days', ({ at }) => at < START + 2 * DAY_MS],
    ['the last day', ({ at }) => at >= START + WEEK_MS - DAY_MS],
    ['every night', ({ at }) => Math.floor((at % DAY_MS) / HOUR_MS) < 8],
    ['every booking', ({ line }) => line.event === 'quote_done'],
    ['every view', ({ line }) => line.event === 'quote_viewed'],
    ['everybody with the change', ({ arm }) => arm === 'on'],
    ['everybody without the change', ({ arm }) => arm === 'off'],
    ['half of those with the change', (event: ShopEvent, n) => event.arm === 'on' && n % 2 === 0],
  ];

  test.each(outages)('losing %s of a change that does nothing', async (_, lose) => {
    const { verdict } = await play(21, neutral, { lose, baselineWeeks: 1, stepMinutes: 720 });
    expect(verdict.verdict).not.toBe('pass');
  });

  test.each(outages.filter((_, n) => n % 3 === 0))('losing %s of a change that hurts', async (_, lose) => {
    const { verdict } = await play(22, worse, { lose, baselineWeeks: 1, stepMinutes: 720 });
    expect(verdict.verdict).not.toBe('pass');
  });

  test('without the loss neither passes, and a change that helps does', async () => {
    expect((await play(21, neutral, { baselineWeeks: 1, stepMinutes: 720 })).verdict.verdict).not.toBe('pass');
    expect((await play(22, worse, { baselineWeeks: 1, stepMinutes: 720 })).verdict.verdict).not.toBe('pass');
    const better: Shop = { ...neutral, treatment: { converts: 0.45, fails: 0.02 } };
    expect((await play(23, better, { baselineWeeks: 1, stepMinutes: 720 })).verdict.verdict).toBe('pass');
    const { change, verdict } = await play(23, better, { baselineWeeks: 1, stepMinutes: 720, lose: dark });
    expect(verdict.verdict).toBe('inconclusive');
    expect(verdict.reasons[0]).toMatch(/^data_quality:/);
    expect(change.interventions).toEqual([]);
  });
});
