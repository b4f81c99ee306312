import type { Change, Phase } from '../model/change.ts';
import type { MetricWatch, WatchState } from '../model/look.ts';
import { type Metric, metricsOf } from '../model/metric.ts';
import type { MetricMonitorConfig } from '../model/monitor.ts';
import type { InterventionPlan } from '../model/plan.ts';
import { NO_TALLY, type TallyByVariant } from '../model/tally.ts';
import { type EpochMs, minuteOf } from '../model/time.ts';
import { detectionTime } from '../statistics/detection-time.ts';
import { levelOf } from './metric-levels.ts';
import { THROTTLE_ALPHA } from './monitor-config.ts';
import { noticeHarm } from './notice-harm.ts';

/** A throttled phase says nothing about recovery before this time (docs/statistics.md section P). */
const SHORTEST_WAIT_MINUTES = 60;
/** And not before a doubling of the bad rate, or the harm of `noticeHarm`, would have been noticed three times over (docs/statistics.md P, N5). */
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
      watched?.fresh?.phaseIndex === phase.index && watched.blindSince === null && isCalm(metric, watched, minutes)
    );
  });
  if (metrics.length === 0 || !calm) return null;
  const detail = `No harm was seen in ${minutes} minutes at the smaller cohort. A person may raise exposure again; the gate will not.`;
  return { kind: 'propose_restore', phaseIndex: phase.index, detail };
}

function isCalm(metric: Metric, watched: MetricWatch, minutes: number): boolean {
  const { kpi, margin } = metric;
  const { off, on } = watched.fresh?.totals ?? { off: NO_TALLY, on: NO_TALLY };
  if (!(off.n > 0 && on.n > 0)) return false;
  const [pA, pB] = [levelOf(kpi, off), levelOf(kpi, on)];
  if (pA === null || pB === null) return false;
  const harm = kpi.direction === 'decrease_is_good' ? pB - pA : pA - pB;
  const tolerated = margin === null ? 0 : margin.kind === 'absolute' ? margin.value : margin.value * pA;
  if (!(harm <= tolerated)) return false;
  const noticed = minutesToNotice(metric, watched.config, { off, on }, minutes);
  return noticed !== null && minutes >= Math.max(SHORTEST_WAIT_MINUTES, DETECTION_TIMES * noticed);
}

/** Null when the harm would never be noticed, or nobody can tell. */
function minutesToNotice(
  { kpi }: Metric,
  config: MetricMonitorConfig,
  { off, on }: TallyByVariant,
  minutes: number,
): number | null {
  const traffic = {
    arrivalsPerMinute: (off.n + on.n) / minutes,
    treatmentShare: on.n / (off.n + on.n),
    onset: 'immediate',
  } as const;
  if (config.kind !== 'proportion') return noticeHarm(kpi, config, off, traffic)?.minutes ?? null;
  const bad = config.harm === 'increase' ? off.y / off.n : 1 - off.y / off.n;
  const noticed = detectionTime({
    pA: bad,
    pB: Math.min(1, DOUBLING * bad),
    ...traffic,
    alpha: THROTTLE_ALPHA,
  });
  return noticed.status === 'ok' ? noticed.minutes : null;
}
