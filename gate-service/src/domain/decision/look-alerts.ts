import type { Phase } from '../model/change.ts';
import type { LookAlert, MetricWatch, WatchState } from '../model/look.ts';
import { type EpochMs, startOfMinute } from '../model/time.ts';
import { SILENT_TRIALS } from './arm-balance.ts';
import { DEFAULT_GRACE_MINUTES, isBlind } from './assess-signal.ts';
import { phaseOf } from './watch-metric.ts';

/**
 * Metrics whose control flows while their treatment went silent since the last look, within the phase that lasts
 * (docs/statistics.md G4). Silence never turns anything off; the verdict's check of the arms reads the longest.
 */
export function silentTreatments(
  before: readonly MetricWatch[],
  after: readonly MetricWatch[],
  phases: readonly Phase[],
): readonly LookAlert[] {
  return after.flatMap((metric): readonly LookAlert[] => {
    const phase = phaseOf(phases, metric.nextMinute - 1);
    if (!phase || phase.index !== metric.phaseIndex) return [];
    const odds = phase.share / (1 - phase.share);
    const previous = before.find(({ kpiId }) => kpiId === metric.kpiId);
    const known = previous?.phaseIndex === phase.index && isSilent(previous, odds);
    if (known || !isSilent(metric, odds)) return [];
    const detail = `${metric.controlSinceTreatment} trials without the change came, and none with it.`;
    return [{ kind: 'treatment_silent', kpiId: metric.kpiId, since: startOfMinute(metric.nextMinute), detail }];
  });
}

/** The first look at which units split otherwise than the flag says (docs/statistics.md G3). It touches no flag. */
export function splitAlerts(before: WatchState, { splitAlarmAt }: WatchState): readonly LookAlert[] {
  if (splitAlarmAt == null || before.splitAlarmAt != null) return [];
  const detail = 'Units do not split between the variants as the flag says: something is lost, or counted twice.';
  return [{ kind: 'sample_ratio', kpiId: null, since: splitAlarmAt, detail }];
}

/**
 * Metrics that have not answered for longer than the grace time, or for a reason that waiting does not mend. Repeated at
 * every look; `since` tells them apart.
 */
export function blindAlerts(
  monitors: readonly MetricWatch[],
  now: EpochMs,
  graceMinutes: number = DEFAULT_GRACE_MINUTES,
  lasting: readonly string[] = [],
): readonly LookAlert[] {
  return monitors.flatMap(({ kpiId, blindSince }): readonly LookAlert[] => {
    if (blindSince === null || !isBlind(blindSince, now, lasting.includes(kpiId) ? 0 : graceMinutes)) return [];
    const detail = 'The watch sees nothing of this KPI. Nothing is done about the flag, and nothing is certain.';
    return [{ kind: 'blind', kpiId, since: blindSince, detail }];
  });
}

function isSilent({ controlSinceTreatment }: MetricWatch, odds: number): boolean {
  return controlSinceTreatment * odds >= SILENT_TRIALS;
}
