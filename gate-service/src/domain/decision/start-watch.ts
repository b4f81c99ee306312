import { GateError } from '../../contract/gate-error.ts';
import type { Change } from '../model/change.ts';
import type { MetricWatch, WatchState } from '../model/look.ts';
import { type Metric, metricsOf, watchedMetricsOf } from '../model/metric.ts';
import { NO_TALLY } from '../model/tally.ts';
import type { EpochMinute } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { familyWeights } from '../statistics/family-wealth.ts';
import { startDailyWatch } from './daily-look.ts';
import { expectedTrials } from './history.ts';
import { startMonitor } from './metric-monitor.ts';
import { isTiny, monitorConfig, THROTTLE_ALPHA } from './monitor-config.ts';

/** Where a daily look can throttle too, it has half of the error budget, and the monitors the other half. */
const DAILY_SHARE_OF_ALPHA = 0.5;

/**
 * The watch at the start of the window: one harm monitor for each KPI that the contract names, fixed for the whole window
 * by what was known before it (docs/statistics.md K2, K3): prior control rate, candidates worth betting on, margins.
 * Proportions with tiny traffic get daily looks beside it, which share their budget by the family's weights (K14).
 * @param change    with `effectiveAt` set
 * @param histories one per KPI, as they were at the window's start; a KPI without one starts knowing nothing
 * @throws          GateError internal, when the window has not started
 */
export function startWatch(input: {
  readonly change: Pick<Change, 'changeId' | 'contract' | 'kpis' | 'effectiveAt'>;
  readonly histories: readonly KpiHistory[];
}): WatchState {
  const { change, histories } = input;
  const start = change.effectiveAt;
  if (start === null) {
    throw new GateError(
      'internal',
      `The watch of ${change.changeId} was started before its window.`,
      'Start the watch in the transaction that sets effectiveAt.',
    );
  }
  const weights = familyWeights(metricsOf(change));
  return {
    monitors: watchedMetricsOf(change).map((metric, position) => {
      const history = histories.find(({ kpiId }) => kpiId === metric.kpi.id) ?? null;
      return startMetric(metric, history, change, start, weights[position] ?? 0);
    }),
    familyLogWealth: null,
    freshLogWealth: null,
    sinceRaiseLogWealth: null,
    raisedAt: null,
    blamed: [],
    fastRules: change.contract.fast.map(() => ({ firedAt: null, sharedIncidentAt: null, slots: [] })),
    alarms: [],
    observed: null,
    restoreProposedFor: null,
    splitAlarmAt: null,
  };
}

function startMetric(
  metric: Metric,
  history: KpiHistory | null,
  { contract }: Pick<Change, 'contract'>,
  start: EpochMinute,
  weight: number,
): MetricWatch {
  const plan = { share: contract.rollout.start, start };
  const config = monitorConfig(metric, history, plan);
  const plannedUnits = (history && expectedTrials(history, start, start + contract.windowMinutes)) ?? 0;
  const isDaily = weight > 0 && plannedUnits > 0 && config.kind === 'proportion' && isTiny(history, plan);
  return {
    kpiId: metric.kpi.id,
    nextMinute: start,
    config,
    cumulative: startMonitor(config),
    phaseIndex: null,
    totals: { off: NO_TALLY, on: NO_TALLY },
    fresh: null,
    sinceRaise: null,
    controlSinceTreatment: 0,
    silentTrials: 0,
    blindSince: null,
    ...(isDaily && { daily: startDailyWatch(DAILY_SHARE_OF_ALPHA * THROTTLE_ALPHA * weight, plannedUnits) }),
  };
}
