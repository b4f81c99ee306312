import type { EpochMs } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** What the gate last knew of a change's flag, and what people did to it. */
export interface FlagFacts {
  readonly lastEventId: number;
  /** Treatment's share as last read, in [0, 1]. */
  readonly share: number;
  /** As last read; not taken in any more once the flag was read after the window's end. */
  readonly treatmentHash: string;
  readonly readAt: EpochMs;
  /** When a person last raised exposure after an intervention; null when nobody did. */
  readonly personRaisedAt: EpochMs | null;
  /** When a person turned the flag off or archived it; null when nobody did. */
  readonly personTurnedOffAt: EpochMs | null;
  /** When the flag was first read, in the window, with another treatment than the activation's, or as another flag. */
  readonly treatmentChangedAt?: EpochMs | null;
}

const key = (changeId: string) => `flag-facts:${changeId}`;

export async function readFlagFacts(tx: StoreTransaction, changeId: string): Promise<FlagFacts | null> {
  const stored = await tx.settings.get(key(changeId));
  return stored === null ? null : (JSON.parse(stored) as FlagFacts);
}

export async function putFlagFacts(tx: StoreTransaction, changeId: string, facts: FlagFacts): Promise<void> {
  await tx.settings.put(key(changeId), JSON.stringify(facts));
}
