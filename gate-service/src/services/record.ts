import { toWire } from '../contract/wire-case.ts';
import type { Change } from '../domain/model/change.ts';
import type { LedgerHead, LedgerType } from '../domain/model/ledger-entry.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { Gate } from './gate.ts';

/** Who the ledger names for what the service does by itself. */
export const GATE_ACTOR = 'changegate';

/** The ledger's repository field for what concerns the whole service. */
export const WHOLE_SERVICE = '*';

/** Appends what happened to no change in particular, in the transaction in which it happens. */
export function recordForService(
  gate: Pick<Gate, 'business'>,
  tx: StoreTransaction,
  { type, actor, repository = WHOLE_SERVICE }: { type: LedgerType; actor: string; repository?: string },
  payload: Record<string, unknown>,
): Promise<LedgerHead> {
  return tx.ledger.append(
    { type, actor, repository, changeId: null, payload: toWire(payload) as Record<string, unknown> },
    gate.business.now(),
  );
}

/** Appends what happened to a change to the ledger, in the transaction that changes its state. */
export function record(
  gate: Pick<Gate, 'business'>,
  tx: StoreTransaction,
  change: Pick<Change, 'changeId' | 'repository'>,
  type: LedgerType,
  payload: Record<string, unknown>,
  actor: string = GATE_ACTOR,
): Promise<LedgerHead> {
  return tx.ledger.append(
    {
      type,
      actor,
      repository: change.repository,
      changeId: change.changeId,
      payload: toWire(payload) as Record<string, unknown>,
    },
    gate.business.now(),
  );
}
