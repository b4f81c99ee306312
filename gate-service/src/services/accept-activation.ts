import { GateError } from '../contract/gate-error.ts';
import { type Change, longestWithin, SETTLE_MINUTES } from '../domain/model/change.ts';
import { minuteOf, startOfMinute } from '../domain/model/time.ts';
import type { FlagReading } from '../ports/flag-control.ts';
import type { PresentFlag } from './assess-reading.ts';
import { putFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { endPendingActivation } from './pending-activation.ts';
import { record } from './record.ts';
import { supersedeWatched } from './stamp-change.ts';

/** Percentages and shares are compared with this much tolerance: 0.29 * 100 is less than 29. */
export const SLACK = 1e-9;

/** Percentages are strings in the flag service; at most six decimals are kept. */
export function percentOf(share: number): string {
  return String(Number((share * 100).toFixed(6)));
}

/** The reading, when the flag is on at or under the contract's initial rollout; null otherwise. */
export function asActivated(reading: FlagReading, { contract }: Change): PresentFlag | null {
  if (reading.kind !== 'present' || !reading.enabled) return null;
  return reading.share <= contract.rollout.start + SLACK ? reading : null;
}

/**
 * Takes the change into the watch: what is on and read back is watched from here. Ends the watch of the
 * change that the flag served before.
 * @throws GateError conflict when the change is no longer stamped
 */
export async function acceptActivation(gate: Gate, change: Change, reading: PresentFlag, actor: string): Promise<void> {
  const now = gate.business.now();
  await gate.store.transaction(async (tx) => {
    const current = await tx.changes.find(change.changeId);
    if (current && current.activatedAt !== null) return;
    if (current?.state !== 'stamped') {
      throw refused(
        change,
        `it became ${current?.state} while its flag was being turned on`,
        'Look at the flag in Unleash; Changegate does not watch it for this change.',
      );
    }
    await supersedeWatched(gate, tx, change);
    await endPendingActivation(tx, change.changeId);
    await tx.changes.update(change.changeId, {
      state: 'watching',
      activatedAt: now,
      treatmentHash: reading.treatmentHash,
      flagCreatedAt: reading.createdAt,
    });
    const { lastEventId, share, treatmentHash } = reading;
    await putFlagFacts(tx, change.changeId, {
      lastEventId,
      share,
      treatmentHash,
      readAt: now,
      personRaisedAt: null,
      personTurnedOffAt: null,
    });
    await record(
      gate,
      tx,
      change,
      'activation.accepted',
      { share: reading.share, eventId: reading.lastEventId, treatmentHash: reading.treatmentHash },
      actor,
    );
    await tx.schedule.put({ kind: 'look', changeId: change.changeId, dueAt: startOfMinute(minuteOf(now) + 1) });
    // If nobody is ever exposed, the window never starts; the change is still judged, and says so.
    const unstarted = minuteOf(now) + change.contract.windowMinutes + longestWithin(change) + SETTLE_MINUTES;
    await tx.schedule.put({ kind: 'judge', changeId: change.changeId, dueAt: startOfMinute(unstarted) });
  });
}

export function refused(change: Change, why: string, remedy: string): GateError {
  return new GateError('conflict', `Flag ${change.flag} of ${change.changeId} was not activated: ${why}.`, remedy);
}
