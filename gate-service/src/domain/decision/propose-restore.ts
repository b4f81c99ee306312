import type { Change, Phase } from '../model/change.ts';
import type { MetricWatch, WatchState } from '../model/look.ts';
import { type Metric, metricsOf } from '../model/metric.ts';
import type { InterventionPlan } from '../model/plan.ts';
import { type EpochMs, minuteOf } from '../model/time.ts';
import { detectionTime } from '../statistics/detection-time.ts';
import { THROTTLE_ALPHA } from './start-watch.ts';

/** A throttled phase says nothing about recovery before this time (docs/statistics.md section P). */
const SHORTEST_WAIT_MINUTES = 60;
/** And not before a doubling of the bad rate would have been noticed three times over (docs/statistics.md P, N5). */
const DETECTION_TIMES = 3;
const DOUBLING = 2;

/**
 * Proposes to people to raise exposure again, when the throttled phase has lasted long enough to show harm and shows
 * none: fresh wealth below 1, and no KPI worse than its margin (docs/statistics.md section P). Said once a phase;
 * nothing in the gate acts on it.
 * @returns null when there is nothing to propose
 */
export function proposeRestore(input: {
  readonly change: Pick<Change, 'contract' | 'kpis' | 'state'>;
  readonly phases: readonly Phase[];
  readonly watch: WatchState;
  readonly now: EpochMs;
}): Extract<InterventionPlan, { kind: 'propose_restore' }> | null {
  const { change, watch, now } = input;
  const phase = input.phases.at(-1);
  if (change.state !== 'throttled' || phase?.cause !== 'throttle' || phase.endMinute !== null) return null;
  if (watch.restoreProposedFor === phase.index) return null;
  if (watch.freshLogWealth === null || !(watch.freshLogWealth < 0)) return null;
  const minutes = minuteOf(now) - phase.startMinute;
  const metrics = metricsOf(change);
  const calm = metrics.every((metric) => {
    const watched = watch.monitors.find(({ kpiId }) => kpiId === metric.kpi.id);
    return (
      watched?.fresh?.phaseIndex === phase.index &&
      watched.blindSince === null &&
      isCalm(metric, watched.fresh, minutes)
    );
  });
  if (metrics.length === 0 || !calm) return null;
  const detail = `No harm was seen in ${minutes} minutes at the smaller cohort. A person may raise exposure again; the gate will not.`;
  return { kind: 'propose_restore', phaseIndex: phase.index, detail };
}

function isCalm({ kpi, margin }: Metric, { totals }: NonNullable<MetricWatch['fresh']>, minutes: number): boolean {
  const { off, on } = totals;
  if (!(off.n > 0 && on.n > 0)) return false;
  const [pA, pB] = [off.y / off.n, on.y / on.n];
  const harm = kpi.direction === 'decrease_is_good' ? pB - pA : pA - pB;
  const tolerated = margin === null ? 0 : margin.kind === 'absolute' ? margin.value : margin.value * pA;
  if (!(harm <= tolerated)) return false;
  const bad = kpi.direction === 'decrease_is_good' ? pA : 1 - pA;
  const noticed = detectionTime({
    pA: bad,
    pB: Math.min(1, DOUBLING * bad),
    arrivalsPerMinute: (off.n + on.n) / minutes,
    treatmentShare: on.n / (off.n + on.n),
    alpha: THROTTLE_ALPHA,
    onset: 'immediate',
  });
  return noticed.status === 'ok' && minutes >= Math.max(SHORTEST_WAIT_MINUTES, DETECTION_TIMES * noticed.minutes);
}
