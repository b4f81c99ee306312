import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, type OracleCase, oracleCases } from '../../../test/support/oracle-cases.ts';
import { DEFAULT_PSI, equalWeights } from './candidates.ts';
import {
  advanceCountMonitor,
  type CountMinute,
  type CountMonitorConfig,
  type CountMonitorState,
  countRampStep,
  endCountBlock,
  startCountMonitor,
} from './count-monitor.ts';
import { logWealth } from './mixture-wealth.ts';

const base: CountMonitorConfig = {
  psi: DEFAULT_PSI,
  weights: equalWeights(DEFAULT_PSI.length),
  marginRatio: 0,
  harm: 'increase',
  onset: 'mixture',
};

function run(config: CountMonitorConfig, rows: readonly CountMinute[], from = startCountMonitor(config)) {
  return rows.reduce<CountMonitorState[]>((states, row) => {
    states.push(advanceCountMonitor(config, states.at(-1) ?? from, row));
    return states;
  }, []);
}

function oracleConfig({ inputs }: OracleCase): CountMonitorConfig {
  const { grid, direction, rho0 } = inputs;
  return {
    ...base,
    psi: grid,
    weights: equalWeights(grid.length),
    harm: direction,
    marginRatio: direction === 'increase' ? rho0 - 1 : 1 - rho0,
    onset: 'immediate',
  };
}

describe('count monitor', () => {
  it.each(oracleCases('count-monitor', 'egate_poisson'))('agrees with the reference implementation: $id', (oracle) => {
    const rows = oracle.inputs.batches_expA_cA_expB_cB.map(([mA, cA, mB, cB]: number[], minute: number) => ({
      minute,
      mA,
      cA,
      mB,
      cB,
    }));
    const logs = run(oracleConfig(oracle), rows).map(logWealth);
    const expected: number[] = oracle.expected.log_wealth_after_each_batch;
    expect(logs).toHaveLength(expected.length);
    expected.forEach((log, i) => {
      expectClose(logs[i], log, oracle);
    });
    const alarm = logs.findIndex((log) => log >= -Math.log(oracle.inputs.alpha));
    expect(alarm < 0 ? null : alarm + 1).toBe(oracle.expected.alarm_batch_1based);
  });

  it('stays finite, and goes on bit for bit after being serialised anywhere', () => {
    const row = fc.record({ mA: fc.nat(3), cA: fc.nat(9), mB: fc.nat(3), cB: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), fc.nat(40), (cells, cut) => {
        const rows = cells.map((cell, minute) => ({ ...cell, minute }));
        const states = run(base, rows);
        for (const state of states) expect(Number.isFinite(logWealth(state))).toBe(true);
        const middle = run(base, rows.slice(0, cut)).at(-1) ?? startCountMonitor(base);
        const resumed = run(base, rows, JSON.parse(JSON.stringify(middle))).at(-1);
        expect(JSON.stringify(resumed)).toBe(JSON.stringify(states.at(-1)));
      }),
    );
  });

  it('says the same whatever unit the exposure is in', () => {
    const rows = [1, 2, 3].map((minute) => ({ minute, mA: 60, cA: 3, mB: 30, cB: 4 }));
    const hours = rows.map((row) => ({ ...row, mA: 1, mB: 0.5 }));
    expect(logWealth(run(base, rows).at(-1)!)).toBeCloseTo(logWealth(run(base, hours).at(-1)!), 12);
  });

  it('merges minutes until both arms have exposure, and discards one-sided blocks at a change of allocation', () => {
    const [one, both] = run(base, [
      { minute: 0, mA: 5, cA: 2, mB: 0, cB: 0 },
      { minute: 1, mA: 5, cA: 1, mB: 5, cB: 2 },
    ]);
    expect(one).toMatchObject({ closedBlocks: 0, open: { mA: 5, cA: 2 } });
    expect(both).toMatchObject({ closedBlocks: 1, open: { mA: 0, cA: 0 } });
    expect(endCountBlock(base, one!)).toMatchObject({ closedBlocks: 0, open: { mA: 0, cA: 0 } });
    expect(logWealth(countRampStep(base, both!))).toBeCloseTo(logWealth(both!), 12);
  });

  it.each<[string, Partial<CountMinute>]>([
    ['a fractional count', { cB: 1.5 }],
    ['a negative count', { cA: -1 }],
    ['events without exposure', { mB: 0, cB: 1 }],
    ['a NaN exposure', { mA: Number.NaN }],
    ['an infinite exposure', { mA: Number.POSITIVE_INFINITY }],
  ])('refuses %s: counted, wealth untouched', (_, part) => {
    const [state] = run(base, [{ minute: 0, mA: 1, cA: 1, mB: 1, cB: 1, ...part }]);
    expect(state).toMatchObject({ rejectedMinutes: 1, closedBlocks: 0 });
    expect(logWealth(state!)).toBe(0);
  });

  it.each<[string, Partial<CountMonitorConfig>]>([
    ['psi of 1', { psi: [1], weights: [1] }],
    ['an exponent above 1', { tempering: DEFAULT_PSI.map(() => 1.1) }],
    ['a NaN exponent', { tempering: DEFAULT_PSI.map(() => Number.NaN) }],
    ['too few exponents', { tempering: [1] }],
    ['a negative margin', { marginRatio: -0.1 }],
    ['a drop margin of 100%', { harm: 'decrease', marginRatio: 1 }],
    ['weights that do not sum to 1', { psi: [2, 3], weights: [0.5, 0.6] }],
  ])('never moves with an unusable configuration: %s', (_, part) => {
    const config = { ...base, ...part };
    const [state] = run(config, [{ minute: 0, mA: 1, cA: 0, mB: 1, cB: 50 }]);
    expect(state).toEqual(startCountMonitor(config));
    expect(state!.status).toBe('invalid');
  });

  it('has mean wealth at most 1 on the edge of the null, for any rate and margin, exactly', () => {
    for (const harm of ['increase', 'decrease'] as const) {
      for (const marginRatio of [0, 0.2]) {
        const config = { ...base, harm, marginRatio, onset: 'immediate' as const };
        const edge = harm === 'increase' ? 1 + marginRatio : 1 - marginRatio;
        for (const rate of [0.3, 2]) {
          let mean = 0;
          for (let cA = 0; cA <= 40; cA++) {
            for (let cB = 0; cB <= 40; cB++) {
              const [state] = run(config, [{ minute: 0, mA: 2, cA, mB: 1, cB }]);
              mean += poissonChance(cA, 2 * rate) * poissonChance(cB, edge * rate) * Math.exp(logWealth(state!));
            }
          }
          expect(mean).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    }
  });
});

function poissonChance(k: number, mean: number): number {
  let chance = Math.exp(-mean);
  for (let i = 1; i <= k; i++) chance *= mean / i;
  return chance;
}
