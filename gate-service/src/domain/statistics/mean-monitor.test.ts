import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, type OracleCase, oracleCases } from '../../../test/support/oracle-cases.ts';
import { equalWeights } from './candidates.ts';
import {
  advanceMeanMonitor,
  DEFAULT_RELATIVE_EFFECTS,
  endMeanBlock,
  type MeanMinute,
  type MeanMonitorConfig,
  type MeanMonitorState,
  meanRampStep,
  startMeanMonitor,
} from './mean-monitor.ts';
import { logWealth } from './mixture-wealth.ts';

const base: MeanMonitorConfig = {
  relativeEffects: DEFAULT_RELATIVE_EFFECTS,
  weights: equalWeights(DEFAULT_RELATIVE_EFFECTS.length),
  cap: 10,
  baselineMean: 2,
  baselineSd: 3,
  marginKind: 'none',
  margin: 0,
  harm: 'increase',
  nMin: 2,
  onset: 'mixture',
};

function run(config: MeanMonitorConfig, rows: readonly MeanMinute[], from = startMeanMonitor(config)) {
  return rows.reduce<MeanMonitorState[]>((states, row) => {
    states.push(advanceMeanMonitor(config, states.at(-1) ?? from, row));
    return states;
  }, []);
}

function minuteOf(minute: number, a: readonly number[], b: readonly number[]): MeanMinute {
  const [left, right] = [a, b].map((values) => ({
    sum: values.reduce((sum, value) => sum + value, 0),
    sumSq: values.reduce((sum, value) => sum + value * value, 0),
  }));
  return {
    minute,
    nA: a.length,
    sumA: left!.sum,
    sumSqA: left!.sumSq,
    nB: b.length,
    sumB: right!.sum,
    sumSqB: right!.sumSq,
  };
}

function oracleConfig({ inputs }: OracleCase): MeanMonitorConfig {
  const { rel_effects, cap, mean_hist, sd_hist, direction } = inputs;
  return {
    ...base,
    relativeEffects: rel_effects,
    weights: equalWeights(rel_effects.length),
    cap,
    baselineMean: mean_hist,
    baselineSd: sd_hist,
    harm: direction,
    nMin: 5,
    onset: 'immediate',
  };
}

