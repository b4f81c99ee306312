import { startWatch } from '../../src/domain/decision/start-watch.ts';
import type { Change } from '../../src/domain/model/change.ts';
import {
  advanceHarmMonitor,
  closeOrDiscardOpenBlock,
  type HarmMonitorConfig,
  logWealth,
  rampStep,
  startHarmMonitor,
} from '../../src/domain/statistics/harm-monitor.ts';
import type { Onset } from '../../src/domain/statistics/onset-schedule.ts';
import { contractOf, KPIS, START } from '../../test/support/decision/evidence.ts';
import { ALPHA, type Detector, type Rule } from './detector.ts';
import type { Setting } from './settings.ts';
import { MINUTES_PER_WEEK } from './stream.ts';

const HISTORY_WEEKS = 4;

/** The monitor as a watch would start it, with four weeks of history at the true rate. */
export function shippedConfig({ perMinute, share, pA }: Setting, onset: Onset): HarmMonitorConfig {
  const contract = contractOf({ leading: { kpi: 'errors' }, guardrails: [], rollout: { start: `${share * 100}%` } });
  const n = Math.round(perMinute * MINUTES_PER_WEEK);
  const week = { n, y: Math.round(n * pA) };
  const history = {
    kpiId: 'errors',
    weeks: Array.from({ length: HISTORY_WEEKS }, (_, i) => ({
      firstMinute: START - (i + 1) * MINUTES_PER_WEEK,
      total: week,
    })),
    hourOfWeek: Array.from({ length: 168 }, () => perMinute * 60),
  };
  const change = { changeId: 'bench', contract, kpis: KPIS, effectiveAt: START } satisfies Partial<Change>;
  const { config } = startWatch({ change, histories: [history] }).monitors.find(({ kpiId }) => kpiId === 'errors')!;
  if (config.kind !== 'proportion') throw new Error('errors is a proportion');
  return { ...config, onset };
}

/** The shipped harm monitor, looked at after every minute. */
export function monitorRule(name: string, configOf: (setting: Setting) => HarmMonitorConfig, alpha = ALPHA): Rule {
  const configs = new Map<Setting, HarmMonitorConfig>();
  return {
    name,
    start: (setting) => {
      const config = configs.get(setting) ?? configOf(setting);
      configs.set(setting, config);
      return detector(config, Math.log(1 / alpha));
    },
  };
}

/** The shipped harm monitor over one week, with an alarm at ln(1/alpha). */
export function detector(config: HarmMonitorConfig, threshold: number): Detector {
  let state = startHarmMonitor(config);
  return {
    feed: (minute, nA, yA, nB, yB) => {
      if (nA + nB === 0) return false;
      const before = state.closedBlocks;
      state = advanceHarmMonitor(config, state, { minute, nA, yA, nB, yB });
      return state.closedBlocks > before && logWealth(state) >= threshold;
    },
    allocation: (_, increased) => {
      state = increased ? rampStep(config, state) : closeOrDiscardOpenBlock(config, state);
    },
  };
}
