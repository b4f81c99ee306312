import { GateError } from '../../contract/gate-error.ts';
import type { Change } from '../model/change.ts';
import type { MetricWatch, WatchState } from '../model/look.ts';
import { harmDirection, type Metric, watchedMetricsOf } from '../model/metric.ts';
import { NO_TALLY } from '../model/tally.ts';
import type { EpochMinute } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { DEFAULT_PSI, equalWeights, pruneCandidates } from '../statistics/candidates.ts';
import { clipRate } from '../statistics/control-rate.ts';
import { isProportionArm } from '../statistics/estimate.ts';
import { type HarmMonitorConfig, startHarmMonitor } from '../statistics/harm-monitor.ts';
import { nullLine } from '../statistics/null-line.ts';
import { expectedTrials, historyTotal } from './history.ts';

/** alpha of the first step; the same everywhere, so that pruning and alarms speak of one threshold (section A). */
export const THROTTLE_ALPHA = 0.05;
/** Units per arm below which blocks close at 2 instead of 3 units (docs/statistics.md K, tiny traffic). */
const TINY_UNITS_PER_ARM = 200;
/** Pruning needs both arms; a start share of 0 or 1 is treated as almost. */
const SMALLEST_ARM_SHARE = 0.01;

/**
 * The watch at the start of the window: one harm monitor for each KPI that the contract names, fixed for the whole window
 * by what was known before it (docs/statistics.md K2, K3): prior control rate, candidates worth betting on, margins.
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
  return {
    monitors: watchedMetricsOf(change).map((metric) =>
      startMetric(metric, histories.find(({ kpiId }) => kpiId === metric.kpi.id) ?? null, change, start),
    ),
    familyLogWealth: null,
    freshLogWealth: null,
    sinceRaiseLogWealth: null,
    raisedAt: null,
    blamed: [],
    fastRules: change.contract.fast.map(() => ({ firedAt: null, sharedIncidentAt: null, slots: [] })),
    alarms: [],
    observed: null,
    restoreProposedFor: null,
  };
}

function startMetric(
  metric: Metric,
  history: KpiHistory | null,
  { contract }: Pick<Change, 'contract'>,
  start: EpochMinute,
): MetricWatch {
  const config = monitorConfig(metric, history, { share: contract.rollout.start, start });
  return {
    kpiId: metric.kpi.id,
    nextMinute: start,
    config,
    cumulative: startHarmMonitor(config),
    phaseIndex: null,
    totals: { off: NO_TALLY, on: NO_TALLY },
    fresh: null,
    sinceRaise: null,
    controlSinceTreatment: 0,
    silentTrials: 0,
    blindSince: null,
  };
}

/** Guardrails have their margin; a KPI that is also primary or leading has none (docs/statistics.md K14). */
function monitorConfig(
  { kpi, roles, margin }: Metric,
  history: KpiHistory | null,
  plan: { readonly share: number; readonly start: EpochMinute },
): HarmMonitorConfig {
  const harm = harmDirection(kpi);
  const free = margin === null || roles.includes('primary') || roles.includes('leading');
  const marginKind = free ? 'none' : margin.kind === 'relative' ? 'ratio' : 'difference';
  const size = free ? 0 : Math.abs(margin.value);
  const past = history && historyTotal(history);
  const usable = past && isProportionArm(past) ? past : null;
  const units = history && expectedTrials(history, plan.start, plan.start + 7 * 24 * 60);
  const share = Math.min(1 - SMALLEST_ARM_SHARE, Math.max(SMALLEST_ARM_SHARE, plan.share));
  const psi =
    usable === null || units === null
      ? DEFAULT_PSI
      : pruneCandidates(
          DEFAULT_PSI,
          {
            thetaA: clipRate((harm === 'increase' ? usable.y : usable.n - usable.y) / usable.n),
            treatmentShare: share,
            unitsPerWeek: units,
            alpha: THROTTLE_ALPHA,
          },
          nullLine(marginKind, size, harm),
        );
  return {
    psi,
    weights: equalWeights(psi.length),
    marginKind,
    margin: size,
    harm,
    nMin: units !== null && units * Math.min(share, 1 - share) < TINY_UNITS_PER_ARM ? 2 : 3,
    history: usable,
    onset: 'mixture',
  };
}
