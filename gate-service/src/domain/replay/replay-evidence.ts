import type { Kpi } from '../../contract/kpi-registry.ts';
import { isBeforeAfter } from '../decision/before-after-design.ts';
import { monitorLogWealth } from '../decision/metric-monitor.ts';
import { nonAnswerMinutes } from '../decision/non-answer-minutes.ts';
import { RULE_VERSION } from '../decision/rule-version.ts';
import { isBrokenDown } from '../decision/segments.ts';
import { longestWithin, type Phase } from '../model/change.ts';
import { EMPTY_LEDGER } from '../model/ledger-chain.ts';
import { watchedMetricsOf } from '../model/metric.ts';
import { NO_TALLY, type TallyByVariant } from '../model/tally.ts';
import { DAY_MINUTES, type EpochMinute, type EpochMs, HOUR_MINUTES, startOfMinute } from '../model/time.ts';
import type { KpiHistory, MetricEvidence, VerdictEvidence } from '../model/verdict.ts';
import { ownDays } from './own-days.ts';
import type { ReplayInput, ReplayKpi } from './replay-data.ts';
import type { ReplayedWatch } from './replay-watch.ts';
import { sumArms, sumTallies } from './sum-tallies.ts';

/** Stands where a change that was stamped has its repository and its commit: a file has neither. */
export const REPLAY_REPOSITORY = 'replay/file';
export const REPLAY_COMMIT = '0'.repeat(40);
/** The reason under which rows that cannot be read are counted: one that the data quality gate holds to its limit. */
const UNREADABLE = 'unreadable';

/**
 * The evidence of a replay's verdict, in the form in which the gate service keeps that of a change. What a file cannot
 * tell (the flag, the branch's head) is unknown, and nothing was done to any flag.
 * @param judgedAt when the verdict would have been made; before the window's end when the file ends there
 */
export function replayEvidence(
  input: ReplayInput,
  watched: ReplayedWatch,
  facts: { readonly histories: readonly KpiHistory[]; readonly phases: readonly Phase[]; readonly judgedAt: EpochMs },
): VerdictEvidence {
  const { contract, kpis, counts, startMinute } = input;
  const { phases, judgedAt, histories } = facts;
  const start = startOfMinute(startMinute);
  return {
    ruleVersion: RULE_VERSION,
    judgedAt,
    cause: 'window_complete',
    change: {
      changeId: input.hashes.changeId,
      repository: REPLAY_REPOSITORY,
      pullRequest: null,
      commitSha: REPLAY_COMMIT,
      contractPath: input.contractPath,
      flag: contract.flag,
      contract,
      contractHash: input.hashes.contract,
      kpis,
      kpisHash: input.hashes.kpis,
      stampedAt: start,
      activatedAt: start,
      effectiveAt: startMinute,
      treatmentHash: null,
    },
    phases,
    metrics: watchedMetricsOf(input).map(({ kpi }) => {
      const data = input.data.find(({ kpiId }) => kpiId === kpi.id);
      const history = histories.find(({ kpiId }) => kpiId === kpi.id);
      return metricEvidence(kpi, data, history, input, watched, judgedAt);
    }),
    exposures: [{ phaseIndex: 0, ...counts.exposed }],
    multiExposedUnits: counts.multiExposedUnits,
    exposedUnits: counts.exposed.off + counts.exposed.on,
    events: {
      accepted: counts.acceptedRows,
      duplicates: counts.duplicateRows,
      conflicts: counts.conflictingRows,
      quarantined: counts.unreadableRows === 0 ? {} : { [UNREADABLE]: counts.unreadableRows },
    },
    heartbeatHours: [],
    interventions: [],
    alarms: watched.watch.alarms,
    splitAlarmAt: watched.watch.splitAlarmAt ?? null,
    headHashes: { contract: null, kpis: null },
    treatmentHashNow: null,
    personTurnedOffAt: null,
    personOverruledAt: null,
    supersededBy: null,
    dataQualityRaisedBeforeAlarm: [],
    pausedMinutes: 0,
    ledgerVerified: true,
    ledgerHead: EMPTY_LEDGER,
  };
}

