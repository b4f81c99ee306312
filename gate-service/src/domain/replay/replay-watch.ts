import { isBeforeAfter } from '../decision/before-after-design.ts';
import type { HourTally } from '../decision/history.ts';
import { planIntervention } from '../decision/plan-intervention.ts';
import { evaluateLook, type Look, type MetricLookInput, WATERMARK_MINUTES } from '../decision/run-look.ts';
import { startWatch } from '../decision/start-watch.ts';
import type { Change, Phase } from '../model/change.ts';
import type { Alarm, LookAlert, MetricLook, WatchState } from '../model/look.ts';
import { watchedMetricsOf } from '../model/metric.ts';
import type { PlannedStep } from '../model/plan.ts';
import { NO_TALLY, type TallyByVariant } from '../model/tally.ts';
import { DAY_MINUTES, type EpochMinute, HOUR_MINUTES, startOfMinute } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import type { ReplayCounts, ReplayKpi } from './replay-data.ts';
import { hourTallies, sumArms } from './sum-tallies.ts';

/** Skipped looks lose nothing, so an hour between two changes no alarm's minute and no number. */
const LOOK_EVERY_MINUTES = HOUR_MINUTES;

const NO_ARMS: TallyByVariant = { off: NO_TALLY, on: NO_TALLY };

export type ReplayChange = Pick<Change, 'changeId' | 'contract' | 'kpis'> & { readonly effectiveAt: EpochMinute };

/** An alarm with the step that it calls for on the recorded share; null when there is nothing smaller to go to. */
export interface ReplayAlarm {
  readonly alarm: Alarm;
  readonly step: PlannedStep | null;
}

/** One day of the watch: what was known at its end, and what Changegate would have done in it. */
export interface ReplayDay {
  readonly day: number;
  readonly from: EpochMinute;
  readonly to: EpochMinute;
  readonly looks: readonly MetricLook[];
  /** Trials whose outcomes became known in this day, and until its end, by KPI in the order of `looks`. */
  readonly known: readonly TallyByVariant[];
  readonly knownSoFar: readonly TallyByVariant[];
  readonly familyLogWealth: number | null;
  readonly alarms: readonly ReplayAlarm[];
  readonly alerts: readonly LookAlert[];
}

export type SignalChange = Pick<MetricLook, 'kpiId' | 'signal' | 'at'>;

export interface ReplayedWatch {
  readonly days: readonly ReplayDay[];
  readonly watch: WatchState;
  /** Every change of a KPI's signal, in time. */
  readonly signals: readonly SignalChange[];
  /** Trials that the looks consumed, by KPI. */
  readonly consumed: ReadonlyMap<string, TallyByVariant>;
}

export interface ReplayWatchInput {
  readonly change: ReplayChange;
  readonly phases: readonly Phase[];
  readonly histories: readonly KpiHistory[];
  readonly data: readonly ReplayKpi[];
  readonly exposedMinutes: ReplayCounts['exposedMinutes'];
  /** Minute of the newest row: what comes after it is not silence of a source, the file just ends. */
  readonly lastMinute: EpochMinute;
  /** Minute of the last look. */
  readonly until: EpochMinute;
}

/**
 * The looks that Changegate would have had at what a file holds, at the recorded share throughout: the file cannot show
 * what a throttle would have changed, so an alarm is said and the watch goes on.
 */
export function replayWatch(input: ReplayWatchInput): ReplayedWatch {
  const { change, data, until, histories } = input;
  const { ends, looks } = schedule(change.effectiveAt, until);
  const signals: SignalChange[] = [];
  const told = new Set<string>();
  const days: ReplayDay[] = [];
  const ownHours = new Map(
    (isBeforeAfter(change.contract) ? data : []).map(({ kpiId, history, own }) => [
      kpiId,
      hourTallies([...history, ...own]),
    ]),
  );
  let consumed: ReadonlyMap<string, TallyByVariant> = new Map(data.map(({ kpiId }) => [kpiId, NO_ARMS]));
  let watch = startWatch({ change, histories });
  let alerts: LookAlert[] = [];
  let today: Look['consumed'] = [];
  for (const minute of looks) {
    const look = lookAt(input, watch, minute, ownHours);
    watch = look.watch;
    today = [...today, ...look.consumed];
    for (const { kpiId, signal, at } of look.looks) {
      if (signals.findLast((known) => known.kpiId === kpiId)?.signal !== signal) signals.push({ kpiId, signal, at });
    }
    for (const alert of look.alerts) {
      const id = `${alert.kind}:${alert.kpiId}:${alert.since}`;
      if (!told.has(id)) alerts.push(alert);
      told.add(id);
    }
    if (!ends.has(minute)) continue;
    const known = new Map(data.map(({ kpiId }) => [kpiId, sumArms(minutesOf(today, kpiId))]));
    consumed = new Map([...known].map(([kpiId, arms]) => [kpiId, sumArms([consumed.get(kpiId) ?? NO_ARMS, arms])]));
    const day = { day: days.length + 1, from: days.at(-1)?.to ?? change.effectiveAt, to: minute };
    days.push({ ...day, ...atEnd(look, known, consumed), alarms: [], alerts });
    [alerts, today] = [[], []];
  }
  return { days: placeAlarms(days, watch, input), watch, signals, consumed };
}

