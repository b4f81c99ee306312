import type { Phase } from '../model/change.ts';
import type { Alarm, ConsumedMinute, MetricWatch, MinuteTally } from '../model/look.ts';
import type { Metric } from '../model/metric.ts';
import { type EpochMinute, type EpochMs, startOfMinute } from '../model/time.ts';
import { takeDailyLooks } from './daily-look.ts';
import { dailyAlarm, isSameAlarm, mergeWealths, newAlarms, type Wealths } from './family-alarms.ts';
import { phaseOf, takeInRaise, type WatchContext, watchMinute } from './watch-metric.ts';

/** New minutes of one metric, valid, ascending, in [nextMinute, to); `to` is the first that is not known yet. */
export interface MetricMinutes {
  readonly metric: Metric;
  readonly minutes: readonly MinuteTally[];
  readonly to: EpochMinute;
}

export interface Consumption {
  readonly monitors: readonly MetricWatch[];
  readonly alarms: readonly Alarm[];
  readonly wealths: Wealths;
  readonly consumed: readonly { readonly kpiId: string; readonly minutes: readonly ConsumedMinute[] }[];
}

interface Arrival {
  readonly available: EpochMinute;
  readonly position: number;
  readonly minute: MinuteTally;
  readonly phase: Phase;
}

/**
 * Feeds new minutes to the harm monitors in the order in which their outcomes became known (minute + within), the metrics
 * of one moment together, and looks for alarms after each moment (docs/statistics.md K1, K14). So one look after an
 * hour finds the same alarms, at the same minutes, as sixty looks would have; minutes outside every phase are skipped.
 * Daily looks are taken as the minutes of a metric pass the end of a day.
 * @param monitors in the order of `input`
 */
export function consumeMinutes(
  monitors: readonly MetricWatch[],
  known: readonly Alarm[],
  input: readonly MetricMinutes[],
  context: WatchContext,
): Consumption {
  const metrics = input.map(({ metric }) => metric);
  const state = monitors.map((monitor) => takeInRaise(monitor, context));
  let alarms = known;
  let wealths = mergeWealths(state, metrics, context.raisedAt);
  const isDaily = monitors.some(({ daily }) => daily !== undefined);
  const lookDaily = (position: number, until: EpochMinute, { kpi }: Metric) => {
    const { metric, crossedAt } = takeDailyLooks(state[position]!, until, context.windowStart);
    state[position] = metric;
    const found = crossedAt
      .map((end) => dailyAlarm(kpi.id, startOfMinute(end + kpi.measure.withinMinutes), context.raisedAt))
      .filter((alarm) => !alarms.some((other) => isSameAlarm(other, alarm)));
    alarms = [...alarms, ...found];
  };
  const arrivals = arrivalsOf(input, context.phases);
  arrivals.forEach(({ position, minute, phase, available }, i) => {
    lookDaily(position, minute.minute, metrics[position]!);
    state[position] = watchMinute(state[position]!, minute, phase, context);
    if (arrivals[i + 1]?.available === available) return;
    wealths = mergeWealths(state, metrics, context.raisedAt);
    const moment = { at: atOf(available), raisedAt: context.raisedAt, freshPhase: freshPhaseOf(state), isDaily };
    alarms = [...alarms, ...newAlarms(alarms, wealths, moment)];
  });
  input.forEach(({ metric, to }, position) => {
    lookDaily(position, to, metric);
  });
  const consumed = input.map(({ metric }, position) => ({
    kpiId: metric.kpi.id,
    minutes: arrivals
      .filter((arrival) => arrival.position === position)
      .map(({ minute, phase }) => ({ ...minute, phaseIndex: phase.index })),
  }));
  return { monitors: state, alarms, wealths, consumed };
}

/** When the outcomes of a minute that became available were complete. */
function atOf(available: EpochMinute): EpochMs {
  return startOfMinute(available + 1);
}

function arrivalsOf(input: readonly MetricMinutes[], phases: readonly Phase[]): readonly Arrival[] {
  const arrivals = input.flatMap(({ metric, minutes }, position) =>
    minutes.flatMap((minute): readonly Arrival[] => {
      const phase = phaseOf(phases, minute.minute);
      return phase ? [{ available: minute.minute + metric.kpi.measure.withinMinutes, position, minute, phase }] : [];
    }),
  );
  return arrivals.toSorted((left, right) => left.available - right.available || left.position - right.position);
}

function freshPhaseOf(monitors: readonly MetricWatch[]): number | null {
  const latest = monitors.reduce((index, { fresh }) => Math.max(index, fresh?.phaseIndex ?? -1), -1);
  return latest < 0 ? null : latest;
}
