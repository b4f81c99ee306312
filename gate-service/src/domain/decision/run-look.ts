import type { Change, Phase } from '../model/change.ts';
import type { Intervention } from '../model/intervention.ts';
import type {
  Alarm,
  ConsumedMinute,
  LookAlert,
  MetricLook,
  MetricWatch,
  MinuteTally,
  WatchState,
} from '../model/look.ts';
import { type Metric, watchedMetricsOf } from '../model/metric.ts';
import type { InterventionPlan } from '../model/plan.ts';
import { type EpochMinute, type EpochMs, minuteOf } from '../model/time.ts';
import type { KpiHistory, VerdictEvidence } from '../model/verdict.ts';
import { assessSignal, type SourceStatus } from './assess-signal.ts';
import { beforeAfterAlarms } from './before-after-alarms.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { consumeMinutes } from './consume-minutes.ts';
import { eligibleShare } from './coverage.ts';
import { inOrder, shownWealths } from './family-alarms.ts';
import { expectedTrials, type HourTally } from './history.ts';
import { blindAlerts, silentTreatments, splitAlerts } from './look-alerts.ts';
import { closedBlocks, isWorking, monitorLogWealth } from './metric-monitor.ts';
import { planIntervention } from './plan-intervention.ts';
import { isSoundTally } from './sound-tally.ts';
import { isSplitBroken } from './split-alarm.ts';
import { watchFastRules } from './watch-fast-rules.ts';
import type { WatchContext } from './watch-metric.ts';

/** Minutes that an event may take to reach the built-in store before its minute is consumed (docs/statistics.md K1). */
export const WATERMARK_MINUTES = 2;

const WATCHED_BY_WEEKS = 'No control group to compare with: each hour is held against those of the weeks before.';

/** What the sources say about one metric at this look. */
export interface MetricLookInput {
  readonly kpiId: string;
  /** Minutes with trials from `nextMinute` on; those that are not mature yet are left for the next look. */
  readonly minutes: readonly MinuteTally[];
  readonly source: SourceStatus;
  /** First minute that the source does not vouch for yet; absent when it vouches for every mature one. */
  readonly until?: EpochMinute;
  readonly lastSeen: { readonly kpi: EpochMinute | null; readonly change: EpochMinute | null };
  readonly history: KpiHistory;
  /** The KPI's own hours, 12 weeks before the window and since: when an hour of a before/after design was completed. */
  readonly ownHours?: readonly HourTally[];
}

export interface LookInput {
  readonly change: Pick<Change, 'contract' | 'kpis' | 'state'> & { readonly effectiveAt: EpochMinute };
  /** As read from the flag, this look's reading included: a minute's allocation must be known before it is consumed. */
  readonly phases: readonly Phase[];
  readonly watch: WatchState;
  readonly metrics: readonly MetricLookInput[];
  /** Units by first exposure and phase so far (docs/statistics.md G3); absent when not read. */
  readonly exposures?: VerdictEvidence['exposures'];
  readonly interventions: readonly Intervention[];
  /** When a person last raised exposure after an intervention; null when nobody did. */
  readonly personRaisedAt: EpochMs | null;
  /** The operator's switch: everything is computed, nothing is planned. */
  readonly paused: boolean;
  readonly graceMinutes?: number;
  readonly now: EpochMs;
}

export interface Look {
  readonly watch: WatchState;
  readonly consumed: readonly { readonly kpiId: string; readonly minutes: readonly ConsumedMinute[] }[];
  readonly looks: readonly MetricLook[];
  /** Thresholds first crossed in this look's data. */
  readonly alarms: readonly Alarm[];
  /** What people must hear of: fast rules that fired, shared incidents, a silent treatment, a split that is off, blindness. */
  readonly alerts: readonly LookAlert[];
  readonly plan: InterventionPlan;
}

