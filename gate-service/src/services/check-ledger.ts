import type { Change } from '../domain/model/change.ts';
import { EMPTY_LEDGER, verifyLedger } from '../domain/model/ledger-chain.ts';
import type { LedgerHead } from '../domain/model/ledger-entry.ts';
import { type EpochMs, MINUTE_MS } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { Gate } from './gate.ts';

/** Setting: the head up to which this store's chain was verified. */
const CHECKPOINT = 'ledger-verified';
/** Entries that one transaction verifies: some 20 ms, for which everything else waits. */
const PAGE = 1_000;

/**
 * Verifies what was appended since the last time, page by page, so that looks and ingest go on in between. Older
 * entries are verified again only by `changegate verify` on an export.
 * @returns whether the chain holds up to the head; `isRestVerified` covers what comes after it
 */
export async function checkLedger(gate: Pick<Gate, 'store'>): Promise<boolean> {
  for (;;) {
    const page = await gate.store.transaction(verifyPage);
    if (page !== 'more') return page === 'ok';
    // The store answers without ever waiting: only this lets requests in.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** The few entries that came after `checkLedger`, in the transaction of the verdict itself. */
export async function isRestVerified(tx: StoreTransaction): Promise<boolean> {
  for (;;) {
    const page = await verifyPage(tx);
    if (page !== 'more') return page === 'ok';
  }
}

async function verifyPage(tx: StoreTransaction): Promise<'ok' | 'more' | 'broken'> {
  const start = await readCheckpoint(tx);
  const head = await tx.ledger.head();
  // An anchor before the start is not held against anything, so a head that shrank is seen here.
  if (head.size < start.size || !(await stands(tx, start))) return 'broken';
  const entries = await tx.ledger.entries({ after: start.size, limit: PAGE });
  const isLast = entries.length < PAGE;
  const result = verifyLedger(entries, { start, anchors: isLast ? [head] : [] });
  if (result.status !== 'ok') return 'broken';
  if (entries.length > 0) await tx.settings.put(CHECKPOINT, JSON.stringify(result.head));
  return isLast ? 'ok' : 'more';
}

async function readCheckpoint(tx: StoreTransaction): Promise<LedgerHead> {
  const stored = await tx.settings.get(CHECKPOINT);
  return stored === null ? EMPTY_LEDGER : (JSON.parse(stored) as LedgerHead);
}

/** Whether the entry of the checkpoint is still the one that was verified. */
async function stands(tx: StoreTransaction, { size, hash }: LedgerHead): Promise<boolean> {
  if (size === 0) return true;
  const [entry] = await tx.ledger.entries({ after: size - 1, limit: 1 });
  return entry?.seq === size && entry.entryHash === hash;
}

/** Minutes since activation in which the operator's switch stopped interventions. */
export async function pausedMinutes(tx: StoreTransaction, change: Change, now: EpochMs): Promise<number> {
  const switches = await tx.ledger.entries({ changeId: null, types: ['watch.paused', 'watch.resumed'] });
  let since: EpochMs | null = null;
  let total = 0;
  for (const { type, ts } of switches) {
    if (type === 'watch.paused') since = ts;
    if (type === 'watch.resumed' && since !== null) {
      total += overlap(since, ts, change, now);
      since = null;
    }
  }
  return (total + (since === null ? 0 : overlap(since, now, change, now))) / MINUTE_MS;
}

function overlap(from: EpochMs, to: EpochMs, change: Change, now: EpochMs): number {
  return Math.max(0, Math.min(to, now) - Math.max(from, change.activatedAt ?? now));
}
