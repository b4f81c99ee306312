import type { FastRule } from '../../contract/change-contract.ts';
import type { Forecast } from '../model/forecast.ts';
import type { Metric } from '../model/metric.ts';
import { NO_TALLY, type Tally } from '../model/tally.ts';
import { type EpochMinute, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { detectionTime } from '../statistics/detection-time.ts';
import { advanceFastRule } from './fast-rule.ts';
import { expectedTrials, historyTotal } from './history.ts';
import { monitorConfig, THROTTLE_ALPHA } from './monitor-config.ts';
import { noticeHarm } from './notice-harm.ts';

/** What is bad doubles, or what is good halves. */
const HARM_FACTOR = 2;

/** A KPI's past by minute, for replaying fast rules: the minutes with trials of [from, to). */
export interface HistoryMinutes {
  readonly kpiId: string;
  readonly from: EpochMinute;
  readonly to: EpochMinute;
  readonly minutes: readonly (Tally & { readonly minute: EpochMinute })[];
}

/**
 * How soon the harm monitor would notice a doubling of what is bad, or a halving of what is good, from the first minute
 * on, and how many units it would have hurt by then (docs/statistics.md N5). Of a mean, a ratio or a quantile it is a
 * change by a fifth, of a rate a doubling, see `noticeHarm`.
 * @param span the window ahead, in minutes since 1970
 * @returns    nulls without history, or when it would never be noticed
 */
export function forecastDetection(
  metric: Metric,
  history: KpiHistory | null,
  share: number,
  span: { readonly from: EpochMinute; readonly to: EpochMinute },
): Forecast['detection'][number] {
  const { kpi } = metric;
  const total = history && historyTotal(history);
  const units = history && expectedTrials(history, span.from, span.to);
  if (!total || !units) return { kpiId: kpi.id, minutes: null, unitsHarmed: null };
  if (kpi.measure.type !== 'proportion') {
    const config = monitorConfig(metric, history, { share, start: span.from });
    const traffic = {
      arrivalsPerMinute: units / (span.to - span.from),
      treatmentShare: share,
      onset: 'mixture',
    } as const;
    const noticed = noticeHarm(kpi, config, total, traffic);
    return {
      kpiId: kpi.id,
      minutes: noticed && Math.ceil(noticed.minutes + kpi.measure.withinMinutes),
      unitsHarmed: noticed && Math.ceil(noticed.unitsHarmed),
    };
  }
  const pA = total.y / total.n;
  const pB = kpi.direction === 'decrease_is_good' ? Math.min(1, pA * HARM_FACTOR) : pA / HARM_FACTOR;
  const { status, minutes, eventsHarmed } = detectionTime({
    pA,
    pB,
    arrivalsPerMinute: units / (span.to - span.from),
    treatmentShare: share,
    alpha: THROTTLE_ALPHA,
    onset: 'mixture',
  });
  if (status !== 'ok') return { kpiId: kpi.id, minutes: null, unitsHarmed: null };
  return {
    kpiId: kpi.id,
    minutes: Math.ceil(minutes + kpi.measure.withinMinutes),
    unitsHarmed: Math.ceil(eventsHarmed),
  };
}

/**
 * How often a fast rule would have fired in the KPI's history, a week, had all of it been the treatment: firings are
 * counted as they begin.
 * @returns null without minutes of history
 */
export function replayFastRule(rule: FastRule, history: HistoryMinutes | null): number | null {
  if (history === null || history.minutes.length === 0 || !(history.to > history.from)) return null;
  const minutes = history.minutes
    .map(({ minute, n, y }) => ({ minute, off: NO_TALLY, on: { n, y } }))
    .toSorted((left, right) => left.minute - right.minute);
  const state = { firedAt: null, sharedIncidentAt: null, slots: [] };
  const { from, to } = history;
  const { firings } = advanceFastRule(rule, state, minutes, { from, to, notBefore: from, withinMinutes: 0 });
  return (firings.length * WEEK_MINUTES) / (to - from);
}
