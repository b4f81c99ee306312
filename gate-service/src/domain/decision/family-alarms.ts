import type { Alarm, MetricWatch, WatchState } from '../model/look.ts';
import type { Metric } from '../model/metric.ts';
import type { MetricMonitorState } from '../model/monitor.ts';
import { type EpochMs, MINUTE_MS } from '../model/time.ts';
import { type FamilyWealth, familyWealth } from '../statistics/family-wealth.ts';
import { monitorLogWealth } from './metric-monitor.ts';
import { THROTTLE_ALPHA } from './monitor-config.ts';

/** Family wealth of 20 throttles (alpha .05), of 100 turns off (alpha .01); docs/statistics.md section P. */
export const THROTTLE_LOG_WEALTH = Math.log(1 / THROTTLE_ALPHA);
/** Where daily looks have the other half of alpha (docs/statistics.md K, tiny traffic). */
export const HALF_THROTTLE_LOG_WEALTH = Math.log(2 / THROTTLE_ALPHA);
export const TURN_OFF_LOG_WEALTH = Math.log(100);
/** Fresh wealth that shows the issue to persist while throttled: jointly .05 * .1 under no harm (section P). */
export const FRESH_LOG_WEALTH = Math.log(10);

/** The wealths of a change after some minute; null where there is nothing to merge. */
export interface Wealths {
  readonly family: FamilyWealth | null;
  readonly fresh: FamilyWealth | null;
  readonly sinceRaise: FamilyWealth | null;
}

/**
 * Merges the metrics' wealths (docs/statistics.md K14): over the window, over the latest throttled phase, and since a
 * person raised exposure. A metric that has nothing there counts as wealth 1, as its weight was fixed before the first
 * block.
 */
export function mergeWealths(
  monitors: readonly MetricWatch[],
  metrics: readonly Metric[],
  raisedAt: EpochMs | null,
): Wealths {
  const freshPhase = monitors.reduce((latest, { fresh }) => Math.max(latest, fresh?.phaseIndex ?? -1), -1);
  const merge = (stateOf: (monitor: MetricWatch) => MetricMonitorState | null): FamilyWealth | null => {
    const merged = familyWealth(
      metrics
        .filter(({ roles }) => roles.length > 0)
        .map(({ kpi, roles }) => {
          const monitor = monitors.find(({ kpiId }) => kpiId === kpi.id);
          const state = monitor ? stateOf(monitor) : null;
          const withinMs = kpi.measure.withinMinutes * MINUTE_MS;
          return { name: kpi.id, roles, withinMs, logWealth: state ? monitorLogWealth(state) : 0 };
        }),
      THROTTLE_ALPHA,
    );
    return merged.status === 'ok' && Number.isFinite(merged.logWealth) ? merged : null;
  };
  return {
    family: merge(({ cumulative }) => cumulative),
    fresh: freshPhase < 0 ? null : merge(({ fresh }) => (fresh?.phaseIndex === freshPhase ? fresh.state : null)),
    sinceRaise:
      raisedAt === null
        ? null
        : merge(({ sinceRaise }) => (sinceRaise?.raisedAt === raisedAt ? sinceRaise.state : null)),
  };
}

/**
 * The thresholds that the wealths crossed for the first time at this minute (docs/statistics.md section P). Each alarm
 * is kept once: for the window, for each throttled phase, and for each raise.
 * @param at when the outcomes of the minute were complete
 */
export function newAlarms(
  known: readonly Alarm[],
  wealths: Wealths,
  moment: {
    readonly at: EpochMs;
    readonly raisedAt: EpochMs | null;
    readonly freshPhase: number | null;
    /** Whether daily looks share the throttle's budget. */
    readonly isDaily: boolean;
  },
): readonly Alarm[] {
  const { at, raisedAt, freshPhase } = moment;
  const throttleAt = moment.isDaily ? HALF_THROTTLE_LOG_WEALTH : THROTTLE_LOG_WEALTH;
  const rungs = [
    { kind: 'family', calls: 'throttle', wealth: wealths.family, threshold: throttleAt, phaseIndex: null },
    { kind: 'family', calls: 'turn_off', wealth: wealths.family, threshold: TURN_OFF_LOG_WEALTH, phaseIndex: null },
    { kind: 'fresh', calls: 'turn_off', wealth: wealths.fresh, threshold: FRESH_LOG_WEALTH, phaseIndex: freshPhase },
    {
      kind: 'since_raise',
      calls: 'throttle',
      wealth: wealths.sinceRaise,
      threshold: THROTTLE_LOG_WEALTH,
      phaseIndex: null,
    },
    {
      kind: 'since_raise',
      calls: 'turn_off',
      wealth: wealths.sinceRaise,
      threshold: TURN_OFF_LOG_WEALTH,
      phaseIndex: null,
    },
  ] as const;
  return rungs.flatMap(({ kind, calls, wealth, threshold, phaseIndex }) => {
    if (wealth === null || wealth.culprit === null || !(wealth.logWealth >= threshold)) return [];
    const alarm: Alarm = {
      kind,
      calls,
      at,
      kpiId: wealth.culprit,
      logWealth: wealth.logWealth,
      raisedAt,
      phaseIndex,
      rule: null,
    };
    return known.some((other) => isSameAlarm(other, alarm)) ? [] : [alarm];
  });
}

/** The alarm of a daily look that crossed its bound at the end of a day (docs/statistics.md K, tiny traffic). */
export function dailyAlarm(kpiId: string, at: EpochMs, raisedAt: EpochMs | null): Alarm {
  return { kind: 'daily_look', calls: 'throttle', at, kpiId, logWealth: null, raisedAt, phaseIndex: null, rule: null };
}

/**
 * Whether two alarms are the same threshold of the same epoch; a family alarm is one for the whole window, and that of
 * the daily looks one for each KPI.
 */
export function isSameAlarm(left: Alarm, right: Alarm): boolean {
  if (left.kind !== right.kind || left.calls !== right.calls) return false;
  if (left.rule !== right.rule || left.phaseIndex !== right.phaseIndex) return false;
  if (left.kind === 'daily_look') return left.kpiId === right.kpiId;
  return left.kind === 'family' || left.raisedAt === right.raisedAt;
}

/** Alarms in the order of the data, whatever the looks were that found them. */
export function inOrder(alarms: readonly Alarm[]): readonly Alarm[] {
  const name = ({ kind, calls, rule, kpiId }: Alarm) => `${kind} ${calls} ${rule ?? ''} ${kpiId}`;
  return alarms.toSorted((left, right) => left.at - right.at || (name(left) < name(right) ? -1 : 1));
}

/** The part of the watch's state that repeats the wealths for people. */
export function shownWealths(
  wealths: Wealths,
): Pick<WatchState, 'familyLogWealth' | 'freshLogWealth' | 'sinceRaiseLogWealth' | 'blamed'> {
  return {
    familyLogWealth: wealths.family?.logWealth ?? null,
    freshLogWealth: wealths.fresh?.logWealth ?? null,
    sinceRaiseLogWealth: wealths.sinceRaise?.logWealth ?? null,
    blamed: wealths.family?.blamed ?? [],
  };
}
