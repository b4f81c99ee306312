import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SeededRandom, seededRandom } from '../../../test/support/seeded-random.ts';
import { DEFAULT_PSI, equalWeights } from './candidates.ts';
import {
  advanceExceedanceMonitor,
  type ExceedanceMinute,
  type ExceedanceMonitorConfig,
  endExceedanceBlock,
  exceedanceLogWealth,
  exceedanceRampStep,
  startExceedanceMonitor,
  worstThreshold,
} from './exceedance-monitor.ts';
import { exceedanceThresholds } from './exceedance-thresholds.ts';

const RATES = [0.5, 0.25, 0.1, 0.05, 0.01];

const base: ExceedanceMonitorConfig = {
  psi: DEFAULT_PSI,
  weights: equalWeights(DEFAULT_PSI.length),
  harm: 'increase',
  nMin: 3,
  histories: RATES.map((rate) => ({ y: rate * 1000, n: 1000 })),
  onset: 'mixture',
};

/** Latencies as ranks in the baseline: `shift` moves a draw to the slower side. */
function slower(random: SeededRandom, n: number, shift: (u: number) => number): number[] {
  const draws = Array.from({ length: n }, () => shift(random.next()));
  return RATES.map((rate) => draws.filter((u) => u >= 1 - rate).length);
}

function minutesToAlarm(random: SeededRandom, minutes: number, shift: (u: number) => number): number | null {
  let state = startExceedanceMonitor(base);
  for (let minute = 0; minute < minutes; minute++) {
    const [nA, nB] = [random.poisson(30), random.poisson(30)];
    const row = { minute, nA, slowerA: slower(random, nA, (u) => u), nB, slowerB: slower(random, nB, shift) };
    state = advanceExceedanceMonitor(base, state, row);
    if (exceedanceLogWealth(state) >= Math.log(20)) return minute;
  }
  return null;
}

describe('exceedance monitor', () => {
  it('finds requests that all got slower in minutes', () => {
    const random = seededRandom(31);
    const found = Array.from({ length: 40 }, () => minutesToAlarm(random, 300, (u) => u ** 0.65));
    expect(found.every((minute) => minute !== null)).toBe(true);
    expect(found.reduce<number>((sum, minute) => sum + (minute ?? 300), 0) / 40).toBeLessThan(30);
  });

  it('names the threshold where it got worse', () => {
    const row = { minute: 0, nA: 200, slowerA: [100, 50, 20, 10, 2], nB: 200, slowerB: [100, 50, 20, 18, 17] };
    expect(worstThreshold(advanceExceedanceMonitor(base, startExceedanceMonitor(base), row))).toBe(4);
  });

  it('is the mean of the wealths, and goes on bit for bit after being serialised anywhere', () => {
    const row = fc.record({ nA: fc.nat(30), nB: fc.nat(30), seed: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.nat(20), (cells, cut) => {
        const rows = cells.map(({ nA, nB, seed }, minute) => {
          const random = seededRandom(seed);
          return {
            minute,
            nA,
            slowerA: slower(random, nA, (u) => u),
            nB,
            slowerB: slower(random, nB, (u) => u),
          };
        });
        const step = (state: ReturnType<typeof startExceedanceMonitor>, one: ExceedanceMinute) =>
          advanceExceedanceMonitor(base, state, one);
        const straight = rows.reduce(step, startExceedanceMonitor(base));
        const middle = rows.slice(0, cut).reduce(step, startExceedanceMonitor(base));
        const resumed = rows.reduce(step, JSON.parse(JSON.stringify(middle)));
        expect(JSON.stringify(resumed)).toBe(JSON.stringify(straight));
        expect(Number.isFinite(exceedanceLogWealth(straight))).toBe(true);
      }),
    );
  });

  it.each<[string, Partial<ExceedanceMinute>]>([
    ['counts that rise with the threshold', { slowerB: [1, 2, 0, 0, 0] }],
    ['more slower than there are', { slowerA: [11, 0, 0, 0, 0] }],
    ['another number of thresholds', { slowerA: [1, 0, 0, 0] }],
    ['NaN', { slowerB: [Number.NaN, 0, 0, 0, 0] }],
  ])('refuses a minute with %s', (_, part) => {
    const row = { minute: 0, nA: 10, slowerA: [5, 2, 1, 1, 0], nB: 10, slowerB: [5, 2, 1, 1, 0], ...part };
    const state = advanceExceedanceMonitor(base, startExceedanceMonitor(base), row);
    expect(exceedanceLogWealth(state)).toBe(0);
    for (const stream of state.streams) expect(stream).toMatchObject({ rejectedMinutes: 1, closedBlocks: 0 });
  });

  it('ends blocks and steps up in every stream, and cannot alarm without thresholds', () => {
    const row = { minute: 0, nA: 2, slowerA: [1, 0, 0, 0, 0], nB: 2, slowerB: [1, 1, 0, 0, 0] };
    const open = advanceExceedanceMonitor(base, startExceedanceMonitor(base), row);
    for (const stream of endExceedanceBlock(base, open).streams) expect(stream.closedBlocks).toBe(1);
    const stepped = exceedanceRampStep(base, open);
    expect(exceedanceLogWealth(stepped)).toBeCloseTo(exceedanceLogWealth(endExceedanceBlock(base, open)), 12);
    expect(exceedanceLogWealth(startExceedanceMonitor({ ...base, histories: [] }))).toBe(0);
  });
});

