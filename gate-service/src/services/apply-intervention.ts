import { GateError } from '../contract/gate-error.ts';
import { type FlagCall, planFlagCalls } from '../domain/decision/plan-flag-calls.ts';
import type { Change } from '../domain/model/change.ts';
import type { Intervention } from '../domain/model/intervention.ts';
import { minuteOf } from '../domain/model/time.ts';
import type { FlagFailure, FlagReading, FlagResult } from '../ports/flag-control.ts';
import type { StoreTransaction } from '../ports/store.ts';
import {
  type Intent,
  intentOf,
  isOverruled,
  isSafe,
  isSameCall,
  isSameIntent,
  type PresentFlag,
} from './assess-reading.ts';
import { type End, finishIntervention } from './finish-intervention.ts';
import { type FlagFacts, readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { readPause } from './pause-watch.ts';
import { closeOpenPhase } from './phases.ts';
import { record } from './record.ts';

export type ClaimedIntervention = Intervention & { readonly fence: number; readonly memo: string | null };

/** What is remembered between two attempts at one intervention. */
interface Memo {
  readonly attempts: number;
  /** The last intent that was committed; null before. */
  readonly intent: Intent | null;
  /** Since when the flag cannot be read or written (real time), and whether that was said. */
  readonly unreadableSince: number | null;
  readonly alerted: boolean;
}

type Step = End | { readonly retry: string; readonly memo: Memo; readonly unreadable: boolean };

const SLACK = 1e-9;
const FRESH_MEMO: Memo = { attempts: 0, intent: null, unreadableSince: null, alerted: false };
/** A claim, renewed before each call: longer than two calls of 8 s each, and short enough to settle soon after a crash. */
export const INTERVENTION_LEASE_MS = 30_000;
/** No call is made later than this after the claim was renewed: the process may have been paused, and lost it. */
const LONGEST_HOLD_MS = 15_000;
/** People are told when the flag service has not answered for this long (docs/reliability.md section 2). */
const UNREADABLE_ALERT_MS = 60_000;
const MAX_BACKOFF_MS = 30_000;
/** Calls in one attempt: one for each strategy, and a few that a person's edits at the same time make void. */
const MAX_ROUNDS = 8;

/**
 * Carries one decided intervention out by the action protocol: claim, read, intent, guard, act, settle by
 * reading; one call to an intent. The intent is committed before the flag is touched and the outcome is decided
 * from what is read afterwards, so a crash at any point leaves either nothing done or something that reading
 * finds again. A person's raise since the decision wins.
 */
export async function applyIntervention(gate: Gate, claimed: ClaimedIntervention): Promise<void> {
  const { change, facts, closed } = await gate.store.transaction(async (tx) => {
    const found = await tx.changes.find(claimed.changeId);
    return {
      change: found,
      facts: await readFlagFacts(tx, claimed.changeId),
      closed: found && (await closedBy(tx, found, claimed)),
    };
  });
  if (!change)
    throw new GateError(
      'internal',
      `Intervention ${claimed.interventionId} has no change.`,
      'Run changegate verify on an export.',
    );
  const memo: Memo = claimed.memo === null ? FRESH_MEMO : (JSON.parse(claimed.memo) as Memo);
  const step = await new Attempt({ gate, change, facts, closed, claimed }, memo).run();
  if ('end' in step) await finishIntervention(gate, change, claimed, step);
  else await putOff(gate, change, claimed, step);
}

interface AttemptParts {
  readonly gate: Gate;
  readonly change: Change;
  readonly facts: FlagFacts | null;
  readonly closed: string | null;
  readonly claimed: ClaimedIntervention;
}

/** One attempt; it ends at the first failure that only time or a person can mend. */
class Attempt {
  readonly #gate: Gate;
  readonly #change: Change;
  readonly #facts: FlagFacts | null;
  /** Why the flag is no longer ours to touch; null while it is. */
  readonly #closed: string | null;
  readonly #claimed: ClaimedIntervention;
  #memo: Memo;
  /** Whether the last intent's call, and any call at all, may have reached the flag service. After a crash nobody knows. */
  #called: boolean;
  #everCalled: boolean;

  constructor({ gate, change, facts, closed, claimed }: AttemptParts, memo: Memo) {
    this.#gate = gate;
    this.#closed = closed;
    this.#change = change;
    this.#facts = facts;
    this.#claimed = claimed;
    this.#memo = memo;
    this.#called = memo.intent !== null;
    this.#everCalled = this.#called;
  }

  async run(): Promise<Step> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const seen = await this.#read();
      if ('step' in seen) return seen.step;
      const call = this.#plan(seen.reading);
      if (call === undefined) break;
      const held = await this.#commitIntent(seen.reading, call);
      if ('step' in held) return held.step;
      const guard = await this.#read();
      if ('step' in guard) return guard.step;
      const now = this.#plan(guard.reading);
      if (!now || !isSameCall(now, call) || this.#gate.real.now() - held.at > LONGEST_HOLD_MS) continue;
      const failure = await this.#call(call);
      if (failure && isFinal(failure)) return this.#fromFailure(failure);
    }
    return this.#later('the flag does not read back as it was set', false);
  }

  #plan(reading: PresentFlag): FlagCall | undefined {
    return planFlagCalls(this.#claimed.kind, this.#claimed.targetShare, reading)[0];
  }

  /** Reads the flag, and decides from it whether there is anything left to do. */
  async #read(): Promise<{ step: Step } | { reading: PresentFlag }> {
    const read = await this.#gate.flags.read(this.#change.flag);
    if (!read.ok)
      return { step: this.#closed === null ? this.#fromFailure(read.failure) : end('superseded', this.#closed) };
    const step = this.#assess(read.value);
    return step ? { step } : { reading: read.value as PresentFlag };
  }

  #assess(reading: FlagReading): Step | null {
    const change = this.#change;
    if (reading.kind === 'missing') return end('blocked:not_found', 'the flag does not exist');
    if (reading.kind === 'archived') return end('already_safe:archived', 'the flag is archived');
    if (change.flagCreatedAt !== null && reading.createdAt !== change.flagCreatedAt) {
      return { ...end('superseded', 'the flag was deleted and created again', reading), overruled: true };
    }
    if (isSafe(reading, this.#claimed.targetShare)) {
      return this.#everCalled
        ? { ...end('accepted', 'the flag reads back at or below the target', reading), call: this.#memo.intent!.call }
        : end('already_safe', 'the flag was at or below the target already', reading);
    }
    if (this.#closed !== null) return end('superseded', this.#closed, reading);
    if (this.#isOverruled(reading)) {
      const detail = `${reading.lastEventBy || 'somebody'} decided otherwise after the decision`;
      return { ...end('superseded', detail, reading), overruled: true, mayHaveCalled: this.#everCalled };
    }
    return null;
  }

  /** What the gate knows of the flag includes the acts of its other interventions: only what came after counts. */
  #isOverruled(reading: PresentFlag): boolean {
    const facts = this.#facts;
    if (facts !== null) {
      if (facts.personRaisedAt !== null && facts.personRaisedAt >= this.#claimed.decidedAt) return true;
      if (reading.share > facts.share + SLACK) return true;
    }
    const { intent } = this.#memo;
    return intent !== null && isOverruled(reading, intent, this.#called, facts?.lastEventId ?? 0);
  }

  /** The write-ahead: what is about to be done and what was seen, committed before the flag is touched; renews the claim. */
  async #commitIntent(reading: PresentFlag, call: FlagCall): Promise<{ step: Step } | { at: number }> {
    const { store, business, real } = this.#gate;
    const intent = intentOf(reading, call);
    const old = this.#memo.intent;
    const isNew = old === null || !isSameIntent(old, intent);
    const memo: Memo = isNew ? { ...this.#memo, intent } : this.#memo;
    const now = business.now();
    const at = real.now();
    const stop = await store.transaction(async (tx) => {
      const change = await tx.changes.find(this.#claimed.changeId);
      if (!change || (await closedBy(tx, change, this.#claimed)) !== null)
        return this.#later('the change ended meanwhile', false);
      if ((await readPause(tx)) !== null) return this.#later('the watch is paused', false);
      await this.#hold(tx, memo, isNew ? { intentAt: this.#claimed.intentAt ?? now } : {}, at);
      if (isNew) {
        await closeOpenPhase(tx, change.changeId, minuteOf(now));
        await this.#recordIntent(tx, reading, call);
      }
      return null;
    });
    if (stop) return { step: stop };
    this.#memo = memo;
    if (isNew) this.#called = false;
    return { at };
  }

  /** The row is not due before the lease would have run out, and a holder that lost it stops here. */
  async #hold(tx: StoreTransaction, memo: Memo, fields: Partial<Intervention>, at: number): Promise<void> {
    const { interventionId, fence } = this.#claimed;
    const next = { dueAt: at + INTERVENTION_LEASE_MS, memo: JSON.stringify(memo) };
    if (await tx.interventions.save(interventionId, fence, fields, next)) return;
    throw new GateError('conflict', `Another process holds ${interventionId}.`, 'Nothing to do: that process goes on.');
  }

  async #recordIntent(tx: StoreTransaction, reading: PresentFlag, call: FlagCall): Promise<void> {
    const { interventionId, kind, targetShare, fence } = this.#claimed;
    await record(this.#gate, tx, this.#change, 'action.intent', {
      interventionId,
      kind,
      targetShare,
      call,
      observedShare: reading.share,
      treatmentHash: reading.treatmentHash,
      eventId: reading.lastEventId,
      fence,
    });
  }

  /** One call, never repeated: any end but a failed precondition leaves open whether it arrived; reading tells. */
  async #call(call: FlagCall): Promise<FlagFailure | null> {
    const { flags } = this.#gate;
    const { flag } = this.#change;
    const result: FlagResult<void> =
      call.kind === 'turn_off'
        ? await flags.turnOff(flag)
        : await flags.lowerRollout(flag, call.strategyId, call.from, call.to);
    const failure = result.ok ? null : result.failure;
    if (failure?.kind !== 'precondition_failed' && failure?.kind !== 'not_found') {
      this.#called = true;
      this.#everCalled = true;
    }
    return failure;
  }

  #fromFailure(failure: FlagFailure): Step {
    switch (failure.kind) {
      case 'unauthorised':
      case 'forbidden':
      case 'change_request':
      case 'not_found':
        return end(`blocked:${failure.kind}`, failure.detail);
      case 'precondition_failed':
      case 'unreadable':
      case 'deadline':
        return this.#later(`${failure.kind}: ${failure.detail}`, true);
    }
  }

  #later(retry: string, unreadable: boolean): Step {
    return { retry, memo: this.#memo, unreadable };
  }
}

function end(outcome: End['end'], detail: string, reading?: PresentFlag): End {
  return { end: outcome, detail, ...(reading ? { reading } : {}) };
}

/**
 * Why the flag of a change is no longer the gate's to touch, or null. A verdict alone does not end an act that
 * was decided: harm that could not be stopped in time is stopped when it can be.
 */
async function closedBy(tx: StoreTransaction, change: Change, { decidedAt }: Intervention): Promise<string | null> {
  if (change.state === 'superseded' || change.state === 'void') return 'the flag was deployed again';
  const last = (await tx.verdicts.decisions(change.changeId)).at(-1);
  if (last === undefined || last.at < decidedAt || last.decision === 'rollback') return null;
  return `${last.by} decided to ${last.decision} the change`;
}

/** Failures that no further reading can settle. A strategy that was not found may have been replaced: reading tells. */
function isFinal({ kind }: FlagFailure): boolean {
  return kind === 'unauthorised' || kind === 'forbidden' || kind === 'change_request';
}

async function putOff(
  gate: Gate,
  change: Change,
  claimed: ClaimedIntervention,
  step: Exclude<Step, End>,
): Promise<void> {
  const now = gate.real.now();
  const since = step.unreadable ? (step.memo.unreadableSince ?? now) : null;
  const alert = since !== null && !step.memo.alerted && now - since >= UNREADABLE_ALERT_MS;
  const memo: Memo = {
    ...step.memo,
    attempts: step.memo.attempts + 1,
    unreadableSince: since,
    alerted: since !== null && (step.memo.alerted || alert),
  };
  const ceiling = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** Math.min(step.memo.attempts, 10));
  // Full jitter: half the ceiling on average, from the random port.
  const dueAt = now + Math.ceil((ceiling * (gate.random.bytes(1)[0]! + 1)) / 256);
  gate.log.warn(
    { change_id: change.changeId, intervention_id: claimed.interventionId, reason: step.retry },
    'intervention put off',
  );
  await gate.store.transaction(async (tx) => {
    const next = { dueAt, memo: JSON.stringify(memo) };
    if (!(await tx.interventions.save(claimed.interventionId, claimed.fence, {}, next))) return;
    if (alert) {
      await record(gate, tx, change, 'alert.raised', {
        alert: 'flag_service_unreachable',
        interventionId: claimed.interventionId,
        detail: step.retry,
      });
    }
  });
}
