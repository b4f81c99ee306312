import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import type { Measure } from '../../contract/kpi-measure.ts';
import { NO_SUMS, type Tally } from '../model/tally.ts';
import { DAY_MINUTES, WEEK_MINUTES } from '../model/time.ts';
import { backtestWeek } from '../statistics/backtest-week.ts';
import { logHistogramOf } from '../statistics/log-histogram.ts';
import { type BeforeAfterInput, beforeAfterEffect } from './before-after-effect.ts';

const RATES = [0.2, 0.21, 0.205, 0.19, 0.198, 0.207, 0.211, 0.2, 0.195, 0.203, 0.199, 0.204];
const START = 100 * WEEK_MINUTES;
const common = { source: 'web', of: 'viewed', withinMinutes: 0 };
const amount = { event: 'paid', add: 'value', cap: 1000, step: 0.1 } as const;
const PROPORTION: Measure = { ...common, type: 'proportion', success: null, counts: 'success' };

function weeksOf(totals: readonly Tally[]) {
  return totals.map((total, i) => ({ firstMinute: START + i * WEEK_MINUTES, total }));
}

function series(measure: Measure, totals: readonly Tally[], own: Tally | undefined, ownDays?: readonly Tally[]) {
  const history = { kpiId: 'k', weeks: weeksOf(totals), hourOfWeek: [] };
  return { kpi: { measure }, data: { history, ...(own && { own }), ...(ownDays && { ownDays }) } };
}

/** Amounts of 1000 units, half of them with something in the denominator. */
function amounts(level: number): Tally {
  const y = Math.round(level * 1e6);
  return { n: 1000, y, sums: { ...NO_SUMS, yy: y * y, d: 500, dd: 500, yd: y / 2 } };
}

const shares = (rates: readonly number[], n = 10_000): Tally[] => rates.map((p) => ({ n, y: Math.round(p * n) }));

function effect(changes: Partial<BeforeAfterInput> = {}) {
  return beforeAfterEffect({
    ...series(PROPORTION, shares(RATES), { n: 10_000, y: 2400 }),
    direction: 'increase_is_good',
    scale: 'relative',
    comparison: null,
    excluded: [],
    windowWeeks: 1,
    ...changes,
  });
}

describe('a week against the weeks before', () => {
  test('is the backtest of the logarithms, told as a relative change', () => {
    const { gain, levels } = effect();
    const ln = (y: number) => Math.log((y + 0.5) / 10_001);
    const want = backtestWeek(
      RATES.map((p) => ln(Math.round(p * 10_000))),
      ln(2400),
    );
    expect(gain).toMatchObject({ status: 'ok', method: 'backtest_week', df: 8, n: 12 });
    expect([gain.estimate, gain.lo, gain.hi]).toEqual([want.estimate, want.lo, want.hi].map(Math.expm1));
    expect(gain.lo).toBeGreaterThan(0.1);
    expect(levels.control).toBeCloseTo(0.2, 2);
    expect(levels.treatment).toBe(0.24);
  });

  test('is the other way round where less is good', () => {
    const [up, down] = [effect().gain, effect({ direction: 'decrease_is_good' }).gain];
    expect([down.estimate, down.lo, down.hi]).toEqual([-up.estimate, -up.hi, -up.lo]);
  });

  test('is told in points for an absolute effect, by way of the odds', () => {
    const { gain, levels } = effect({ scale: 'absolute' });
    expect(gain.estimate).toBeCloseTo(0.04, 2);
    expect(gain.estimate).toBeCloseTo(0.24 - levels.control!, 3);
    expect(gain.lo).toBeLessThan(gain.estimate);
    expect(gain.hi).toBeGreaterThan(gain.estimate);
  });

  test.each<[string, Measure, (level: number) => Tally]>([
    ['mean', { ...common, type: 'mean', amount }, amounts],
    [
      'ratio',
      { ...common, type: 'ratio', numerator: amount, denominator: { ...amount, add: 'events', step: 1 } },
      amounts,
    ],
    ['rate', { ...common, type: 'rate', count: 'ticket' }, (p) => ({ n: 100_000, y: Math.round(p * 1e6) })],
    [
      'quantile',
      { ...common, type: 'quantile', quantile: 0.5 },
      (p) => ({ n: 3, y: 0, histogram: logHistogramOf([p * 900, p * 1000, p * 1100])! }),
    ],
    ['gauge', { ...common, type: 'gauge', amount }, amounts],
  ])('finds 20%% more of a %s', (_, measure, tally) => {
    const { gain } = effect(series(measure, RATES.map(tally), tally(0.24)));
    expect(gain.status).toBe('ok');
    expect(gain.estimate).toBeGreaterThan(0.17);
    expect(gain.estimate).toBeLessThan(0.22);
    expect(gain.lo).toBeGreaterThan(0.1);
  });
});

