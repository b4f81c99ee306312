import { describe, expect, it } from 'vitest';
import { startVariant } from './idea-monitor.ts';
import { IDEAS, ideaRule, SHIPPED, usual } from './ideas.ts';
import { monitorRule, shippedConfig } from './ours.ts';
import { growthBook } from './peers/growthbook.ts';
import { kayenta } from './peers/kayenta.ts';
import { fastRandom } from './random.ts';
import { SETTINGS, type Setting } from './settings.ts';
import { runWeek, simulate } from './simulate.ts';
import { drawWeek } from './stream.ts';

const settingOf = (name: string): Setting => SETTINGS.find((one) => one.name === name)!;

describe('fastRandom', () => {
  it.each([0.3, 9.9, 10.1, 80, 5000])('draws Poisson counts of mean %d', (mean) => {
    const { poisson } = fastRandom(5, mean);
    const draws = Array.from({ length: 40_000 }, () => poisson(mean));
    const average = draws.reduce((sum, k) => sum + k, 0) / draws.length;
    const spread = draws.reduce((sum, k) => sum + (k - average) ** 2, 0) / draws.length;
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / draws.length));
    expect(Math.abs(spread / mean - 1)).toBeLessThan(0.05);
  });

  it('gives the same stream for the same parts and another for others', () => {
    expect(fastRandom(1, 2).next()).toBe(fastRandom(1, 2).next());
    expect(fastRandom(1, 2).next()).not.toBe(fastRandom(2, 1).next());
  });
});

describe('a simulated week', () => {
  it('is the same however it is read, and has its harm from the onset on', () => {
    const first = drawWeek(settingOf('S4'), { onset: 100 }, [1]);
    const second = drawWeek(settingOf('S4'), { onset: 100 }, [1]);
    first.ensure(199);
    for (let minute = 0; minute < 200; minute += 1) second.ensure(minute);
    expect(first.yB.subarray(0, 200)).toEqual(second.yB.subarray(0, 200));
    const bad = (from: number, to: number) => first.yB.subarray(from, to).reduce((sum, y) => sum + y, 0);
    expect(bad(100, 200)).toBeGreaterThan(3 * bad(0, 100));
  });

  it('catches a total failure with ours in minutes, and with a variance-based rule in hours', () => {
    const ours = monitorRule('ours', (setting) => shippedConfig(setting, 'mixture'));
    const [us, them] = simulate([ours, growthBook], settingOf('S8'), { onset: 0 }, 20, [3]);
    expect(Math.max(...us!.delays)).toBeLessThan(60);
    expect(Math.min(...them!.delays)).toBeLessThan(10_080);
    expect(them!.delays.reduce((sum, delay) => sum + delay, 0) / 20).toBeGreaterThan(600);
  });
});

describe('the exchangeable monitor', () => {
  it('alarms in the same minute as the shipped one when it has its parts', () => {
    const ours = monitorRule('ours', (setting) => shippedConfig(setting, 'immediate'));
    const idea = IDEAS.find(({ name }) => name === SHIPPED)!;
    for (const name of ['S1', 'S4', 'S6']) {
      const [shipped, variant] = simulate([ours, ideaRule(idea)], settingOf(name), { onset: 0 }, 40, [4]);
      expect(variant!.delays).toEqual(shipped!.delays);
    }
  });

  it.each(['conditional on the block’s events (C)', 'C, cut at 1/alpha (CX)'])(
    '%s is worth exactly what it was, on average over the splits of a block',
    (name) => {
      const setting = { ...settingOf('S4'), share: 0.4 };
      const variant = { ...usual(setting), ...IDEAS.find((one) => one.name === name)!.change(setting) };
      const [nA, nB, events] = [6, 4, 4];
      const ways = (n: number, k: number): number => (k === 0 ? 1 : (ways(n - 1, k - 1) * n) / k);
      let worth = 0;
      for (let yB = 0; yB <= events; yB += 1) {
        const chance = (ways(nA, events - yB) * ways(nB, yB)) / ways(nA + nB, events);
        const cap = variant.cap ?? Number.POSITIVE_INFINITY;
        const detector = startVariant(variant);
        detector.feed(0, nA, events - yB, nB, yB);
        worth += chance * Math.min(cap, detector.wealth());
      }
      expect(worth).toBeCloseTo(1, 6);
    },
  );
});

describe('Kayenta’s judge', () => {
  it('calls a clear shift High at the end of the hour, and equal arms not', () => {
    const week = drawWeek({ ...settingOf('S3'), pB: 0.02 }, { onset: 0 }, [6]);
    expect(runWeek(kayenta.start(settingOf('S3')), week)).toBe(59);
    const tied = kayenta.start(settingOf('S8'));
    const calls = Array.from({ length: 60 }, (_, minute) => tied.feed(minute, 10, 0, 10, 0));
    expect(calls).not.toContain(true);
  });
});
