import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { normalQuantile } from './distributions.ts';
import {
  advanceMarginMonitor,
  historicalMargin,
  type MarginMinute,
  type MarginMonitorConfig,
  startMarginMonitor,
} from './margin-monitor.ts';
import { logWealth } from './mixture-wealth.ts';
import { lookPlaceboSup, planPlaceboSup } from './placebo-sup.ts';

const HORIZON = 72;

/** 6000 requests an hour, daily noise sd .10 with AR .5 and hourly noise .10, and a day that is twice as busy at noon. */
function hourlyTotals(random: ReturnType<typeof seededRandom>, days: number): number[] {
  const normal = () => normalQuantile(random.next() || 0.5);
  let daily = 0.1 * normal();
  return Array.from({ length: days }, () => {
    daily = 0.5 * daily + Math.sqrt(0.75) * 0.1 * normal();
    return Array.from({ length: 24 }, (_, hour) => {
      const usual = 6000 * (1 + 0.5 * Math.sin((hour / 24) * 2 * Math.PI));
      return Math.round(usual * Math.exp(daily + 0.1 * normal()));
    });
  }).flat();
}

describe('placebo-sup', () => {
  it('raises a false alarm in about one window in 20, and finds a doubling within hours', () => {
    const random = seededRandom(71);
    const runs = 300;
    let alarms = 0;
    const delays: (number | null)[] = [];
    for (let run = 0; run < runs; run++) {
      const all = hourlyTotals(random, 80);
      const [before, after] = [all.slice(0, 77 * 24), all.slice(77 * 24)];
      const plan = planPlaceboSup(before, HORIZON, 'increase');
      expect(plan.status).toBe('ok');
      if (lookPlaceboSup(plan, after).alarmHour !== null) alarms++;
      const doubled = after.map((total) => 2 * total);
      delays.push(lookPlaceboSup(plan, doubled).alarmHour);
    }
    expect(alarms / runs).toBeLessThanOrEqual(0.05 + 4 * Math.sqrt((0.05 * 0.95) / runs));
    expect(delays.every((hour) => hour !== null)).toBe(true);
    expect(delays.reduce<number>((sum, hour) => sum + hour! + 1, 0) / runs).toBeLessThan(3);
  });

  it('sees a drop when harm is a decrease, and not otherwise', () => {
    const all = hourlyTotals(seededRandom(72), 80);
    const [before, after] = [all.slice(0, 77 * 24), all.slice(77 * 24)];
    const halved = after.map((total) => total / 2);
    expect(lookPlaceboSup(planPlaceboSup(before, HORIZON, 'decrease'), halved).alarmHour).not.toBeNull();
    expect(lookPlaceboSup(planPlaceboSup(before, HORIZON, 'increase'), halved).alarmHour).toBeNull();
  });

  it('gives the same answer hour by hour and at once, and stops at a broken hour', () => {
    const all = hourlyTotals(seededRandom(73), 80);
    const plan = planPlaceboSup(all.slice(0, 77 * 24), HORIZON, 'increase');
    const doubled = all.slice(77 * 24).map((total) => 2 * total);
    const { alarmHour } = lookPlaceboSup(plan, doubled);
    expect(lookPlaceboSup(plan, doubled.slice(0, alarmHour! + 1)).alarmHour).toBe(alarmHour);
    expect(lookPlaceboSup(plan, doubled.slice(0, alarmHour!)).alarmHour).toBeNull();
    expect(lookPlaceboSup(plan, [Number.NaN, ...doubled])).toEqual({ alarmHour: null, largest: null });
  });

  it('does without the windows that touch a missing hour, and needs forty', () => {
    const all = hourlyTotals(seededRandom(74), 80);
    const whole = planPlaceboSup(all, HORIZON, 'increase');
    const holed = planPlaceboSup(all.with(60 * 24 + 5, Number.NaN), HORIZON, 'increase');
    expect(holed.placebos).toBe(whole.placebos - 3);
    const short = planPlaceboSup(all.slice(-60 * 24), HORIZON, 'increase');
    expect(short).toMatchObject({ status: 'insufficient' });
    expect(lookPlaceboSup(short, [1e9, 1e9])).toEqual({ alarmHour: null, largest: null });
    expect(planPlaceboSup(all.with(3, -1), HORIZON, 'increase').status).toBe('invalid');
    expect(planPlaceboSup(all, 169, 'increase').status).toBe('invalid');
  });
});

