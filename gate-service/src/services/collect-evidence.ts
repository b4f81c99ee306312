import type { Kpi } from '../contract/kpi-registry.ts';
import { isBeforeAfter } from '../domain/decision/before-after-design.ts';
import { checkDataQuality } from '../domain/decision/data-quality.ts';
import { monitorLogWealth } from '../domain/decision/metric-monitor.ts';
import { nonAnswerMinutes } from '../domain/decision/non-answer-minutes.ts';
import { RULE_VERSION } from '../domain/decision/rule-version.ts';
import { WATERMARK_MINUTES } from '../domain/decision/run-look.ts';
import { type Change, type Phase, windowEnd } from '../domain/model/change.ts';
import { comparisonMetricsOf, watchedMetricsOf } from '../domain/model/metric.ts';
import { addTallies, NO_TALLY, type TallyByVariant } from '../domain/model/tally.ts';
import { DAY_MINUTES, type EpochMinute, minuteOf, startOfMinute } from '../domain/model/time.ts';
import type { KpiHistory, MetricEvidence, VerdictEvidence } from '../domain/model/verdict.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { collectCohortEvidence } from './collect-cohort-evidence.ts';
import { collectMeasureEvidence } from './collect-measure-evidence.ts';
import { collectOwnEvidence } from './collect-own-evidence.ts';
import { exposedUnits, standInKpi } from './exposed-units.ts';
import { readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { loadFrozenHistories } from './load-histories.ts';
import { sourceEvidence } from './source-evidence.ts';

/** What the store alone cannot tell. */
export interface OutsideFacts {
  readonly cause: VerdictEvidence['cause'];
  /** First minute that does not count any more, when that is before the window's end. */
  readonly until: EpochMinute;
  readonly treatmentHashNow: string | null;
  readonly ledgerVerified: boolean;
  readonly pausedMinutes: number;
}

/** Everything a verdict depends on, read in one transaction. A change whose window never started has empty metrics. */
export async function collectEvidence(
  gate: Pick<Gate, 'business'>,
  tx: StoreTransaction,
  change: Change,
  facts: OutsideFacts,
): Promise<VerdictEvidence> {
  const now = gate.business.now();
  const { changeId } = change;
  const phases = await tx.changes.phases(changeId);
  const watch = await tx.watch.state(changeId);
  const flag = await readFlagFacts(tx, changeId);
  const until = Math.min(windowEnd(change) ?? minuteOf(now), facts.until);
  const span = change.effectiveAt === null ? null : { from: change.effectiveAt, to: until };
  const exposedBy = await standInKpi(tx, change);
  const {
    contractHash,
    kpisHash,
    stampedAt,
    activatedAt,
    effectiveAt,
    treatmentHash,
    contractPath,
    contract,
    kpis,
    commitSha,
    pullRequest,
    repository,
  } = change;
  return {
    ruleVersion: RULE_VERSION,
    judgedAt: now,
    cause: facts.cause,
    until,
    change: {
      changeId,
      repository,
      pullRequest,
      commitSha,
      contractPath,
      flag: change.flag,
      contract,
      contractHash,
      kpis,
      kpisHash,
      stampedAt,
      activatedAt,
      effectiveAt,
      treatmentHash,
    },
    phases,
    metrics: await collectMetrics(
      tx,
      change,
      phases,
      span && { ...span, isEarly: facts.cause === 'stopped_early' },
      now,
    ),
    exposures: span === null ? [] : await collectExposures(tx, change, phases, span.to),
    ...(exposedBy !== null && { exposedBy }),
    multiExposedUnits: span === null ? 0 : await countMultiExposed(tx, change, phases, span.to),
    exposedUnits: span === null ? 0 : await countExposed(tx, change, span),
    events: await tx.events.counts(changeId),
    heartbeatHours: span === null ? [] : await tx.events.heartbeatHours(repository, span.from, span.to),
    interventions: await tx.interventions.listOf(changeId),
    alarms: watch?.alarms ?? [],
    splitAlarmAt: watch?.splitAlarmAt ?? null,
    headHashes: JSON.parse(
      (await tx.settings.get(headKey(changeId))) ?? '{"contract":null,"kpis":null}',
    ) as VerdictEvidence['headHashes'],
    treatmentHashNow: facts.treatmentHashNow,
    treatmentChangedAt: flag?.treatmentChangedAt ?? null,
    personTurnedOffAt: flag?.personTurnedOffAt ?? null,
    personOverruledAt: flag?.personRaisedAt ?? null,
    supersededBy: await tx.settings.get(supersededKey(changeId)),
    dataQualityRaisedBeforeAlarm: JSON.parse((await tx.settings.get(qualityAtAlarmKey(changeId))) ?? '[]') as string[],
    pausedMinutes: facts.pausedMinutes,
    ledgerVerified: facts.ledgerVerified,
    ledgerHead: await tx.ledger.head(),
  };
}

export const headKey = (changeId: string) => `head-hashes:${changeId}`;
export const supersededKey = (changeId: string) => `superseded-by:${changeId}`;
export const qualityAtAlarmKey = (changeId: string) => `quality-at-alarm:${changeId}`;

/** Names of the data-quality checks that fail on what is known now: recorded with a decision, so that an alarm on bad data is seen as one. */
export async function assessQualitySoFar(
  gate: Pick<Gate, 'business'>,
  tx: StoreTransaction,
  change: Change,
): Promise<readonly string[]> {
  const evidence = await collectEvidence(gate, tx, change, {
    cause: 'stopped_early',
    until: minuteOf(gate.business.now()),
    treatmentHashNow: null,
    ledgerVerified: true,
    pausedMinutes: 0,
  });
  return checkDataQuality(evidence)
    .filter(({ status }) => status === 'failed')
    .map(({ check }) => check);
}

interface Span {
  readonly from: EpochMinute;
  readonly to: EpochMinute;
}

/** The part of a phase before `until`; empty when it starts later. */
function spanOf(phase: Phase, until: EpochMinute): Span {
  return { from: Math.min(phase.startMinute, until), to: Math.min(phase.endMinute ?? until, until) };
}

async function collectMetrics(
  tx: StoreTransaction,
  change: Change,
  phases: readonly Phase[],
  window: (Span & { readonly isEarly: boolean }) | null,
  now: number,
): Promise<readonly MetricEvidence[]> {
  const histories = await loadFrozenHistories(tx, change.changeId);
  const watch = await tx.watch.state(change.changeId);
  const signalChanges = await tx.watch.signalChanges(change.changeId);
  const metrics: MetricEvidence[] = [];
  for (const metric of [...watchedMetricsOf(change), ...comparisonMetricsOf(change)]) {
    const { kpi } = metric;
    const monitor = watch?.monitors.find(({ kpiId }) => kpiId === kpi.id);
    const history = histories.find(({ kpiId }) => kpiId === kpi.id) ?? { kpiId: kpi.id, weeks: [], hourOfWeek: [] };
    const own = signalChanges.filter(({ kpiId }) => kpiId === kpi.id);
    const span = window && matureSpan(window, kpi);
    const logW = monitor ? monitorLogWealth(monitor.cumulative) : 0;
    metrics.push(
      span === null
        ? emptyMetric(kpi.id, history)
        : {
            kpiId: kpi.id,
            strata: await collectStrata(tx, change, kpi.id, phases, span.to),
            history,
            ...(await collectMeasureEvidence(tx, change, kpi, phases, span.to)),
            ...(await collectCohortEvidence(tx, change, metric, phases, span.to)),
            activeHours: await tx.events.activeHours(change.changeId, kpi.id, span.from, span.to),
            ...(await collectLateness(tx, change, kpi.id, phases, Math.min(span.to, monitor?.nextMinute ?? span.from))),
            nonAnswerMinutes: nonAnswerMinutes(own, Math.min(now, startOfMinute(span.to))),
            ...(await sourceEvidence(tx, change, kpi.id, span)),
            logWealth: logW,
            ...(monitor?.silentTrials === undefined ? {} : { silentTrials: monitor.silentTrials }),
            novelty: {
              firstDays: await tx.events.total(
                change.changeId,
                kpi.id,
                span.from,
                Math.min(span.to, span.from + 2 * DAY_MINUTES),
              ),
              lastDays: await tx.events.total(
                change.changeId,
                kpi.id,
                Math.max(span.from, span.to - 3 * DAY_MINUTES),
                span.to,
              ),
            },
            ...(isBeforeAfter(change.contract) && (await collectOwnEvidence(tx, change, kpi, history, span))),
          },
    );
  }
  return metrics;
}

/**
 * The part of the window whose outcomes have come in: all of it once it is complete. A change that was stopped early is
 * judged on the trials that were mature at the stop; the younger ones would count as failures that they are not.
 */
function matureSpan({ from, to, isEarly }: Span & { readonly isEarly: boolean }, { measure }: Kpi): Span {
  return { from, to: isEarly ? Math.max(from, to - measure.withinMinutes - WATERMARK_MINUTES) : to };
}

function emptyMetric(kpiId: string, history: KpiHistory): MetricEvidence {
  const nothing: TallyByVariant = { off: NO_TALLY, on: NO_TALLY };
  return {
    kpiId,
    strata: [],
    history,
    activeHours: [],
    late: { off: 0, on: 0 },
    consumed: nothing,
    nonAnswerMinutes: {},
    logWealth: 0,
  };
}

async function collectStrata(
  tx: StoreTransaction,
  change: Change,
  kpiId: string,
  phases: readonly Phase[],
  until: EpochMinute,
) {
  const strata = [];
  for (const phase of phases) {
    const { from, to } = spanOf(phase, until);
    if (to <= from) continue;
    strata.push({
      phaseIndex: phase.index,
      minutes: to - from,
      ...(await tx.events.total(change.changeId, kpiId, from, to)),
    });
  }
  return strata;
}

/** Trials in minutes that looks had consumed before they arrived: the roll-up now, less what was consumed. */
async function collectLateness(
  tx: StoreTransaction,
  change: Change,
  kpiId: string,
  phases: readonly Phase[],
  consumedUntil: EpochMinute,
) {
  const consumed = await tx.watch.consumedTotal(change.changeId, kpiId);
  let now: TallyByVariant = { off: NO_TALLY, on: NO_TALLY };
  for (const { off, on } of await collectStrata(tx, change, kpiId, phases, consumedUntil)) {
    now = { off: addTallies(now.off, off), on: addTallies(now.on, on) };
  }
  return {
    consumed,
    late: { off: Math.max(0, now.off.n - consumed.off.n), on: Math.max(0, now.on.n - consumed.on.n) },
  };
}

async function collectExposures(tx: StoreTransaction, change: Change, phases: readonly Phase[], until: EpochMinute) {
  const exposures = [];
  for (const phase of phases) {
    const { from, to } = spanOf(phase, until);
    if (to > from) exposures.push({ phaseIndex: phase.index, ...(await exposedUnits(tx, change, from, to)) });
  }
  return exposures;
}

async function countMultiExposed(
  tx: StoreTransaction,
  change: Change,
  phases: readonly Phase[],
  until: EpochMinute,
): Promise<number> {
  let units = 0;
  for (const phase of phases) {
    const { from, to } = spanOf(phase, until);
    if (to > from) units += await tx.events.multiExposedUnits(change.changeId, from, to);
  }
  return units;
}

async function countExposed(tx: StoreTransaction, change: Change, span: Span): Promise<number> {
  const { off, on } = await exposedUnits(tx, change, span.from, span.to);
  return off + on;
}
