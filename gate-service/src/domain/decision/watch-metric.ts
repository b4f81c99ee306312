import type { Phase } from '../model/change.ts';
import type { MetricWatch, MinuteTally } from '../model/look.ts';
import type { MetricMonitorConfig, MetricMonitorState } from '../model/monitor.ts';
import { addTallies, NO_TALLY, type Tally } from '../model/tally.ts';
import { type EpochMinute, type EpochMs, minuteOf } from '../model/time.ts';
import { addToDailyWatch } from './daily-look.ts';
import { splitsTraffic } from './effect-scale.ts';
import { advanceMonitor, atOnce, endBlock, rampStep, startMonitor } from './metric-monitor.ts';

/** What one metric's minutes are consumed against. */
export interface WatchContext {
  readonly phases: readonly Phase[];
  readonly windowStart: EpochMinute;
  readonly raisedAt: EpochMs | null;
}

/** The phase that an exposure minute belongs to; null for the minutes between phases. */
export function phaseOf(phases: readonly Phase[], minute: EpochMinute): Phase | null {
  return phases.find(({ startMinute, endMinute }) => startMinute <= minute && minute < (endMinute ?? Infinity)) ?? null;
}

/**
 * Consumes one minute of one metric (docs/statistics.md K1, U): ends the open block where the allocation changed, then
 * feeds the monitor of the whole window, the fresh one of a throttled phase, and the one since a person's raise. Phases
 * without both variants on offer are counted but not compared.
 * @param minute inside `phase`, later than every minute consumed before
 */
export function watchMinute(
  metric: MetricWatch,
  minute: MinuteTally,
  phase: Phase,
  context: WatchContext,
): MetricWatch {
  const { config, totals } = metric;
  const controlSinceTreatment = silence(metric, minute, phase);
  const missing = splitsTraffic(phase) ? (controlSinceTreatment * phase.share) / (1 - phase.share) : 0;
  const counted = {
    ...metric,
    phaseIndex: phase.index,
    totals: { off: addCounts(totals.off, minute.off), on: addCounts(totals.on, minute.on) },
    controlSinceTreatment,
    silentTrials: Math.max(metric.silentTrials ?? 0, missing),
  };
  if (!splitsTraffic(phase)) return counted;
  const step = allocationStep(metric, phase, context.phases);
  const cumulative = step(config, metric.cumulative);
  return {
    ...counted,
    cumulative: advanceMonitor(config, cumulative, since(minute, context.windowStart)),
    fresh: watchFresh(metric, minute, phase, context),
    sinceRaise: watchSinceRaise(metric, minute, context.raisedAt, step),
    ...(metric.daily && { daily: addToDailyWatch(metric.daily, minute, phase) }),
  };
}

/** What the change of allocation since the last consumed minute does to an open block (K6, U). */
function allocationStep(metric: MetricWatch, phase: Phase, phases: readonly Phase[]) {
  if (metric.phaseIndex === null || metric.phaseIndex === phase.index) {
    return (_: MetricMonitorConfig, state: MetricMonitorState) => state;
  }
  const before = phases.find(({ index }) => index === metric.phaseIndex);
  return before && phase.share > before.share ? rampStep : endBlock;
}

/**
 * Takes in a person's raise: what a throttled phase from before it had shown is answered, its fresh wealth gone with it,
 * or it would call for another step on units that the person knew of.
 */
export function takeInRaise(metric: MetricWatch, context: WatchContext): MetricWatch {
  const phase = context.phases.find(({ index }) => index === metric.fresh?.phaseIndex);
  return metric.fresh === null || (phase && isAfterRaise(phase, context)) ? metric : { ...metric, fresh: null };
}

function isAfterRaise({ startMinute }: Phase, { raisedAt }: WatchContext): boolean {
  return raisedAt === null || startMinute > minuteOf(raisedAt);
}

function watchFresh(
  metric: MetricWatch,
  minute: MinuteTally,
  phase: Phase,
  context: WatchContext,
): MetricWatch['fresh'] {
  if (phase.cause !== 'throttle' || !isAfterRaise(phase, context)) return metric.fresh;
  const config = atOnce(metric.config);
  const fresh =
    metric.fresh?.phaseIndex === phase.index
      ? metric.fresh
      : { phaseIndex: phase.index, state: startMonitor(config), totals: { off: NO_TALLY, on: NO_TALLY } };
  return {
    phaseIndex: phase.index,
    state: advanceMonitor(config, fresh.state, since(minute, context.windowStart)),
    totals: { off: addTallies(fresh.totals.off, minute.off), on: addTallies(fresh.totals.on, minute.on) },
  };
}

function watchSinceRaise(
  metric: MetricWatch,
  minute: MinuteTally,
  raisedAt: EpochMs | null,
  step: (config: MetricMonitorConfig, state: MetricMonitorState) => MetricMonitorState,
): MetricWatch['sinceRaise'] {
  if (raisedAt === null || minute.minute <= minuteOf(raisedAt)) return metric.sinceRaise;
  const state =
    metric.sinceRaise?.raisedAt === raisedAt
      ? step(metric.config, metric.sinceRaise.state)
      : startMonitor(metric.config);
  return { raisedAt, state: advanceMonitor(metric.config, state, since(minute, minuteOf(raisedAt))) };
}

/** Control units since the treatment last had one, within one phase that serves both (docs/statistics.md G4). */
function silence(metric: MetricWatch, { off, on }: MinuteTally, phase: Phase): number {
  if (!splitsTraffic(phase) || !(on.n === 0)) return 0;
  return (metric.phaseIndex === phase.index ? metric.controlSinceTreatment : 0) + off.n;
}

function since(minute: MinuteTally, start: EpochMinute): MinuteTally {
  return { ...minute, minute: minute.minute - start };
}

/** Histograms of a week are large, and nobody reads those of the totals. */
function addCounts(total: Tally, { n, y }: Tally): Tally {
  return { n: total.n + n, y: total.y + y };
}
