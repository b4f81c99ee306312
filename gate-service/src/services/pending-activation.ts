import { type EpochMs, MINUTE_MS } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** An activation whose intent is committed and whose end is not: its flag may be on. */
export interface PendingActivation {
  readonly since: EpochMs;
  /** Whether the caller was told that it failed; the flag may be on all the same, because an answer was lost. */
  readonly isRefused: boolean;
}

/** Longer than an activation takes, so that only one that a crash or an outage cut off is taken up. */
const PATIENCE_MS = MINUTE_MS;
const key = (changeId: string) => `activation-pending:${changeId}`;

export async function readPendingActivation(tx: StoreTransaction, changeId: string): Promise<PendingActivation | null> {
  const stored = await tx.settings.get(key(changeId));
  return stored === null || stored === '' ? null : (JSON.parse(stored) as PendingActivation);
}

/** Remembers it and plans the look that takes it up. */
export async function putPendingActivation(
  tx: StoreTransaction,
  changeId: string,
  pending: PendingActivation,
): Promise<void> {
  await tx.settings.put(key(changeId), JSON.stringify(pending));
  await tx.schedule.put({ kind: 'look', changeId, dueAt: dueOf(pending) });
}

export async function endPendingActivation(tx: StoreTransaction, changeId: string): Promise<void> {
  await tx.settings.put(key(changeId), '');
}

/** When it is taken up, in business time. */
export function dueOf({ since }: PendingActivation): EpochMs {
  return since + PATIENCE_MS;
}