describe('margin monitor', () => {
  const config: MarginMonitorConfig = { margin: 1.3, harm: 'increase', onset: 'mixture' };

  const run = (rows: readonly MarginMinute[], used = config) =>
    rows.reduce((state, row) => advanceMarginMonitor(used, state, row), startMarginMonitor(used));
  const minutes = (counts: readonly number[], expected: number) =>
    counts.map((count, minute) => ({ minute, count, expected }));

  it('has mean wealth at most 1 at the edge of the margin, exactly', () => {
    for (const harm of ['increase', 'decrease'] as const) {
      const used = { ...config, harm, onset: 'immediate' as const };
      const rate = harm === 'increase' ? 2 * 1.3 : 2 / 1.3;
      let [mean, chance] = [0, Math.exp(-rate)];
      for (let count = 0; count < 80; count++) {
        mean += chance * Math.exp(logWealth(run([{ minute: 0, count, expected: 2 }], used)));
        chance *= rate / (count + 1);
      }
      expect(mean).toBeLessThanOrEqual(1 + 1e-9);
      expect(mean).toBeGreaterThan(0.99);
    }
  });

  it('alarms beyond the margin and stays silent within it', () => {
    const random = seededRandom(75);
    const at = (multiple: number) => Array.from({ length: 60 }, () => random.poisson(100 * multiple));
    expect(logWealth(run(minutes(at(1.25), 100)))).toBeLessThan(0);
    expect(logWealth(run(minutes(at(2), 100)))).toBeGreaterThan(Math.log(100));
    expect(logWealth(run(minutes(at(0.5), 100), { ...config, harm: 'decrease' }))).toBeGreaterThan(Math.log(100));
  });

  it('goes on bit for bit after being serialised, ignores repeats, and refuses what cannot be', () => {
    const rows = minutes([90, 140, 200, 80, 210], 100);
    const middle = JSON.parse(JSON.stringify(run(rows.slice(0, 2))));
    const resumed = rows.reduce((state, row) => advanceMarginMonitor(config, state, row), middle);
    expect(JSON.stringify(resumed)).toBe(JSON.stringify(run(rows)));
    const night = run([{ minute: 0, count: 0, expected: 0 }]);
    expect(night).toMatchObject({ rejectedMinutes: 0, closedBlocks: 0 });
    for (const bad of [{ count: 1.5 }, { expected: 0 }, { expected: Number.NaN }, { count: -1 }]) {
      const state = run([{ minute: 0, count: 5, expected: 5, ...bad }]);
      expect(state).toMatchObject({ rejectedMinutes: 1, closedBlocks: 0 });
      expect(logWealth(state)).toBe(0);
    }
  });

  it.each([1, 0, Number.NaN, Number.POSITIVE_INFINITY])('never moves with a margin of %d', (margin) => {
    expect(run(minutes([900], 1), { ...config, margin })).toMatchObject({ status: 'invalid', closedBlocks: 0 });
  });

  it('takes its margin from how far ordinary hours stray, at least a quarter', () => {
    const ratios = Array.from({ length: 1000 }, (_, i) => 0.5 + i / 1000);
    expect(historicalMargin(ratios, 'increase')).toBeCloseTo(1.494, 3);
    expect(historicalMargin(ratios, 'decrease')).toBeCloseTo(1 / 0.505, 2);
    expect(historicalMargin([1, 1.1], 'increase')).toBe(1.25);
    expect(historicalMargin([], 'increase')).toBeNull();
    expect(historicalMargin([1, Number.NaN], 'increase')).toBeNull();
    expect(historicalMargin([0, 1], 'decrease')).toBeNull();
  });
});
