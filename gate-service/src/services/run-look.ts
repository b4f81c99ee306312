import { isBeforeAfter } from '../domain/decision/before-after-design.ts';
import {
  consumableUntil,
  evaluateLook,
  type Look,
  type MetricLookInput,
  WATERMARK_MINUTES,
} from '../domain/decision/run-look.ts';
import { type Change, judgeDueAt, type Phase, WATCHED_STATES } from '../domain/model/change.ts';
import type { WatchState } from '../domain/model/look.ts';
import { watchedMetricsOf } from '../domain/model/metric.ts';
import type { InterventionPlan, PlannedStep } from '../domain/model/plan.ts';
import {
  type EpochMinute,
  type EpochMs,
  HOUR_MINUTES,
  minuteOf,
  startOfMinute,
  WEEK_MINUTES,
} from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { assessQualitySoFar, qualityAtAlarmKey } from './collect-evidence.ts';
import { exposedUnits } from './exposed-units.ts';
import { readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { answerInTime } from './late-answers.ts';
import { loadFrozenHistories } from './load-histories.ts';
import { readPause } from './pause-watch.ts';
import { pullHistory } from './pull-history.ts';
import { keepPulled, pullForLook, sourceStatusOf } from './pull-sources.ts';
import { reconcileActivation } from './reconcile-activation.ts';
import { record } from './record.ts';
import { settleActivationEffective, settleActivationPublished } from './settle-activation.ts';
import { settleEffective } from './settle-intervention.ts';
import { pullForStart, startWindowIfExposed } from './start-window.ts';
import { isFlagReadDue, takeFlagReading } from './watch-flag.ts';

/**
 * One look at one change: reads the flag unless that takes too long, starts the window when the first exposure is known, consumes what
 * has matured, decides, and records all of it in one transaction. A look that is repeated changes nothing.
 * @returns when the next look is due (business time); null when the change needs none
 */
export async function runLook(gate: Gate, { changeId }: { changeId: string }): Promise<EpochMs | null> {
  const change = await gate.store.transaction((tx) => tx.changes.find(changeId));
  if (!change) return null;
  if (change.state === 'stamped') return reconcileActivation(gate, change);
  const next = startOfMinute(minuteOf(gate.business.now()) + gate.options.lookEveryMinutes);
  if (!isWatched(change))
    return gate.store.transaction(async (tx) => ((await settlesStill(gate, tx, change)) ? next : null));
  const readDue = await gate.store.transaction((tx) => isFlagReadDue(gate, tx, changeId));
  const [read] = await Promise.all([
    readDue ? answerInTime(gate, `read:${changeId}`, () => gate.flags.read(change.flag)) : null,
    answerInTime(gate, `published:${changeId}`, () => settleActivationPublished(gate, change)),
  ]);
  const start = await pullForStart(gate, change);
  if (isBeforeAfter(change.contract)) await pullHistory(gate, change.repository, change.kpis);
  const pulled = await pullForLook(gate, change);
  await gate.store.transaction(async (tx) => {
    if (read?.ok) await takeFlagReading(gate, tx, change, read.value);
    else if (read) gate.log.warn({ change_id: changeId, failure: read.failure }, 'the flag could not be read');
    const started = await startWindowIfExposed(gate, tx, (await tx.changes.find(changeId))!, start);
    if (started?.effectiveAt == null || !isWatched(started)) return;
    await keepPulled(gate, tx, started, pulled);
    await settleEffective(gate, tx, started);
    await settleActivationEffective(gate, tx, started);
    await look(gate, tx, { ...started, effectiveAt: started.effectiveAt });
  });
  return next;
}

function isWatched(change: Change): boolean {
  return (WATCHED_STATES as readonly string[]).includes(change.state);
}

/** After an early verdict the looks go on only until it is known whether the act took effect, or the window is over. */
async function settlesStill(gate: Gate, tx: StoreTransaction, change: Change): Promise<boolean> {
  await settleEffective(gate, tx, change);
  const dueAt = judgeDueAt(change);
  if (dueAt === null || gate.business.now() >= startOfMinute(dueAt)) return false;
  const acts = await tx.interventions.listOf(change.changeId);
  return acts.some(({ acceptedAt, effectiveAt }) => acceptedAt !== null && effectiveAt === null);
}

/** History that the watch of a change without a control group is made from. */
const OWN_MINUTES = 12 * WEEK_MINUTES;

type Started = Change & { readonly effectiveAt: number };

async function look(gate: Gate, tx: StoreTransaction, change: Started): Promise<void> {
  const { changeId } = change;
  const watch = await tx.watch.state(changeId);
  if (!watch) return;
  const phases = await tx.changes.phases(changeId);
  // Read once: what is consumed must be what was asked for, also when a minute ends meanwhile.
  const now = gate.business.now();
  const result = evaluateLook({
    change,
    phases,
    watch,
    metrics: await askSources(tx, change, watch, now),
    ...(watch.splitAlarmAt == null && { exposures: await readExposures(tx, change, phases, now) }),
    interventions: await tx.interventions.listOf(changeId),
    personRaisedAt: (await readFlagFacts(tx, changeId))?.personRaisedAt ?? null,
    paused: (await readPause(tx)) !== null,
    graceMinutes: gate.options.blindGraceMinutes,
    now,
  });
  await tx.watch.putState(changeId, result.watch);
  await tx.watch.putLooks(changeId, result.looks);
  for (const { kpiId, minutes } of result.consumed)
    if (minutes.length > 0) await tx.watch.appendConsumed(changeId, kpiId, minutes);
  await tellAlerts(gate, tx, change, result);
  await takePlan(gate, tx, change, result.plan);
}

/** What is known of each metric: the minutes since the last look, and when anything was last seen. */
async function askSources(
  tx: StoreTransaction,
  change: Started,
  watch: WatchState,
  now: EpochMs,
): Promise<readonly MetricLookInput[]> {
  const histories = await loadFrozenHistories(tx, change.changeId);
  const inputs: MetricLookInput[] = [];
  for (const { kpi } of watchedMetricsOf(change)) {
    const end = consumableUntil(change, { kpi }, now);
    const from = watch.monitors.find(({ kpiId }) => kpiId === kpi.id)?.nextMinute ?? change.effectiveAt;
    inputs.push({
      kpiId: kpi.id,
      minutes: from < end ? await tx.events.tallies(change.changeId, kpi.id, from, end) : [],
      ...((await sourceStatusOf(tx, change, kpi.id, from)) ?? {
        source: { status: 'ok' },
        lastSeen: await tx.events.lastSeen(change.repository, kpi.id, change.changeId),
      }),
      history: histories.find(({ kpiId }) => kpiId === kpi.id) ?? { kpiId: kpi.id, weeks: [], hourOfWeek: [] },
      ...(isHourComplete(change, from, end) && {
        ownHours: await tx.events.history(change.repository, kpi.id, change.effectiveAt - OWN_MINUTES, end),
      }),
    });
  }
  return inputs;
}

/** A comparison with the weeks before is made anew for each hour, on all of them (docs/statistics.md L10). */
function isHourComplete({ contract }: Started, from: EpochMinute, end: EpochMinute): boolean {
  return isBeforeAfter(contract) && Math.floor(end / HOUR_MINUTES) > Math.floor(from / HOUR_MINUTES);
}

/** Units by first exposure in each phase, up to the minutes that late arrivals may still change. */
async function readExposures(tx: StoreTransaction, change: Started, phases: readonly Phase[], now: EpochMs) {
  const until = Math.min(minuteOf(now) - WATERMARK_MINUTES, change.effectiveAt + change.contract.windowMinutes);
  const exposures = [];
  for (const { index, startMinute, endMinute } of phases) {
    const to = Math.min(endMinute ?? until, until);
    if (to > startMinute) exposures.push({ phaseIndex: index, ...(await exposedUnits(tx, change, startMinute, to)) });
  }
  return exposures;
}

/** Each alert is recorded once; a blindness that began anew is another alert. */
async function tellAlerts(gate: Gate, tx: StoreTransaction, change: Change, { alerts }: Look): Promise<void> {
  if (alerts.length === 0) return;
  const key = `alerts:${change.changeId}`;
  const told = new Set(JSON.parse((await tx.settings.get(key)) ?? '[]') as string[]);
  for (const alert of alerts) {
    const id = `${alert.kind}:${alert.kpiId}:${alert.since}`;
    if (told.has(id)) continue;
    told.add(id);
    gate.log.warn({ change_id: change.changeId, ...alert }, 'alert');
    await record(gate, tx, change, 'alert.raised', {
      alert: alert.kind,
      kpiId: alert.kpiId,
      since: alert.since,
      detail: alert.detail,
    });
  }
  await tx.settings.put(key, JSON.stringify([...told]));
}

async function takePlan(gate: Gate, tx: StoreTransaction, change: Started, plan: InterventionPlan): Promise<void> {
  switch (plan.kind) {
    case 'none':
      return;
    case 'observe':
      await record(gate, tx, change, 'decision.observed', {
        would: plan.would.kind,
        targetShare: plan.would.targetShare,
        reason: plan.would.reason,
      });
      return;
    case 'propose_restore':
      await record(gate, tx, change, 'alert.raised', { alert: 'restore_proposed', detail: plan.detail });
      return;
    case 'throttle':
    case 'turn_off':
      await decide(gate, tx, change, plan);
      return;
    default:
      plan satisfies never;
  }
}

/** The decision, its ledger entry and its place in the outbox, in the look's own transaction. */
async function decide(gate: Gate, tx: StoreTransaction, change: Started, step: PlannedStep): Promise<void> {
  const { changeId } = change;
  const epoch = await tx.interventions.nextEpoch(changeId, step.kind);
  const interventionId = `${changeId}:${step.kind}:${epoch}`;
  const decidedAt = gate.business.now();
  const inserted = await tx.interventions.insert(
    {
      interventionId,
      changeId,
      kind: step.kind,
      epoch,
      targetShare: step.targetShare,
      reason: step.reason,
      decidedAt,
      intentAt: null,
      outcome: 'pending',
      acceptedAt: null,
      publishedAt: null,
      effectiveAt: null,
      notEffectiveAt: null,
    },
    gate.real.now(),
  );
  if (!inserted) return;
  const dataQuality = await assessQualitySoFar(gate, tx, change);
  await tx.settings.put(qualityAtAlarmKey(changeId), JSON.stringify(dataQuality));
  await record(gate, tx, change, 'decision.made', {
    interventionId,
    kind: step.kind,
    targetShare: step.targetShare,
    reason: step.reason,
    alarm: step.alarm,
    dataQuality,
  });
}
