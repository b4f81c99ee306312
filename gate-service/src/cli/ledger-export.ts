import type { z } from 'zod';
import type { LedgerEntryViewSchema } from '../contract/api/requests.ts';
import { fromWire } from '../contract/wire-case.ts';
import type { LedgerEntryWithPayload } from '../domain/model/ledger-entry.ts';

export type LedgerEntryView = z.output<typeof LedgerEntryViewSchema>;

/** An exported entry as the verifier takes it. The payload is hashed as it was recorded: its keys stay as they are. */
export function toLedgerEntry({ payload, ...entry }: LedgerEntryView): LedgerEntryWithPayload {
  return { ...(fromWire(entry) as LedgerEntryWithPayload), payload };
}