describe('no answer', () => {
  const mean: Measure = { ...common, type: 'mean', amount };
  test.each<[string, Partial<BeforeAfterInput>, string]>([
    ['five weeks', series(PROPORTION, shares(RATES.slice(0, 5)), { n: 100, y: 20 }), 'insufficient'],
    ['no history', series(PROPORTION, [], { n: 100, y: 20 }), 'insufficient'],
    ['nothing kept of the window', series(PROPORTION, shares(RATES), undefined), 'insufficient'],
    ['an empty window', series(PROPORTION, shares(RATES), { n: 0, y: 0 }), 'insufficient'],
    ['more successes than trials', series(PROPORTION, shares(RATES), { n: 10, y: 11 }), 'insufficient'],
    [
      'a history that never moves',
      series(PROPORTION, shares(RATES.map(() => 0.2)), { n: 10_000, y: 3000 }),
      'degenerate',
    ],
    ['a level of nothing', series(mean, [0, ...RATES.slice(1)].map(amounts), amounts(0.2)), 'insufficient'],
    ['a window of NaN', series(mean, RATES.map(amounts), { ...amounts(0.2), y: Number.NaN }), 'insufficient'],
    ['sums that are not there', series(mean, RATES.map(amounts), { n: 1000, y: 200_000 }), 'insufficient'],
    ['half a week', { windowWeeks: 0.5 }, 'invalid'],
    [
      'points of what is no share',
      { ...series(mean, RATES.map(amounts), amounts(0.2)), scale: 'absolute' },
      'insufficient',
    ],
    ['more weeks than errors', { windowWeeks: 9 }, 'insufficient'],
  ])('to %s', (_, changes, status) => {
    const { gain, levels } = effect(changes);
    expect(gain.status).toBe(status);
    expect(gain.estimate).toBeNaN();
    expect(gain.hi - gain.lo).not.toBeLessThan(Number.POSITIVE_INFINITY);
    expect(levels.control).toBeNull();
  });

  test('to weeks with an excluded day, however many others there are', () => {
    const day = (week: number) => Math.floor((START + week * WEEK_MINUTES) / DAY_MINUTES) + 3;
    const excluded = Array.from({ length: 6 }, (_, i) => ({ firstDay: day(2 * i), lastDay: day(2 * i) }));
    expect(effect({ excluded: excluded.slice(0, 5) }).weeks).toHaveLength(7);
    expect(effect({ excluded }).gain.status).toBe('ok');
    expect(effect({ excluded: [...excluded, { firstDay: day(1), lastDay: day(1) }] }).gain.status).toBe('insufficient');
  });
});

describe('wider intervals', () => {
  const width = ({ gain }: { gain: { lo: number; hi: number } }) => Math.log((1 + gain.hi) / (1 + gain.lo));

  test('for a window of several weeks', () => {
    expect(width(effect({ windowWeeks: 2 }))).toBeGreaterThan(width(effect()));
    expect(width(effect({ windowWeeks: 4 }))).toBeGreaterThan(width(effect({ windowWeeks: 2 })));
  });

  test('where past weeks are rejected too often: a level that jumps now and then', () => {
    const daily = Array.from({ length: 84 }, (_, day) => (day > 60 ? 0.23 : 0.2) + 0.004 * Math.sin(day));
    const days = shares(daily, 1000);
    const weeks = Array.from({ length: 12 }, (_, i) => ({
      n: 7000,
      y: days.slice(7 * i, 7 * i + 7).reduce((sum, { y }) => sum + y, 0),
    }));
    const own = { n: 7000, y: 1600 };
    const [plain, checked] = [series(PROPORTION, weeks, own), series(PROPORTION, weeks, own, days)].map(effect);
    expect(plain!.placebo).toBeNull();
    expect(checked!.placebo!.placebos).toBe(36);
    expect(checked!.placebo!.widen).toBeGreaterThan(1);
    expect(width(checked!)).toBeCloseTo(width(plain!) * checked!.placebo!.widen, 9);
  });
});

describe('a comparison that the change cannot touch', () => {
  const holiday = RATES.map((p, i) => p * (1 + 0.1 * Math.sin(3 * i)));
  const own = { n: 10_000, y: 1400 };
  const other = series(PROPORTION, shares(holiday.map((p) => p * 1.5)), { n: 10_000, y: 2100 });

  test('takes out what moves both: a holiday is no effect', () => {
    const here = series(PROPORTION, shares(holiday), own);
    expect(effect(here).gain.hi).toBeLessThan(0);
    const { gain } = effect({ ...here, comparison: other });
    expect(gain.method).toBe('difference_in_differences');
    expect(Math.abs(gain.estimate)).toBeLessThan(0.01);
    expect(gain.lo).toBeLessThan(0);
  });

  test('is trusted less the further it leaves its own range', () => {
    const rough = shares(holiday.map((p, i) => p * (1.5 + 0.02 * Math.sin(5 * i))));
    const width = (x: number, y: number) => {
      const away = series(PROPORTION, rough, { n: 10_000, y: x });
      const { gain } = effect({ ...series(PROPORTION, shares(holiday), { n: 10_000, y }), comparison: away });
      return Math.log((1 + gain.hi) / (1 + gain.lo));
    };
    expect(width(6000, 4000)).toBeGreaterThan(1.2 * width(3000, 2000));
  });

  test('leaves the level in the KPI itself, not in what is left of it', () => {
    const { levels } = effect({ ...series(PROPORTION, shares(holiday), own), comparison: other });
    expect(levels.control).toBeCloseTo(0.14, 2);
  });

  test('is no answer when it moves on its own, lacks weeks or lacks the window', () => {
    const random = seededRandom(5);
    const noise = shares(RATES.map(() => 0.2 + 0.05 * random.next()));
    const unlike = series(PROPORTION, noise, { n: 10_000, y: 2000 });
    expect(effect({ comparison: unlike }).gain.status).toBe('insufficient');
    const short = series(PROPORTION, shares(holiday.slice(0, 5)), own);
    expect(effect({ comparison: short }).gain.status).toBe('insufficient');
    const blind = series(PROPORTION, shares(holiday), undefined);
    expect(effect({ comparison: blind }).gain.status).toBe('insufficient');
  });
});
