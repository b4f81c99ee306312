import { describe, expect, it } from 'vitest';
import { expectClose, type OracleCase, oracleCases } from '../../../test/support/oracle-cases.ts';
import { equalWeights } from './candidates.ts';
import { advanceHarmMonitor, type HarmMonitorConfig, logWealth, startHarmMonitor } from './harm-monitor.ts';

function oracleConfig({ inputs }: OracleCase): HarmMonitorConfig {
  return {
    psi: inputs.grid,
    weights: equalWeights(inputs.grid.length),
    marginKind: inputs.margin_ratio === 1 ? 'none' : 'ratio',
    margin: inputs.margin_ratio - 1,
    harm: inputs.direction,
    nMin: inputs.n_min,
    history: { y: inputs.theta_hist * inputs.n_hist, n: inputs.n_hist },
    onset: Array.isArray(inputs.inflow) ? { massPerMinute: inputs.inflow } : 'immediate',
  };
}

describe('harm monitor against the reference implementation', () => {
  it.each(oracleCases('harm-monitor', 'egate_bernoulli'))('$id', (oracle) => {
    const config = oracleConfig(oracle);
    let state = startHarmMonitor(config);
    const logs = oracle.inputs.batches_nA_yA_nB_yB.map(
      ([nA, yA, nB, yB]: [number, number, number, number], minute: number) => {
        state = advanceHarmMonitor(config, state, { minute, nA, yA, nB, yB });
        return logWealth(state);
      },
    );
    oracle.expected.log_wealth_after_each_batch.forEach((expected: number, i: number) => {
      expectClose(logs[i], expected, oracle);
    });
    const alarm = logs.findIndex((log: number) => log >= -Math.log(oracle.inputs.alpha));
    expect(alarm < 0 ? null : alarm + 1).toBe(oracle.expected.alarm_batch_1based);
  });
});