describe('mean monitor', () => {
  it.each(oracleCases('mean-monitor', 'egate_mean_eb'))('agrees with the reference implementation: $id', (oracle) => {
    const rows = oracle.inputs.batches_nA_sumA_sumsqA_nB_sumB_sumsqB.map(
      ([nA, sumA, sumSqA, nB, sumB, sumSqB]: number[], minute: number) => ({
        minute,
        nA,
        sumA,
        sumSqA,
        nB,
        sumB,
        sumSqB,
      }),
    );
    const logs = run(oracleConfig(oracle), rows).map(logWealth);
    const expected: number[] = oracle.expected.log_wealth_after_each_batch;
    expect(logs).toHaveLength(expected.length);
    expected.forEach((log, i) => {
      expectClose(logs[i], log, oracle);
    });
    expect(logs.some((log) => log >= -Math.log(oracle.inputs.alpha))).toBe(oracle.expected.alarm_batch_1based !== null);
  });

  it('stays finite, and goes on bit for bit after being serialised anywhere', () => {
    const values = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(values, values), { minLength: 1, maxLength: 30 }), fc.nat(30), (cells, cut) => {
        const rows = cells.map(([a, b], minute) => minuteOf(minute, a, b));
        const states = run(base, rows);
        for (const state of states) {
          expect(Number.isFinite(logWealth(state))).toBe(true);
          expect(state.rejectedMinutes).toBe(0);
        }
        const middle = run(base, rows.slice(0, cut)).at(-1) ?? startMeanMonitor(base);
        const resumed = run(base, rows, JSON.parse(JSON.stringify(middle))).at(-1);
        expect(JSON.stringify(resumed)).toBe(JSON.stringify(states.at(-1)));
      }),
    );
  });

  it('has mean wealth at most 1 on the edge of the null, exactly, even for values at the ends of their range', () => {
    // Two units an arm, values 0 or M: the mean over all 16 outcomes. Edges: equal, 20% worse, 1 unit worse.
    for (const harm of ['increase', 'decrease'] as const) {
      for (const marginKind of ['none', 'ratio', 'difference'] as const) {
        const margin = { none: 0, ratio: 0.2, difference: 1 }[marginKind];
        const config = { ...base, harm, marginKind, margin, onset: 'immediate' as const };
        for (const pA of [0.15, 0.2, 0.5, 0.8]) {
          const sign = harm === 'increase' ? 1 : -1;
          const pB = { none: pA, ratio: pA * (1 + sign * 0.2), difference: pA + sign * 0.1 }[marginKind];
          let mean = 0;
          for (let bits = 0; bits < 16; bits++) {
            const values = [0, 1, 2, 3].map((i) => (bits >> i) & 1);
            const chance = values.reduce((product, hit, i) => {
              const p = i < 2 ? pA : pB;
              return product * (hit === 1 ? p : 1 - p);
            }, 1);
            const scaled = values.map((hit) => hit * 10);
            const [state] = run(config, [minuteOf(0, scaled.slice(0, 2), scaled.slice(2))]);
            mean += chance * Math.exp(logWealth(state!));
          }
          expect(mean).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    }
  });

  it('says the same in another unit', () => {
    const rows = [minuteOf(0, [1, 4, 0], [9, 3, 8]), minuteOf(1, [0, 2, 2], [7, 5, 1])];
    const scaled = [minuteOf(0, [1000, 4000, 0], [9000, 3000, 8000]), minuteOf(1, [0, 2000, 2000], [7000, 5000, 1000])];
    const milli = { ...base, cap: 10_000, baselineMean: 2000, baselineSd: 3000 };
    expect(logWealth(run(milli, scaled).at(-1)!)).toBeCloseTo(logWealth(run(base, rows).at(-1)!), 12);
  });

  it('gains when the treatment is worse, less so with a margin, and loses when it is better', () => {
    const rows = Array.from({ length: 40 }, (_, i) => minuteOf(i, [0, 2, 4, 1], [3, 5, 9, 4]));
    const last = (part: Partial<MeanMonitorConfig>) => logWealth(run({ ...base, ...part }, rows).at(-1)!);
    expect(last({})).toBeGreaterThan(Math.log(20));
    expect(last({ marginKind: 'difference', margin: 1 })).toBeLessThan(last({}));
    expect(last({ marginKind: 'ratio', margin: 5 })).toBeLessThan(0);
    expect(last({ harm: 'decrease' })).toBeLessThan(0);
  });

  it('ends the open block at a change of allocation: closed with a unit in both arms, else discarded', () => {
    const config = { ...base, nMin: 20 };
    const [both] = run(config, [minuteOf(0, [1], [2])]);
    expect(endMeanBlock(config, both!)).toMatchObject({ closedBlocks: 1, open: { nA: 0, nB: 0 } });
    const [one] = run(config, [minuteOf(0, [1], [])]);
    expect(endMeanBlock(config, one!)).toMatchObject({ closedBlocks: 0, open: { nA: 0, sA: 0 } });
    expect(logWealth(meanRampStep(config, both!))).toBeCloseTo(logWealth(endMeanBlock(config, both!)), 12);
  });

  it.each<[string, Partial<MeanMinute>]>([
    ['a value above the cap', { sumA: 31, sumSqA: 900 }],
    ['a negative sum', { sumB: -1 }],
    ['squares below sum^2/n', { sumA: 6, sumSqA: 11 }],
    ['squares above cap * sum', { sumA: 6, sumSqA: 61 }],
    ['NaN', { sumSqB: Number.NaN }],
    ['values without units', { nB: 0 }],
    ['a fractional unit', { nA: 2.5 }],
  ])('refuses %s: counted, wealth untouched', (_, part) => {
    const [state] = run(base, [{ ...minuteOf(0, [1, 2, 3], [1, 2, 3]), ...part }]);
    expect(state).toMatchObject({ rejectedMinutes: 1, closedBlocks: 0 });
    expect(logWealth(state!)).toBe(0);
  });

  it.each<[string, Partial<MeanMonitorConfig>]>([
    ['no spread in the baseline', { baselineSd: 0 }],
    ['a baseline mean of 0', { baselineMean: 0 }],
    ['a baseline mean at the cap', { baselineMean: 10 }],
    ['an infinite cap', { cap: Number.POSITIVE_INFINITY }],
    ['an effect of 0', { relativeEffects: [0], weights: [1] }],
    ['a negative margin', { marginKind: 'ratio', margin: -0.1 }],
    ['a drop margin of 100%', { marginKind: 'ratio', margin: 1, harm: 'decrease' }],
    ['a NaN margin', { marginKind: 'difference', margin: Number.NaN }],
    ['nMin 0', { nMin: 0 }],
  ])('never moves with an unusable configuration: %s', (_, part) => {
    const config = { ...base, ...part };
    const [state] = run(config, [minuteOf(0, [0, 0, 0], [9, 9, 9])]);
    expect(state).toEqual(startMeanMonitor(config));
    expect(state!.status).toBe('invalid');
  });
});