/** The first minute that is not mature at `now` for a KPI, and never beyond the window (docs/statistics.md K1). */
export function consumableUntil(
  change: Pick<Change, 'contract'> & { readonly effectiveAt: EpochMinute },
  metric: Pick<Metric, 'kpi'>,
  now: EpochMs,
): EpochMinute {
  const mature = minuteOf(now) - metric.kpi.measure.withinMinutes - WATERMARK_MINUTES;
  return Math.min(mature, change.effectiveAt + change.contract.windowMinutes);
}

interface Prepared {
  readonly metric: Metric;
  readonly monitor: MetricWatch;
  readonly input: MetricLookInput;
  readonly source: SourceStatus;
  readonly minutes: readonly MinuteTally[];
  readonly to: EpochMinute;
}

/**
 * One look at a change: consumes what has matured, advances the harm monitors and fast rules, assesses each metric's
 * signal and plans what to do. Pure, so it can be repeated; what it consumed decides, not when it was run, so skipped
 * looks lose nothing (docs/statistics.md K1).
 */
export function evaluateLook(input: LookInput): Look {
  const { change, phases, watch, now } = input;
  const raisedAt = latest(watch.raisedAt, input.personRaisedAt);
  const context: WatchContext = { phases, windowStart: change.effectiveAt, raisedAt };
  const prepared = prepare(input);
  const consumption = consumeMinutes(
    prepared.map(({ monitor }) => monitor),
    watch.alarms,
    prepared,
    context,
  );
  const fast = watchFastRules(
    change.contract.fast,
    watch.fastRules,
    consumption.alarms,
    (kpiId) => fastMinutes(prepared, kpiId),
    context,
  );
  const looks = prepared.map(({ metric, input: { ownHours }, to }) => ({ metric, ownHours, matureUntil: to }));
  const alarms = [...fast.alarms, ...beforeAfterAlarms(change, looks, fast.alarms, WATERMARK_MINUTES)];
  const assessed = prepared.map((one, i) => {
    const monitor = consumption.monitors[i]!;
    return {
      one,
      monitor,
      ...assess(
        input,
        one,
        monitor,
        adverseReason(one.metric, alarms, consumption.wealths.family?.blamed ?? [], raisedAt),
      ),
    };
  });
  const monitors = assessed.map(({ one, monitor, blindSince }) => ({ ...monitor, nextMinute: one.to, blindSince }));
  const found: WatchState = {
    ...watch,
    ...shownWealths(consumption.wealths),
    monitors,
    raisedAt,
    fastRules: fast.states,
    alarms: inOrder(alarms),
    splitAlarmAt: watch.splitAlarmAt ?? (isSplitBroken(input.exposures ?? [], phases) ? now : null),
  };
  const plan = planIntervention({ ...input, personRaisedAt: raisedAt, watch: found });
  return {
    watch: afterPlan(found, plan),
    consumed: consumption.consumed,
    looks: assessed.map(({ one, monitor, signal, detail }) => ({
      kpiId: one.metric.kpi.id,
      signal,
      detail,
      at: now,
      logWealth: monitorLogWealth(monitor.cumulative),
      totals: monitor.totals,
    })),
    alarms: alarms.slice(watch.alarms.length),
    alerts: [
      ...fast.alerts,
      ...silentTreatments(watch.monitors, monitors, phases),
      ...splitAlerts(watch, found),
      ...blindAlerts(monitors, now, input.graceMinutes, lastingFaults(prepared)),
    ],
    plan,
  };
}

