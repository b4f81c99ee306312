import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import {
  type DailyLook,
  type DailyLooksState,
  mergeDailyLooks,
  startDailyLooks,
  takeDailyLook,
} from './daily-looks.ts';
import { lanDemetsBounds } from './lan-demets.ts';
import { twoProportionZ } from './two-proportion-z.ts';

const evenly = (looks: number) => Array.from({ length: looks }, (_, i) => (i + 1) / looks);
const config = { alpha: 0.05, plannedUnits: 60 };

function runLooks(looks: readonly DailyLook[], from = startDailyLooks(config)): DailyLooksState {
  return looks.reduce((state, look) => takeDailyLook(config, state, look), from);
}

describe('Lan-DeMets bounds', () => {
  it.each(oracleCases('confidence-sequences', 'lan_demets_power2_bounds'))('$id', (oracle) => {
    const { looks, alpha, sides, phi } = oracle.inputs;
    const got = lanDemetsBounds({ fractions: evenly(looks), alpha, sides, power: phi });
    oracle.expected.z.forEach((z: number, i: number) => {
      expectClose(got[i], z, oracle);
    });
  });

  it('of seven even one-sided looks are those of docs/statistics.md section K', () => {
    const known = [3.084, 2.707, 2.465, 2.272, 2.105, 1.956, 1.82];
    lanDemetsBounds({ fractions: evenly(7), alpha: 0.05, sides: 1, power: 2 }).forEach((z, i) => {
      expect(Math.abs(z - known[i]!)).toBeLessThan(6e-4);
    });
  });

  it('of one look are the ordinary test, and a look without new information spends nothing', () => {
    expect(lanDemetsBounds({ fractions: [1], alpha: 0.05, sides: 1, power: 2 })[0]).toBeCloseTo(1.6448536, 6);
    const [first, repeated, last] = lanDemetsBounds({ fractions: [0.5, 0.505, 1], alpha: 0.05, sides: 1, power: 2 });
    expect(repeated).toBe(Infinity);
    expect([first, last]).toEqual(lanDemetsBounds({ fractions: [0.5, 1], alpha: 0.05, sides: 1, power: 2 }));
  });

  it.each([
    ['fractions that fall', { fractions: [0.5, 0.4] }],
    ['a fraction above 1', { fractions: [1.1] }],
    ['a NaN fraction', { fractions: [Number.NaN] }],
    ['alpha of 0', { alpha: 0 }],
    ['a power of 0', { power: 0 }],
  ])('are none with %s', (_, part) => {
    expect(lanDemetsBounds({ fractions: [0.5], alpha: 0.05, sides: 1, power: 2, ...part })).toEqual([]);
  });
});

describe('daily looks', () => {
  it('cross when z reaches the bound of the day, and stay so', () => {
    const calm = { day: 0, units: 9, z: 2.9 };
    expect(runLooks([calm])).toMatchObject({ crossed: false, lastDay: 0 });
    const crossed = runLooks([calm, { day: 1, units: 18, z: 2.9 }]);
    expect(crossed.crossed).toBe(true);
    expect(runLooks([{ day: 2, units: 27, z: -1 }], crossed).crossed).toBe(true);
  });

  it('ignore a day seen before, and days after all planned units', () => {
    const state = runLooks([{ day: 3, units: 60, z: 1 }]);
    expect(runLooks([{ day: 3, units: 60, z: 9 }], state)).toEqual(state);
    const later = runLooks([{ day: 4, units: 80, z: 9 }], state);
    expect(later).toEqual({ ...state, lastDay: 4 });
  });

  it.each([
    ['NaN', { z: Number.NaN }],
    ['units that fall', { units: 5 }],
    ['a fractional day', { day: 1.5 }],
  ])('refuse %s: counted, nothing spent', (_, part) => {
    const state = runLooks([{ day: 0, units: 10, z: 0 }]);
    const next = runLooks([{ day: 1, units: 20, z: 9, ...part }], state);
    expect(next).toMatchObject({ rejectedDays: 1, crossed: false, fractions: state.fractions });
  });

  it('go on bit for bit after being serialised, and never move with an unusable plan', () => {
    const looks = [0, 1, 2, 3].map((day) => ({ day, units: 9 * (day + 1), z: 0.3 * day }));
    const middle = runLooks(looks.slice(0, 2));
    expect(runLooks(looks, JSON.parse(JSON.stringify(middle)))).toEqual(runLooks(looks));
    const broken = { alpha: 0.05, plannedUnits: 0 };
    const start = startDailyLooks(broken);
    expect(start.status).toBe('invalid');
    expect(takeDailyLook(broken, start, { day: 0, units: 9, z: 9 })).toEqual(start);
  });

  it('merge half and half with the monitor: either alone can reach the threshold', () => {
    const threshold = Math.log(20);
    expect(mergeDailyLooks(0, false, 0.05)).toBeCloseTo(Math.log(0.5), 12);
    expect(mergeDailyLooks(-50, true, 0.05)).toBeGreaterThanOrEqual(threshold);
    expect(mergeDailyLooks(Math.log(40), false, 0.05)).toBeCloseTo(threshold, 12);
    expect(mergeDailyLooks(Math.log(39), false, 0.05)).toBeLessThan(threshold);
  });

  it('find a 20-point harm in 60 jobs in about 45% of weeks, with false alarms near alpha', () => {
    const random = seededRandom(51);
    const units = [5, 9, 13, 17, 21, 26, 30];
    const { bounds } = runLooks(units.map((n, day) => ({ day, units: 2 * n, z: 0 })));
    const week = (pA: number, pB: number) => {
      let [n, yA, yB] = [0, 0, 0];
      return units.some((size, day) => {
        yA += random.binomial(size - n, pA);
        yB += random.binomial(size - n, pB);
        n = size;
        return twoProportionZ({ y: yA, n }, { y: yB, n }).z >= bounds[day]!;
      });
    };
    const runs = 1000;
    const share = (pB: number) => Array.from({ length: runs }, () => week(0.4, pB)).filter(Boolean).length / runs;
    expect(share(0.4)).toBeLessThanOrEqual(0.05 + 4 * Math.sqrt((0.05 * 0.95) / runs));
    expect(Math.abs(share(0.6) - 0.45)).toBeLessThan(4 * Math.sqrt((0.45 * 0.55) / runs));
  });
});