/** Every hour and the last minute; the last day takes in what is left when that is less than an hour. */
function schedule(
  start: EpochMinute,
  until: EpochMinute,
): { looks: readonly EpochMinute[]; ends: ReadonlySet<number> } {
  const count = Math.max(1, Math.ceil((until - start) / LOOK_EVERY_MINUTES));
  const looks = Array.from({ length: count }, (_, look) => Math.min(until, start + (look + 1) * LOOK_EVERY_MINUTES));
  const isDay = (minute: EpochMinute) => (minute - start) % DAY_MINUTES === 0 && until - minute >= LOOK_EVERY_MINUTES;
  return { looks, ends: new Set([...looks.filter(isDay), until]) };
}

function lookAt(
  input: ReplayWatchInput,
  watch: WatchState,
  minute: EpochMinute,
  ownHours: ReadonlyMap<string, readonly HourTally[]>,
): Look {
  const { change, phases, histories, data, lastMinute } = input;
  const afterFile = Math.max(0, minute - lastMinute - 1);
  const metrics = watchedMetricsOf(change).map(({ kpi: { id: kpiId } }): MetricLookInput => {
    const own = data.find((one) => one.kpiId === kpiId);
    const from = watch.monitors.find((monitor) => monitor.kpiId === kpiId)?.nextMinute ?? change.effectiveAt;
    const complete = ownHours.get(kpiId)?.filter(({ hour }) => (hour + 1) * HOUR_MINUTES <= minute);
    return {
      kpiId,
      ...(complete && { ownHours: complete }),
      minutes:
        own === undefined
          ? []
          : own.minutes.slice(countBefore(own.minutes.length, (i) => own.minutes[i]!.minute, from)),
      source: { status: 'ok' },
      lastSeen: {
        kpi: later(lastBefore(own?.seen ?? [], minute), afterFile),
        change: lastBefore(own?.seenByChange ?? [], minute),
      },
      history: histories.find((history) => history.kpiId === kpiId) ?? { kpiId, weeks: [], hourOfWeek: [] },
    };
  });
  return evaluateLook({
    change: { ...change, state: 'watching' },
    phases,
    watch,
    metrics,
    exposures: phases.map(({ index }) => ({ phaseIndex: index, ...exposedBefore(input, minute) })),
    interventions: [],
    personRaisedAt: null,
    paused: false,
    now: startOfMinute(minute),
  });
}

function exposedBefore({ exposedMinutes }: ReplayWatchInput, minute: EpochMinute): { off: number; on: number } {
  const counts = { off: 0, on: 0 };
  for (const one of exposedMinutes) {
    if (one.minute >= minute - WATERMARK_MINUTES) break;
    counts.off += one.off;
    counts.on += one.on;
  }
  return counts;
}

/** What one look at the end of a day says, with the trials that became known. */
function atEnd(
  { looks, watch }: Look,
  known: ReadonlyMap<string, TallyByVariant>,
  soFar: ReadonlyMap<string, TallyByVariant>,
): Pick<ReplayDay, 'looks' | 'known' | 'knownSoFar' | 'familyLogWealth'> {
  const of = (tallies: ReadonlyMap<string, TallyByVariant>) => looks.map(({ kpiId }) => tallies.get(kpiId) ?? NO_ARMS);
  return { looks, known: of(known), knownSoFar: of(soFar), familyLogWealth: watch.familyLogWealth };
}

function minutesOf(consumed: Look['consumed'], id: string): readonly TallyByVariant[] {
  return consumed.flatMap(({ kpiId, minutes }) => (kpiId === id ? minutes : []));
}

/** Puts each alarm into the day in which its outcomes were complete, with the step that it alone calls for. */
function placeAlarms(
  days: readonly ReplayDay[],
  watch: WatchState,
  { change, phases }: ReplayWatchInput,
): readonly ReplayDay[] {
  const steps = watch.alarms.map((alarm): ReplayAlarm => {
    const plan = planIntervention({
      change: { ...change, state: 'watching' },
      phases,
      watch: { ...watch, alarms: [alarm], observed: null },
      interventions: [],
      personRaisedAt: null,
      paused: false,
      now: alarm.at,
    });
    if (plan.kind === 'observe') return { alarm, step: plan.would };
    return { alarm, step: plan.kind === 'throttle' || plan.kind === 'turn_off' ? plan : null };
  });
  return days.map((day, index) => {
    const isIn = ({ alarm }: ReplayAlarm) =>
      (index === 0 || alarm.at > startOfMinute(day.from)) && alarm.at <= startOfMinute(day.to);
    return { ...day, alarms: steps.filter(isIn) };
  });
}

/** The newest of ascending minutes that is over at `now`; null when there is none. */
function lastBefore(minutes: readonly EpochMinute[], now: EpochMinute): EpochMinute | null {
  return minutes[countBefore(minutes.length, (i) => minutes[i]!, now) - 1] ?? null;
}

/** Silence stands still once the file has ended. */
function later(minute: EpochMinute | null, by: number): EpochMinute | null {
  return minute === null ? null : minute + by;
}

/** How many of ascending minutes lie before a minute. */
function countBefore(length: number, minuteAt: (i: number) => EpochMinute, minute: EpochMinute): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (minuteAt(middle) < minute) low = middle + 1;
    else high = middle;
  }
  return low;
}