/** Keeps the minutes that are new, mature and sound; a metric that was not asked for is one whose source did not answer. */
function prepare({ change, watch, metrics, now }: LookInput): readonly Prepared[] {
  return watchedMetricsOf(change).flatMap((metric) => {
    const monitor = watch.monitors.find(({ kpiId }) => kpiId === metric.kpi.id);
    if (!monitor) return [];
    const input = metrics.find(({ kpiId }) => kpiId === metric.kpi.id) ?? notAsked(metric.kpi.id);
    const answered = input.source.status === 'ok';
    const known = Math.min(consumableUntil(change, metric, now), input.until ?? Number.POSITIVE_INFINITY);
    const to = answered ? Math.max(monitor.nextMinute, known) : monitor.nextMinute;
    const due = input.minutes.filter(({ minute }) => minute >= monitor.nextMinute && minute < to);
    const minutes = due.filter(
      ({ minute, off, on }) =>
        Number.isInteger(minute) && isSoundTally(metric.kpi.measure, off) && isSoundTally(metric.kpi.measure, on),
    );
    const broken = due.length - minutes.length;
    const source: SourceStatus =
      broken > 0 ? { status: 'error', detail: `${broken} minutes with counts that cannot be.` } : input.source;
    return [
      { metric, monitor, input, source, minutes: minutes.toSorted((left, right) => left.minute - right.minute), to },
    ];
  });
}

function lastingFaults(prepared: readonly Prepared[]): readonly string[] {
  return prepared.flatMap(({ metric, source }) =>
    source.status === 'error' && source.lasting === true ? [metric.kpi.id] : [],
  );
}

function notAsked(kpiId: string): MetricLookInput {
  return {
    kpiId,
    minutes: [],
    source: { status: 'error', detail: 'it was not asked.' },
    lastSeen: { kpi: null, change: null },
    history: { kpiId, weeks: [], hourOfWeek: [] },
  };
}

function fastMinutes(prepared: readonly Prepared[], kpiId: string) {
  const one = prepared.find(({ metric }) => metric.kpi.id === kpiId);
  if (one?.input.source.status !== 'ok') return null;
  const { minutes, monitor, to, metric } = one;
  return { minutes, from: monitor.nextMinute, to, withinMinutes: metric.kpi.measure.withinMinutes };
}

function assess(input: LookInput, one: Prepared, monitor: MetricWatch, adverse: string | null) {
  const { change, phases, now } = input;
  const { history, lastSeen } = one.input;
  const expected = expectedTrials(history, change.effectiveAt, Math.max(change.effectiveAt, one.to));
  const off = phases.findLast(({ cause }) => cause === 'turn_off');
  const windowEnd = change.effectiveAt + change.contract.windowMinutes;
  return assessSignal({
    source: one.source,
    lastSeen,
    history,
    windowStart: change.effectiveAt,
    trafficUntil: off && off.endMinute === null ? Math.min(off.startMinute, windowEnd) : windowEnd,
    eligibleShare: eligibleShare(monitor.totals.off.n + monitor.totals.on.n, expected),
    now,
    monitorWorks: isWorking(monitor.cumulative),
    closedBlocks: closedBlocks(monitor.cumulative),
    unwatched: isBeforeAfter(change.contract)
      ? WATCHED_BY_WEEKS
      : monitor.config.kind === 'none'
        ? monitor.config.reason
        : null,
    adverse,
    previousBlindSince: one.monitor.blindSince,
  });
}

/** Blamed on its own, or the culprit of an alarm since the last raise (docs/statistics.md K14). */
function adverseReason(
  { kpi }: Metric,
  alarms: readonly Alarm[],
  blamed: readonly string[],
  raisedAt: EpochMs | null,
): string | null {
  const alarm = alarms.findLast((one) => one.kpiId === kpi.id && one.raisedAt === raisedAt);
  if (alarm)
    return alarm.rule === null ? 'Harm is established for this KPI.' : 'A fast rule of the contract was broken.';
  return raisedAt === null && blamed.includes(kpi.id) ? 'Harm is established for this KPI.' : null;
}

function afterPlan(watch: WatchState, plan: InterventionPlan): WatchState {
  switch (plan.kind) {
    case 'observe':
      return { ...watch, observed: plan.would.kind };
    case 'propose_restore':
      return { ...watch, restoreProposedFor: plan.phaseIndex };
    case 'none':
    case 'throttle':
    case 'turn_off':
      return watch;
    default:
      return plan satisfies never;
  }
}

function latest(left: EpochMs | null, right: EpochMs | null): EpochMs | null {
  if (left === null || right === null) return left ?? right;
  return Math.max(left, right);
}