function metricEvidence(
  { id: kpiId, measure: { type } }: Kpi,
  data: ReplayKpi | undefined,
  history: KpiHistory | undefined,
  { contract, kpis, startMinute }: ReplayInput,
  { watch, signals, consumed }: ReplayedWatch,
  judgedAt: EpochMs,
): MetricEvidence {
  const minutes = data?.minutes ?? [];
  const end = startMinute + contract.windowMinutes;
  const monitor = watch.monitors.find((one) => one.kpiId === kpiId);
  const lastOutcome = startOfMinute(end + longestWithin({ kpis }));
  return {
    kpiId,
    strata: [{ phaseIndex: 0, minutes: contract.windowMinutes, ...totalOf(minutes, startMinute, end) }],
    history: history ?? { kpiId, weeks: [], hourOfWeek: [] },
    ...(data?.units && { units: [{ phaseIndex: 0, ...data.units }] }),
    ...(data?.cohorts &&
      watchedMetricsOf({ contract, kpis }).some(
        (metric) => metric.kpi.id === kpiId && isBrokenDown(contract, metric),
      ) && {
        cohorts: data.cohorts.map((row) => ({ phaseIndex: 0, ...row })),
      }),
    ...(type === 'gauge' && {
      days: spansOf(minutes, DAY_MINUTES).map(([day, tallies]) => ({ phaseIndex: 0, day, ...tallies })),
    }),
    ...(type === 'rate' && {
      hours: spansOf(minutes, HOUR_MINUTES).map(([hour, tallies]) => ({ phaseIndex: 0, hour, ...tallies })),
    }),
    ...(data &&
      isBeforeAfter(contract) && { own: sumTallies(data.own), ownDays: history ? ownDays(data, history) : [] }),
    activeHours: hoursOf(minutes),
    late: { off: 0, on: 0 },
    consumed: consumed.get(kpiId) ?? { off: NO_TALLY, on: NO_TALLY },
    nonAnswerMinutes: nonAnswerMinutes(
      signals.filter((signal) => signal.kpiId === kpiId),
      Math.min(judgedAt, lastOutcome),
    ),
    logWealth: monitor ? monitorLogWealth(monitor.cumulative) : 0,
    ...(monitor?.silentTrials === undefined ? {} : { silentTrials: monitor.silentTrials }),
    novelty: {
      firstDays: totalOf(minutes, startMinute, startMinute + 2 * DAY_MINUTES),
      lastDays: totalOf(minutes, end - 3 * DAY_MINUTES, end),
    },
  };
}

function totalOf(minutes: ReplayKpi['minutes'], from: EpochMinute, to: EpochMinute): TallyByVariant {
  return sumArms(minutes.filter(({ minute }) => minute >= from && minute < to));
}

/** Totals by day or hour since 1970. */
function spansOf(minutes: ReplayKpi['minutes'], length: number): readonly (readonly [number, TallyByVariant])[] {
  const spans = new Map<number, TallyByVariant[]>();
  for (const one of minutes) {
    const span = Math.floor(one.minute / length);
    const own = spans.get(span);
    if (own === undefined) spans.set(span, [one]);
    else own.push(one);
  }
  return [...spans].map(([span, tallies]) => [span, sumArms(tallies)]);
}

function hoursOf(minutes: ReplayKpi['minutes']): MetricEvidence['activeHours'] {
  const hours = new Map<number, number>();
  for (const { minute, off, on } of minutes) {
    const hour = Math.floor(minute / HOUR_MINUTES);
    hours.set(hour, (hours.get(hour) ?? 0) + off.n + on.n);
  }
  return [...hours].map(([hour, n]) => ({ hour, n }));
}

/** Minutes that each non-answer lasted, from the changes of one KPI's signal. */
