import { backtestWeek } from '../../src/domain/statistics/backtest-week.ts';
import {
  advanceMarginMonitor,
  historicalMargin,
  type MarginMonitorConfig,
  startMarginMonitor,
} from '../../src/domain/statistics/margin-monitor.ts';
import { logWealth } from '../../src/domain/statistics/mixture-wealth.ts';
import type { HarmDirection } from '../../src/domain/statistics/null-line.ts';
import { lookPlaceboSup, planPlaceboSup } from '../../src/domain/statistics/placebo-sup.ts';
import type { LabelledSeries } from './load.ts';

/** What an online monitor says of a change that is on for everybody from some hour on. */
export interface OnlineAnswer {
  /** `insufficient`: too little history, so it never alarms and says so. */
  readonly status: 'ok' | 'insufficient';
  /** Hours until the alarm, counted from 1; null without one. */
  readonly hours: number | null;
}

export type OnlineMonitor = (hourly: readonly number[], start: number, harm: HarmDirection) => OnlineAnswer;

/** One labelled incident, as if a change had gone out in its first hour. */
export interface IncidentAnswer {
  readonly from: string;
  readonly lower: OnlineAnswer;
  readonly higher: OnlineAnswer;
}

export interface OnlineReport {
  readonly incidents: readonly IncidentAnswer[];
  /** Windows outside every incident that could be judged, one from each midnight with ten weeks before it; they overlap. */
  readonly calmWindows: number;
  /** Such windows with an alarm in the direction. */
  readonly calmAlarms: Readonly<Record<HarmDirection, number>>;
}

export interface WeekAnswer {
  readonly from: string;
  readonly change: number;
  readonly p: number;
  readonly hasIncident: boolean;
}

export const HORIZON_HOURS = 72;
const HOURS_PER_DAY = 24;
const HOURS_PER_WEEK = 168;
const EARLIER_WEEKS = 4;
const FEWEST_EARLIER_WEEKS = 2;
const WEEKS_OF_HISTORY = 12;
/** What placebo-sup asks for; the margin is judged on the same windows. */
const FIRST_CALM_HOUR = 10 * HOURS_PER_WEEK;
const LOG_MARGIN_THRESHOLD = Math.log(100);
const INSUFFICIENT: OnlineAnswer = { status: 'insufficient', hours: null };

/** docs/statistics.md L10. */
export const placeboSup: OnlineMonitor = (hourly, start, harm) => {
  const plan = planPlaceboSup(hourly.slice(0, start), HORIZON_HOURS, harm);
  if (plan.status !== 'ok') return INSUFFICIENT;
  const { alarmHour } = lookPlaceboSup(plan, hourly.slice(start, start + HORIZON_HOURS));
  return { status: 'ok', hours: alarmHour === null ? null : alarmHour + 1 };
};

/** docs/statistics.md L11, hour by hour, with the mean of the same hour in the four weeks before as what is expected. */
export const margin: OnlineMonitor = (hourly, start, harm) => {
  const ratios = hourly.slice(0, start).flatMap((total, hour) => {
    const ratio = total / sameHourMean(hourly, hour, hour);
    return Number.isFinite(ratio) ? [ratio] : [];
  });
  const size = historicalMargin(ratios, harm);
  const expected = Array.from({ length: HORIZON_HOURS }, (_, i) => sameHourMean(hourly, start + i, start));
  if (size === null || expected.some(Number.isNaN)) return INSUFFICIENT;
  const config: MarginMonitorConfig = { margin: size, harm, onset: 'mixture' };
  let state = startMarginMonitor(config);
  const alarm = expected.findIndex((mean, hour) => {
    state = advanceMarginMonitor(config, state, {
      minute: 60 * hour,
      count: Math.round(hourly[start + hour] ?? Number.NaN),
      expected: mean,
    });
    return logWealth(state) >= LOG_MARGIN_THRESHOLD;
  });
  return { status: 'ok', hours: alarm < 0 ? null : alarm + 1 };
};

/**
 * A monitor on a labelled series: at the first hour of each incident, and from each midnight for 72 hours without one.
 * Earlier incidents are left out of the history, as a team would that knows of them.
 */
export function reportOnline(series: LabelledSeries, monitor: OnlineMonitor): OnlineReport {
  const { hourly, startMs } = series;
  const isIncident = (hour: number) => series.incidents.some(({ from, to }) => from <= hour && hour < to);
  const usualUntil = (start: number) =>
    hourly.map((total, hour) => (hour < start && isIncident(hour) ? Number.NaN : total));
  const incidents = series.incidents.map(({ from }) => ({
    from: dayOf(startMs, from),
    lower: monitor(usualUntil(from), from, 'decrease'),
    higher: monitor(usualUntil(from), from, 'increase'),
  }));
  const calmAlarms = { increase: 0, decrease: 0 };
  let calmWindows = 0;
  for (let start = FIRST_CALM_HOUR; start + HORIZON_HOURS <= hourly.length; start += HOURS_PER_DAY) {
    const window = Array.from({ length: HORIZON_HOURS }, (_, i) => start + i);
    if (window.some((hour) => isIncident(hour) || Number.isNaN(hourly[hour]))) continue;
    const usual = usualUntil(start);
    const answers = (['increase', 'decrease'] as const).map((harm) => ({ harm, ...monitor(usual, start, harm) }));
    if (answers.some(({ status }) => status !== 'ok')) continue;
    calmWindows += 1;
    for (const { harm, hours } of answers) if (hours !== null) calmAlarms[harm] += 1;
  }
  return { incidents, calmWindows, calmAlarms };
}

/** docs/statistics.md L2 to L5 on each whole week that has twelve before it, on the logarithm of the week's total. */
export function reportWeeks({ hourly, startMs, incidents }: LabelledSeries): WeekAnswer[] {
  const totals = Array.from({ length: Math.floor(hourly.length / HOURS_PER_WEEK) }, (_, week) =>
    hourly.slice(week * HOURS_PER_WEEK, (week + 1) * HOURS_PER_WEEK).reduce((sum, total) => sum + total, 0),
  );
  const logs = totals.map(Math.log);
  return logs.slice(WEEKS_OF_HISTORY).map((post, i) => {
    const week = i + WEEKS_OF_HISTORY;
    const [from, to] = [week * HOURS_PER_WEEK, (week + 1) * HOURS_PER_WEEK];
    const { estimate, pTwoSided } = backtestWeek(logs.slice(i, week), post);
    return {
      from: dayOf(startMs, from),
      change: Math.exp(estimate) - 1,
      p: pTwoSided,
      hasIncident: incidents.some((incident) => incident.from < to && from < incident.to),
    };
  });
}

/** Mean of the same hour in the four weeks before, as far as they lie before the deploy; NaN with fewer than two. */
function sameHourMean(hourly: readonly number[], hour: number, deploy: number): number {
  const earlier = Array.from({ length: EARLIER_WEEKS }, (_, i) => hour - (i + 1) * HOURS_PER_WEEK)
    .filter((one) => one >= 0 && one < deploy)
    .map((one) => hourly[one] ?? Number.NaN)
    .filter((total) => !Number.isNaN(total));
  if (earlier.length < FEWEST_EARLIER_WEEKS) return Number.NaN;
  return earlier.reduce((sum, total) => sum + total, 0) / earlier.length;
}

function dayOf(startMs: number, hour: number): string {
  return new Date(startMs + hour * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
}
