import type { Phase } from '../domain/model/change.ts';
import type { EpochMinute } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** Ends the phase that is open, with `minute` as its last: that minute belongs to it, the next does not. */
export async function closeOpenPhase(tx: StoreTransaction, changeId: string, minute: EpochMinute): Promise<void> {
  const open = (await tx.changes.phases(changeId)).find(({ endMinute }) => endMinute === null);
  if (open) await tx.changes.putPhase(changeId, { ...open, endMinute: Math.max(open.startMinute, minute + 1) });
}

/** Starts a phase at `startMinute`; the one before must be closed. */
export async function openPhase(
  tx: StoreTransaction,
  changeId: string,
  phase: Pick<Phase, 'cause' | 'share' | 'startMinute'>,
): Promise<Phase> {
  const phases = await tx.changes.phases(changeId);
  const next: Phase = { ...phase, index: phases.length, endMinute: null };
  await tx.changes.putPhase(changeId, next);
  return next;
}

/** Lets the last phase go on after an act that left the allocation as it was. */
export async function reopenPhase(tx: StoreTransaction, changeId: string): Promise<void> {
  const last = (await tx.changes.phases(changeId)).at(-1);
  if (last && last.endMinute !== null) await tx.changes.putPhase(changeId, { ...last, endMinute: null });
}
