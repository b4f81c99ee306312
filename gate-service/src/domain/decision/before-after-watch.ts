import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Alarm } from '../model/look.ts';
import { harmDirection, type Metric } from '../model/metric.ts';
import { addTallies, NO_TALLY, type Tally } from '../model/tally.ts';
import { type EpochMinute, HOUR_MINUTES, startOfMinute } from '../model/time.ts';
import { isCount } from '../statistics/estimate.ts';
import { advanceMarginMonitor, historicalMargin, startMarginMonitor } from '../statistics/margin-monitor.ts';
import { logWealth } from '../statistics/mixture-wealth.ts';
import type { HarmDirection } from '../statistics/null-line.ts';
import { lookPlaceboSup, planPlaceboSup } from '../statistics/placebo-sup.ts';
import { excludedDays } from './before-after-design.ts';
import { type HourCounts, type OwnHours, ownHours, sameHoursBefore, standardised } from './before-after-hours.ts';
import type { HourTally } from './history.ts';
import { levelOf } from './metric-levels.ts';

/** One KPI of a change that is on for everybody, with its own hours: 12 weeks before the window, and since. */
export interface BeforeAfterWatchInput {
  readonly contract: Pick<ChangeContract, 'beforeAfter' | 'windowMinutes'>;
  readonly metric: Pick<Metric, 'kpi'>;
  readonly hours: readonly HourTally[];
  readonly windowStart: EpochMinute;
  /** First minute whose outcomes are not complete. */
  readonly matureUntil: EpochMinute;
  /** Minutes after its end in which an hour's outcomes come in. */
  readonly settleMinutes: number;
  /** KPIs that are watched in this way: they share the error budget of the margin. */
  readonly watched: number;
}

/** Longest spans first: twelve weeks of history give 40 placebos for a week, ten weeks for three days (L10). */
const HORIZONS = [168, 72] as const;
/** One-sided error of turning off (docs/statistics.md L11). */
const MARGIN_ALPHA = 0.01;
/** Hours with fewer events to expect vary by chance alone, so they neither set the margin nor are held against it. */
const FEWEST_EXPECTED = 10;
/** With fewer ordinary hours their 99.5% quantile is not known (docs/statistics.md L11). */
const FEWEST_ORDINARY_HOURS = 200;

/**
 * Harm that the weeks before a change which everybody got make unlikely (docs/statistics.md L10, L11). The total since
 * the deploy beyond the largest that past days gave throttles; with it, an e-process on hours beyond a margin that ordinary
 * hours keep turns off. Computed anew at each look from the hours alone, so the same data gives the same alarms.
 * @returns at most one of each kind, with the hour that crossed; none without the history that is needed, or data
 */
export function watchBeforeAfter(input: BeforeAfterWatchInput): readonly Alarm[] {
  const { metric, windowStart, contract } = input;
  const { measure } = metric.kpi;
  const until = Math.floor(Math.min(input.matureUntil, windowStart + contract.windowMinutes) / HOUR_MINUTES);
  const excluded = excludedDays(contract);
  const slowEdge = measure.type === 'quantile' ? slowEdgeOf(input) : null;
  const series = ownHours({ measure, hours: input.hours, windowStart, until, excluded, slowEdge });
  if (series.after.length === 0) return [];
  const harm = harmDirection(metric.kpi);
  const counted = measure.type === 'proportion' || measure.type === 'rate' || measure.type === 'quantile';
  const placebo = placeboHour(series, harm);
  const strayed = placebo?.hour == null ? null : alarmAt(input, placebo.hour, 'placebo_sup', 'throttle', null);
  const beyond = counted && (placebo === null || strayed !== null) ? marginAlarm(input, series, harm, placebo) : null;
  return [strayed, beyond].filter((alarm) => alarm !== null);
}

/** The hour that strayed further than on any past day; `hour` null when none did, null when there are too few past days. */
function placeboHour(series: OwnHours, harm: HarmDirection): { readonly hour: number | null } | null {
  const { before, after } = standardised(series);
  const plan = HORIZONS.map((hours) => planPlaceboSup(before, hours, harm)).find(({ status }) => status === 'ok');
  if (!plan) return null;
  const { alarmHour } = lookPlaceboSup(plan, after);
  return { hour: alarmHour === null ? null : series.firstHour + alarmHour };
}

/**
 * Beyond the margin: off once past days say the same, which ordinary hours that were not ordinary seldom do. Where there are
 * too few past days to ask, a throttle.
 */
function marginAlarm(
  input: BeforeAfterWatchInput,
  series: OwnHours,
  harm: HarmDirection,
  placebo: { readonly hour: number | null } | null,
): Alarm | null {
  const { before, after, firstHour } = series;
  const ratios = before.flatMap((hour, index) => {
    const expected = expectedEvents(before, index, hour);
    return expected >= FEWEST_EXPECTED ? [hour.events / expected] : [];
  });
  const margin = ratios.length < FEWEST_ORDINARY_HOURS ? null : historicalMargin(ratios, harm);
  if (margin === null) return null;
  const config = { margin, harm, onset: 'mixture' as const };
  const threshold = Math.log(Math.max(1, input.watched) / MARGIN_ALPHA);
  let state = startMarginMonitor(config);
  for (const [index, hour] of after.entries()) {
    // Only hours from before the window are a guide: those of the window have the change.
    const expected = expectedEvents(before, before.length + (index % 168), hour);
    if (!(expected >= FEWEST_EXPECTED) || !isCount(hour.events)) continue;
    state = advanceMarginMonitor(config, state, { minute: index * HOUR_MINUTES, count: hour.events, expected });
    const wealth = logWealth(state);
    if (wealth < threshold) continue;
    const at = Math.max(firstHour + index, placebo?.hour ?? 0);
    return alarmAt(input, at, 'margin', placebo === null ? 'throttle' : 'turn_off', wealth);
  }
  return null;
}

/** Events to expect of an hour's exposure at the rate of the same hour of the weeks before it; NaN when it is unknown. */
function expectedEvents(before: readonly HourCounts[], index: number, { exposure }: HourCounts): number {
  const earlier = sameHoursBefore(before, index);
  return exposure > 0 && earlier.exposure > 0 ? (exposure * earlier.events) / earlier.exposure : Number.NaN;
}

/** The KPI's own quantile over the hours before the window, in ms; null when there is none. */
function slowEdgeOf({ metric, hours, windowStart }: BeforeAfterWatchInput): number | null {
  const past = hours.filter(({ hour }) => (hour + 1) * HOUR_MINUTES <= windowStart);
  const edge = levelOf(metric.kpi, past.reduce<Tally>(addTallies, NO_TALLY));
  return edge !== null && edge > 0 ? edge : null;
}

function alarmAt(
  { metric, settleMinutes }: BeforeAfterWatchInput,
  hour: number,
  kind: 'placebo_sup' | 'margin',
  calls: Alarm['calls'],
  wealth: number | null,
): Alarm {
  const at = startOfMinute((hour + 1) * HOUR_MINUTES + settleMinutes);
  return { kind, calls, at, kpiId: metric.kpi.id, logWealth: wealth, raisedAt: null, phaseIndex: null, rule: null };
}
