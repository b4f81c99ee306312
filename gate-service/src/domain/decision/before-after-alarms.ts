import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Change } from '../model/change.ts';
import type { Alarm } from '../model/look.ts';
import { type Metric, metricsOf } from '../model/metric.ts';
import type { EpochMinute } from '../model/time.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { watchBeforeAfter } from './before-after-watch.ts';
import type { HourTally } from './history.ts';

/** One KPI at a look. */
export interface OwnLook {
  readonly metric: Metric;
  /** Its own hours, from 12 weeks before the window on; absent when no hour was completed since the last look. */
  readonly ownHours?: readonly HourTally[] | undefined;
  /** First minute whose outcomes are not complete. */
  readonly matureUntil: EpochMinute;
}

/**
 * Alarms of a change that is on for everybody, against the weeks before (docs/statistics.md L10, L11).
 * @param known            alarms so far: each is kept once
 * @param watermarkMinutes time in which events reach the store
 * @returns                those that are new; none for a change with a control group
 */
export function beforeAfterAlarms(
  change: Pick<Change, 'kpis'> & { readonly contract: ChangeContract; readonly effectiveAt: EpochMinute },
  looks: readonly OwnLook[],
  known: readonly Alarm[],
  watermarkMinutes: number,
): readonly Alarm[] {
  if (!isBeforeAfter(change.contract)) return [];
  const watched = metricsOf(change).length;
  return looks
    .filter(({ metric }) => metric.roles.length > 0)
    .flatMap(({ metric, ownHours, matureUntil }) =>
      ownHours === undefined
        ? []
        : watchBeforeAfter({
            contract: change.contract,
            metric,
            hours: ownHours,
            windowStart: change.effectiveAt,
            matureUntil,
            settleMinutes: metric.kpi.measure.withinMinutes + watermarkMinutes,
            watched,
          }),
    )
    .filter((alarm) => !known.some(({ kind, kpiId }) => kind === alarm.kind && kpiId === alarm.kpiId));
}