describe('exceedance thresholds', () => {
  const baseline = {
    upperEdges: [50, 100, 200, 400, 800, 1600],
    cumulative: [80, 520, 830, 950, 990, 1000],
    n: 1000,
  };

  it('are the edges nearest to p50, p75, p90, p95 and p99, each once, with the share above them', () => {
    expect(exceedanceThresholds(baseline, 'increase', 'none', 0)).toEqual([
      { control: 100, treatment: 100, history: { y: 480, n: 1000 } },
      { control: 200, treatment: 200, history: { y: 170, n: 1000 } },
      { control: 400, treatment: 400, history: { y: 50, n: 1000 } },
      { control: 800, treatment: 800, history: { y: 10, n: 1000 } },
    ]);
  });

  it.each<['increase' | 'decrease', 'ratio' | 'difference', number, number[]]>([
    ['increase', 'ratio', 1, [200, 400, 800, 1600]],
    ['increase', 'ratio', 0.1, [200, 400, 800, 1600]],
    ['increase', 'difference', 1000, [1600, 1600, 1600]],
    ['decrease', 'ratio', 0.5, [50, 100, 200, 400]],
    ['decrease', 'difference', 90, [100, 200, 400]],
  ])('grant a margin in full: harm = %s, %s of %s', (harm, kind, margin, expected) => {
    expect(exceedanceThresholds(baseline, harm, kind, margin).map(({ treatment }) => treatment)).toEqual(expected);
  });

  it.each([
    ['all in one bucket', { upperEdges: [50, 100], cumulative: [0, 10], n: 10 }],
    ['no value', { upperEdges: [50], cumulative: [0], n: 0 }],
    ['edges that fall', { upperEdges: [100, 50], cumulative: [1, 2], n: 3 }],
    ['counts that fall', { upperEdges: [50, 100], cumulative: [2, 1], n: 3 }],
    ['NaN', { upperEdges: [50, Number.NaN], cumulative: [1, 2], n: 3 }],
  ])('are none with %s', (_, histogram) => {
    expect(exceedanceThresholds(histogram, 'increase', 'none', 0)).toEqual([]);
  });

  it('are none with a broken margin', () => {
    expect(exceedanceThresholds(baseline, 'increase', 'ratio', Number.NaN)).toEqual([]);
  });
});
