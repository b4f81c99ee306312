import type { FlagCall } from '../domain/decision/plan-flag-calls.ts';
import { type Change, WATCHED_STATES } from '../domain/model/change.ts';
import type { Intervention, InterventionOutcome } from '../domain/model/intervention.ts';
import type { LedgerType } from '../domain/model/ledger-entry.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { PresentFlag } from './assess-reading.ts';
import { putFlagFacts, readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { reopenPhase } from './phases.ts';
import { record } from './record.ts';
import { takeRaise } from './watch-flag.ts';

/** How an intervention ended, and what the flag read as then. */
export interface End {
  readonly end: InterventionOutcome;
  readonly detail: string;
  readonly reading?: PresentFlag;
  /** A person decided otherwise: the raise answers the alarms so far. */
  readonly overruled?: boolean;
  /** Whether the flag may have been lower for a while before it was raised again. */
  readonly mayHaveCalled?: boolean;
  /** The call that the reading shows as done. */
  readonly call?: FlagCall;
}

const LEDGER_TYPE_OF: Readonly<Record<string, LedgerType>> = {
  accepted: 'action.accepted',
  already_safe: 'action.already_safe',
  'already_safe:archived': 'action.already_safe',
  superseded: 'action.superseded',
  'failed:deadline': 'action.failed',
};

/** Records the one end of an intervention with what follows from it, in one transaction; nothing when the claim was lost. */
export async function finishIntervention(
  gate: Gate,
  change: Change,
  claimed: Intervention & { readonly fence: number },
  end: End,
): Promise<void> {
  const now = gate.business.now();
  const { interventionId, fence } = claimed;
  const isSafeNow = end.end === 'accepted' || end.end.startsWith('already_safe');
  await gate.store.transaction(async (tx) => {
    const next = { dueAt: isSafeNow ? gate.real.now() : null, memo: null };
    const fields = { outcome: end.end, acceptedAt: isSafeNow ? now : null };
    if (!(await tx.interventions.save(interventionId, fence, fields, next))) return;
    await record(gate, tx, change, LEDGER_TYPE_OF[end.end] ?? 'action.blocked', {
      interventionId,
      outcome: end.end,
      detail: end.detail,
      eventId: end.reading?.lastEventId ?? null,
      share: end.reading?.share ?? null,
    });
    if (isSafeNow) {
      await noteOwnEdit(tx, change, end, now);
      await enterState(gate, tx, claimed);
      return;
    }
    if (end.overruled && end.reading) await takeRaise(gate, tx, change, end.reading, end.mayHaveCalled ?? false);
    // The allocation is what it was: the next look reads it and goes on from there.
    else await reopenPhase(tx, change.changeId);
    const alert = ALERT_OF[end.end.split(':')[0]!];
    if (alert) await record(gate, tx, change, 'alert.raised', { alert, interventionId, detail: end.detail });
  });
  gate.log.info(
    { change_id: change.changeId, intervention_id: interventionId, outcome: end.end },
    'intervention settled',
  );
}

const ALERT_OF: Readonly<Record<string, string>> = {
  blocked: 'intervention_blocked',
  failed: 'intervention_failed',
  superseded: 'intervention_overruled',
};

/**
 * Remembers our own edit, so that the next look does not take it for a person's. What a person did instead
 * (lowered the flag before we could, or turned it off where we throttle) is left for that look to find.
 */
async function noteOwnEdit(tx: StoreTransaction, change: Change, { reading, call }: End, now: number): Promise<void> {
  const facts = await readFlagFacts(tx, change.changeId);
  if (facts === null || !reading || !call || (call.kind === 'lower' && !reading.enabled)) return;
  const { lastEventId, share } = reading;
  await putFlagFacts(tx, change.changeId, { ...facts, lastEventId, share, readAt: now });
}

/** A change that was turned off is judged at once; a throttled one goes on being watched. */
async function enterState(gate: Gate, tx: StoreTransaction, { changeId, kind }: Intervention): Promise<void> {
  const state = (await tx.changes.find(changeId))?.state;
  if (state === undefined || !(WATCHED_STATES as readonly string[]).includes(state)) return;
  if (kind === 'turn_off') {
    await tx.changes.update(changeId, { state: 'off' });
    await tx.schedule.put({ kind: 'judge', changeId, dueAt: gate.business.now() });
  } else if (state === 'watching') {
    await tx.changes.update(changeId, { state: 'throttled' });
  }
}
