import { GateError } from '../contract/gate-error.ts';
import { planFlagCalls } from '../domain/decision/plan-flag-calls.ts';
import type { Change } from '../domain/model/change.ts';
import type { Intervention, InterventionOutcome } from '../domain/model/intervention.ts';
import type { LedgerType } from '../domain/model/ledger-entry.ts';
import { minuteOf } from '../domain/model/time.ts';
import type { FlagFailure, FlagReading } from '../ports/flag-control.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { putFlagFacts, readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { closeOpenPhase, reopenPhase } from './phases.ts';
import { record } from './record.ts';

export type ClaimedIntervention = Intervention & { readonly fence: number; readonly memo: string | null };

/** What is remembered between two attempts at one intervention. */
interface Memo {
  readonly attempts: number;
  /** Newest flag event and share when the intent was committed; null before. */
  readonly intent: { readonly lastEventId: number; readonly share: number } | null;
  /** Since when the flag cannot be read or written (real time), and whether that was said. */
  readonly unreadableSince: number | null;
  readonly alerted: boolean;
}

const FRESH_MEMO: Memo = { attempts: 0, intent: null, unreadableSince: null, alerted: false };
/** People are told when the flag service has not answered for this long (RELIABILITY.md section 2). */
const UNREADABLE_ALERT_MS = 60_000;
const MAX_BACKOFF_MS = 30_000;
/** Readings and writes in one attempt: a person editing at the same time may fail the precondition a few times. */
const MAX_ROUNDS = 4;

type Present = Extract<FlagReading, { kind: 'present' }>;
type Step =
  | { readonly end: InterventionOutcome; readonly detail: string; readonly reading?: Present }
  | { readonly retry: string; readonly memo: Memo };

/**
 * Carries one decided intervention out by the action protocol: claim, read, intent, guard, act, settle by
 * reading. The intent is committed before the flag is touched and the outcome is decided from what is read
 * afterwards, so a crash at any point leaves either nothing done or something that reading finds again. A
 * person's edit in between, seen by its event id, wins.
 */
export async function applyIntervention(gate: Gate, claimed: ClaimedIntervention): Promise<void> {
  const change = await gate.store.transaction((tx) => tx.changes.find(claimed.changeId));
  if (!change)
    throw new GateError(
      'internal',
      `Intervention ${claimed.interventionId} has no change.`,
      'Run changegate verify on an export.',
    );
  const memo: Memo = claimed.memo === null ? FRESH_MEMO : (JSON.parse(claimed.memo) as Memo);
  const step = await attempt(gate, change, claimed, memo);
  if ('retry' in step) await putOff(gate, change, claimed, step);
  else await finish(gate, change, claimed, step);
}

async function attempt(gate: Gate, change: Change, claimed: ClaimedIntervention, start: Memo): Promise<Step> {
  let memo = start;
  // After an earlier attempt, or a call whose effect is unknown, the flag may have been touched already.
  let touched = start.intent !== null;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const read = await gate.flags.read(change.flag);
    if (!read.ok) return fromFailure(read.failure, memo);
    const reading = read.value;
    if (reading.kind === 'missing') return { end: 'blocked:not_found', detail: 'the flag does not exist' };
    if (reading.kind === 'archived') return { end: 'already_safe:archived', detail: 'the flag is archived' };
    if (change.flagCreatedAt !== null && reading.createdAt !== change.flagCreatedAt) {
      return { end: 'superseded', detail: 'the flag was deleted and created again', reading };
    }
    const safe = reading.share <= claimed.targetShare + 1e-9;
    if (safe) {
      return memo.intent === null
        ? { end: 'already_safe', detail: 'the flag was at or below the target already', reading }
        : { end: 'accepted', detail: 'the flag reads back at or below the target', reading };
    }
    if (
      memo.intent !== null &&
      reading.lastEventId > memo.intent.lastEventId &&
      (touched || reading.share > memo.intent.share)
    ) {
      return { end: 'superseded', detail: `the flag was edited by ${reading.lastEventBy} after the intent`, reading };
    }
    memo = await commitIntent(gate, change, claimed, memo, reading);
    const written = await write(gate, change, claimed, reading);
    if (written !== null && isFinal(written)) return fromFailure(written, memo);
    if (written?.kind !== 'precondition_failed') touched = true;
  }
  return { retry: 'the flag does not read back as it was set', memo };
}

/** The write-ahead: what is about to be done and what was seen, committed before the flag is touched. */
async function commitIntent(
  gate: Gate,
  change: Change,
  claimed: ClaimedIntervention,
  memo: Memo,
  reading: Present,
): Promise<Memo> {
  const intent = { lastEventId: reading.lastEventId, share: reading.share };
  if (memo.intent !== null && memo.intent.lastEventId === intent.lastEventId && memo.intent.share === intent.share)
    return memo;
  const next: Memo = { ...memo, intent };
  const now = gate.business.now();
  await gate.store.transaction(async (tx) => {
    const due = gate.real.now();
    const saved = await tx.interventions.save(
      claimed.interventionId,
      claimed.fence,
      { intentAt: claimed.intentAt ?? now },
      { dueAt: due, memo: JSON.stringify(next) },
    );
    if (!saved)
      throw new GateError(
        'conflict',
        `Another process holds ${claimed.interventionId}.`,
        'Nothing to do: that process goes on.',
      );
    await closeOpenPhase(tx, change.changeId, minuteOf(now));
    await record(gate, tx, change, 'action.intent', {
      interventionId: claimed.interventionId,
      kind: claimed.kind,
      targetShare: claimed.targetShare,
      observedShare: reading.share,
      treatmentHash: reading.treatmentHash,
      eventId: reading.lastEventId,
      fence: claimed.fence,
    });
  });
  return next;
}

