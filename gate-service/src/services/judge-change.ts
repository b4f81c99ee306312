import { createHash } from 'node:crypto';
import { toWire } from '../contract/wire-case.ts';
import { isBeforeAfter } from '../domain/decision/before-after-design.ts';
import { windowCheck } from '../domain/decision/data-quality.ts';
import { judgeChange as judge } from '../domain/decision/judge-change.ts';
import { canonicalJson } from '../domain/model/canonical-json.ts';
import { type Change, judgeDueAt, longestWithin, SETTLE_MINUTES, WATCHED_STATES } from '../domain/model/change.ts';
import { type EpochMinute, type EpochMs, MINUTE_MS, minuteOf, startOfMinute } from '../domain/model/time.ts';
import type { VerdictEvidence } from '../domain/model/verdict.ts';
import type { FlagReading, FlagResult } from '../ports/flag-control.ts';
import type { StoredVerdict, StoreTransaction } from '../ports/store.ts';
import { checkLedger, isRestVerified, pausedMinutes } from './check-ledger.ts';
import { collectEvidence, supersededKey } from './collect-evidence.ts';
import { readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { pullHistory } from './pull-history.ts';
import type { PulledParts } from './pull-sources.ts';
import { keepWindow, pullWindow } from './pull-window.ts';
import { record } from './record.ts';
import { runLook } from './run-look.ts';
import { recordPrediction } from './score-prediction.ts';
import { isAfterWindow } from './watch-flag.ts';

/** An act on the flag that takes longer than this is not waited for: the verdict says that it was not executed. */
const ACT_PATIENCE_MINUTES = 10;

/** The verdict in force and whether it is a new revision, or when one may be made at the earliest (business time). */
export type Judgement = { readonly stored: StoredVerdict; readonly isNew: boolean } | { readonly dueAt: EpochMs };

/**
 * Judges a change when it is due, or at once after it was turned off, stopped or superseded. The input is
 * frozen in the evidence; judging again only revises when the sufficient statistics or the rule changed.
 * @returns when the verdict is due (business time), null when it has been made
 */
export async function judgeChange(gate: Gate, changeId: string): Promise<EpochMs | null> {
  const judgement = await judgeIfDue(gate, changeId);
  return judgement !== null && 'dueAt' in judgement ? judgement.dueAt : null;
}

/**
 * A verdict is made after one more look: looks may have been missed, and the window may not even have started
 * although its events are there.
 * @returns null for a change that is not there or was never activated
 */
export async function judgeIfDue(gate: Gate, changeId: string): Promise<Judgement | null> {
  const before = await gate.store.transaction((tx) => tx.changes.find(changeId));
  if (!before || before.activatedAt === null) return null;
  if (dueOf(before) > gate.business.now()) return { dueAt: dueOf(before) };
  await runLook(gate, { changeId });
  const { change, open } = await gate.store.transaction(async (tx) => {
    const now = (await tx.changes.find(changeId))!;
    return { change: now, open: await isOpen(gate, tx, now) };
  });
  if (dueOf(change) > gate.business.now()) return { dueAt: dueOf(change) };
  if (open) return { dueAt: startOfMinute(minuteOf(gate.business.now()) + 1) };
  if (isBeforeAfter(change.contract)) await pullHistory(gate, change.repository, change.kpis);
  const pulled = await pullWindow(gate, change);
  if (pulled === null) return { dueAt: startOfMinute(minuteOf(gate.business.now()) + 1) };
  return makeVerdict(gate, change, pulled);
}

/** Whether the last look left something that is known in a moment: a first exposure too fresh to count, an act under way. */
async function isOpen(gate: Gate, tx: StoreTransaction, change: Change): Promise<boolean> {
  const watched = (WATCHED_STATES as readonly string[]).includes(change.state);
  if (watched && change.effectiveAt === null) {
    return (await tx.events.firstTreatmentMinute(change.changeId, change.activatedAt!)) !== null;
  }
  const patience = gate.business.now() - ACT_PATIENCE_MINUTES * MINUTE_MS;
  const acts = await tx.interventions.listOf(change.changeId);
  return acts.some(({ outcome, decidedAt }) => outcome === 'pending' && decidedAt > patience);
}

/** When the verdict may be made: never early, unless the change has ended early. */
export function dueOf(change: Change): EpochMs {
  if (change.state === 'off' || change.state === 'superseded') return 0;
  const minute = judgeDueAt(change);
  if (minute !== null) return startOfMinute(minute);
  if (change.activatedAt === null) return Number.POSITIVE_INFINITY;
  const unstarted = minuteOf(change.activatedAt) + change.contract.windowMinutes + longestWithin(change);
  return startOfMinute(unstarted + SETTLE_MINUTES);
}

/**
 * Collects the evidence and judges it. The first verdict is always recorded; a later one only when the
 * evidence differs in what decides.
 * @returns the verdict in force, and whether it is a new revision
 */
async function makeVerdict(
  gate: Gate,
  { changeId, flag }: Change,
  pulled: PulledParts,
): Promise<{ stored: StoredVerdict; isNew: boolean }> {
  const read = await gate.flags.read(flag);
  const verified = await checkLedger(gate);
  return gate.store.transaction(async (tx) => {
    // Read again: people and looks went on while the flag was read.
    const change = (await tx.changes.find(changeId))!;
    await keepWindow(gate, tx, change, pulled);
    const earlier = (await tx.verdicts.list(changeId)).at(-1);
    const cause =
      earlier?.evidence.cause ??
      (change.state === 'off' || change.state === 'superseded' ? 'stopped_early' : 'window_complete');
    const evidence = await collectEvidence(gate, tx, change, {
      cause,
      until: earlier?.evidence.until ?? (await untilOf(gate, tx, change, cause)),
      treatmentHashNow: earlier ? earlier.evidence.treatmentHashNow : await treatmentHashOf(tx, change, read),
      ledgerVerified: verified && (await isRestVerified(tx)),
      pausedMinutes: await pausedMinutes(tx, change, gate.business.now()),
    });
    if (earlier && decidingPart(earlier.evidence) === decidingPart(evidence)) return { stored: earlier, isNew: false };
    return { stored: await storeVerdict(gate, tx, change, evidence, (earlier?.revision ?? 0) + 1), isNew: true };
  });
}

/** A stop cuts the window at its own minute, whenever the verdict on it is made: asked again, the counts are the same. */
async function untilOf(
  gate: Gate,
  tx: StoreTransaction,
  { changeId }: Change,
  cause: VerdictEvidence['cause'],
): Promise<EpochMinute> {
  if (cause === 'window_complete') return Number.POSITIVE_INFINITY;
  const offs = (await tx.interventions.listOf(changeId)).filter(({ kind }) => kind === 'turn_off');
  const successorId = await tx.settings.get(supersededKey(changeId));
  const successor = successorId === null ? null : await tx.changes.find(successorId);
  const stops = [
    ...offs.map(({ acceptedAt }) => acceptedAt),
    (await readFlagFacts(tx, changeId))?.personTurnedOffAt ?? null,
    successor?.activatedAt ?? null,
  ].filter((stop) => stop !== null);
  return minuteOf(Math.min(gate.business.now(), ...(stops.length === 0 ? [] : [Math.max(...stops)]))) + 1;
}

/** What the flag served: read now, unless the window was over at a reading before; people may clean up afterwards. */
async function treatmentHashOf(
  tx: StoreTransaction,
  change: Change,
  read: FlagResult<FlagReading>,
): Promise<string | null> {
  const facts = await readFlagFacts(tx, change.changeId);
  const isLate = facts !== null && isAfterWindow(change, facts.readAt);
  if (!isLate && read.ok && read.value.kind === 'present') return read.value.treatmentHash;
  return facts?.treatmentHash ?? null;
}

async function storeVerdict(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  evidence: VerdictEvidence,
  revision: number,
): Promise<StoredVerdict> {
  const verdict = judge(evidence);
  const evidenceHash = createHash('sha256')
    .update(canonicalJson(toWire(evidence)))
    .digest('hex');
  const type = revision === 1 ? 'verdict.made' : 'verdict.revised';
  const ledgerHead = await record(gate, tx, change, type, {
    revision,
    verdict: verdict.verdict,
    reasons: verdict.reasons,
    evidenceHash,
    ruleVersion: evidence.ruleVersion,
  });
  const stored: StoredVerdict = {
    changeId: change.changeId,
    revision,
    verdict,
    evidence,
    madeAt: evidence.judgedAt,
    ledgerHead,
  };
  await tx.verdicts.insert(stored);
  await recordPrediction(tx, change, stored);
  if (change.state !== 'decided')
    await tx.changes.update(change.changeId, { state: change.state === 'superseded' ? 'superseded' : 'judged' });
  gate.log.info(
    { change_id: change.changeId, revision, verdict: verdict.verdict, reasons: verdict.reasons },
    'verdict made',
  );
  return stored;
}

/** What makes a new revision: the sufficient statistics, whether they are complete, and whether the rule is still the one stamped. */
function decidingPart(evidence: VerdictEvidence): string {
  const { metrics, exposures, multiExposedUnits, headHashes, change } = evidence;
  const moved =
    (headHashes.contract !== null && headHashes.contract !== change.contractHash) ||
    (headHashes.kpis !== null && headHashes.kpis !== change.kpisHash);
  return canonicalJson({
    complete: windowCheck(evidence).status,
    strata: metrics.map(({ kpiId, strata }) => ({
      kpiId,
      strata: strata.map(({ phaseIndex, off, on }) => ({ phaseIndex, off, on })),
    })),
    exposures,
    multiExposedUnits,
    moved,
  });
}