/** Calls the flag service as the pure plan says; null when every call was answered well. Never repeats a call. */
async function write(
  gate: Gate,
  change: Change,
  claimed: ClaimedIntervention,
  reading: Present,
): Promise<FlagFailure | null> {
  for (const call of planFlagCalls(claimed.kind, claimed.targetShare, reading)) {
    const result =
      call.kind === 'turn_off'
        ? await gate.flags.turnOff(change.flag)
        : await gate.flags.lowerRollout(change.flag, call.strategyId, call.from, call.to);
    if (!result.ok) return result.failure;
  }
  return null;
}

/** Failures that no further reading can settle; all others are decided by the next reading. */
function isFinal(failure: FlagFailure): boolean {
  return (
    failure.kind === 'unauthorised' ||
    failure.kind === 'forbidden' ||
    failure.kind === 'change_request' ||
    failure.kind === 'not_found'
  );
}

function fromFailure(failure: FlagFailure, memo: Memo): Step {
  switch (failure.kind) {
    case 'unauthorised':
    case 'forbidden':
    case 'change_request':
    case 'not_found':
      return { end: `blocked:${failure.kind}`, detail: failure.detail };
    case 'precondition_failed':
    case 'unreadable':
    case 'deadline':
      return { retry: `${failure.kind}: ${failure.detail}`, memo };
  }
}

async function putOff(
  gate: Gate,
  change: Change,
  claimed: ClaimedIntervention,
  step: { retry: string; memo: Memo },
): Promise<void> {
  const now = gate.real.now();
  const since = step.memo.unreadableSince ?? now;
  const alert = !step.memo.alerted && now - since >= UNREADABLE_ALERT_MS;
  const memo: Memo = {
    ...step.memo,
    attempts: step.memo.attempts + 1,
    unreadableSince: since,
    alerted: step.memo.alerted || alert,
  };
  const ceiling = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** step.memo.attempts);
  // Full jitter: half the ceiling on average, from the random port.
  const dueAt = now + Math.ceil((ceiling * (gate.random.bytes(1)[0]! + 1)) / 256);
  gate.log.warn(
    { change_id: change.changeId, intervention_id: claimed.interventionId, reason: step.retry },
    'intervention put off',
  );
  await gate.store.transaction(async (tx) => {
    if (
      !(await tx.interventions.save(claimed.interventionId, claimed.fence, {}, { dueAt, memo: JSON.stringify(memo) }))
    )
      return;
    if (alert) {
      await record(gate, tx, change, 'alert.raised', {
        alert: 'flag_service_unreachable',
        interventionId: claimed.interventionId,
        detail: step.retry,
      });
    }
  });
}

const LEDGER_TYPE_OF: Readonly<Record<string, LedgerType>> = {
  accepted: 'action.accepted',
  already_safe: 'action.already_safe',
  'already_safe:archived': 'action.already_safe',
  superseded: 'action.superseded',
  'failed:deadline': 'action.failed',
};

async function finish(
  gate: Gate,
  change: Change,
  claimed: ClaimedIntervention,
  step: Extract<Step, { end: unknown }>,
): Promise<void> {
  const now = gate.business.now();
  const safe = step.end === 'accepted' || step.end.startsWith('already_safe');
  await gate.store.transaction(async (tx) => {
    const saved = await tx.interventions.save(
      claimed.interventionId,
      claimed.fence,
      { outcome: step.end, acceptedAt: safe ? now : null },
      { dueAt: safe ? gate.real.now() : null, memo: null },
    );
    if (!saved) return;
    await record(gate, tx, change, LEDGER_TYPE_OF[step.end] ?? 'action.blocked', {
      interventionId: claimed.interventionId,
      outcome: step.end,
      detail: step.detail,
      eventId: step.reading?.lastEventId ?? null,
      share: step.reading?.share ?? null,
    });
    if (safe) {
      await noteReading(tx, change, step.reading ?? null, now);
      await enterState(gate, tx, change, claimed);
      return;
    }
    // The allocation is what it was, or what a person made it: the next look reads it and goes on from there.
    await reopenPhase(tx, change.changeId);
    if (step.end.startsWith('blocked')) {
      await record(gate, tx, change, 'alert.raised', {
        alert: 'intervention_blocked',
        interventionId: claimed.interventionId,
        detail: step.detail,
      });
    }
  });
  gate.log.info(
    { change_id: change.changeId, intervention_id: claimed.interventionId, outcome: step.end },
    'intervention settled',
  );
}

/** Remembers our own edit, so that the next look does not take it for a person's. */
async function noteReading(tx: StoreTransaction, change: Change, reading: Present | null, now: number): Promise<void> {
  const facts = await readFlagFacts(tx, change.changeId);
  if (facts === null) return;
  const { lastEventId, share, treatmentHash } = reading ?? { ...facts, share: 0 };
  await putFlagFacts(tx, change.changeId, { ...facts, lastEventId, share, treatmentHash, readAt: now });
}

/** A change that was turned off is judged at once; a throttled one goes on being watched. */
async function enterState(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  claimed: ClaimedIntervention,
): Promise<void> {
  if (claimed.kind === 'turn_off') {
    await tx.changes.update(change.changeId, { state: 'off' });
    await tx.schedule.put({ kind: 'judge', changeId: change.changeId, dueAt: gate.business.now() });
  } else if (change.state === 'watching') {
    await tx.changes.update(change.changeId, { state: 'throttled' });
  }
}
