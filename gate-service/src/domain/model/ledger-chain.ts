import { canonicalJson, sha256Hex } from './canonical-json.ts';
import type { LedgerEntry, LedgerEntryWithPayload, LedgerHead } from './ledger-entry.ts';
import type { EpochMs } from './time.ts';

/** What stands before the first entry. */
export const EMPTY_LEDGER: LedgerHead = { size: 0, hash: '0'.repeat(64) };
/** Bytes of randomness that make the hash of a payload unguessable after its erasure. */
export const SALT_BYTES = 16;
/** A tail that no anchor covers for longer than this is reported: anchors are written at least daily. */
export const UNANCHORED_TAIL_MS = 24 * 60 * 60 * 1000;

const DOMAIN = 'changegate/ledger/v1\0';

/**
 * Hash of a payload, salted so that it says nothing once salt and payload are erased.
 * @param salt  hex; its bytes are hashed before the RFC 8785 form of the payload
 * @returns     SHA-256, 64 hex digits
 */
export function payloadHash(salt: string, payload: unknown): string {
  return sha256Hex(Buffer.from(salt, 'hex'), canonicalJson(payload));
}

/**
 * Hash of an entry: SHA-256("changegate/ledger/v1\0" ‖ the 32 bytes of the previous hash ‖ RFC 8785 form
 * of {seq, ts, type, actor, repository, change_id, payload_hash}).
 * @param prevHash  hash of the entry before, 64 hex digits; EMPTY_LEDGER.hash for the first
 * @returns         64 hex digits
 */
export function entryHash(prevHash: string, rest: Omit<LedgerEntry, 'prevHash' | 'entryHash'>): string {
  const body = canonicalJson({
    seq: rest.seq,
    ts: rest.ts,
    type: rest.type,
    actor: rest.actor,
    repository: rest.repository,
    change_id: rest.changeId,
    payload_hash: rest.payloadHash,
  });
  return sha256Hex(DOMAIN, Buffer.from(prevHash, 'hex'), body);
}

export type LedgerVerification =
  | { readonly status: 'ok'; readonly head: LedgerHead }
  /** Entry `seq` is the first that does not fit; everything before it does. */
  | { readonly status: 'broken'; readonly seq: number; readonly detail: string }
  /** An anchor kept outside covers more entries than there are: a cut tail or an older copy. */
  | { readonly status: 'shorter_than_anchor'; readonly size: number; readonly anchorSize: number }
  /** Sound, but nothing outside vouches for the entries from `fromSeq` on, the oldest made at `since`. */
  | {
      readonly status: 'unanchored_tail';
      readonly head: LedgerHead;
      readonly fromSeq: number;
      readonly since: EpochMs;
    };

export interface VerifyOptions {
  /** Heads kept outside of the store; without them nothing is held against anchors. */
  readonly anchors?: readonly LedgerHead[];
  /** The time against which an unanchored tail's age is measured; required to report one. */
  readonly now?: EpochMs;
  /** The head after which `entries` begin, when only a part is verified; default: the very beginning. */
  readonly start?: LedgerHead;
}

/**
 * Verifies a ledger: sequence without gap, fork or swap, every hash, every payload that was not erased, and
 * agreement with every anchor. A chain alone cannot see a cut tail or a full rewrite; anchors can.
 * @param entries  in the order of `seq`, as exported; they are not sorted, since order is part of the proof
 * @returns        the worst finding; `ok` for an empty ledger without anchors
 */
export function verifyLedger(
  entries: readonly LedgerEntryWithPayload[],
  options: VerifyOptions = {},
): LedgerVerification {
  const start = options.start ?? EMPTY_LEDGER;
  const anchors = (options.anchors ?? []).filter((anchor) => anchor.size >= start.size);
  const wanted = new Map<number, LedgerHead[]>();
  for (const anchor of anchors) wanted.set(anchor.size, [...(wanted.get(anchor.size) ?? []), anchor]);
  let head = start;
  for (const entry of entries) {
    const seq = head.size + 1;
    const fault = faultOf(entry, seq, head.hash);
    if (fault !== null) return { status: 'broken', seq, detail: fault };
    head = { size: seq, hash: entry.entryHash };
    if (wanted.get(seq)?.some((anchor) => anchor.hash !== head.hash)) {
      return { status: 'broken', seq, detail: 'the hash differs from the anchor of this size: history was rewritten' };
    }
  }
  if (wanted.get(start.size)?.some((anchor) => anchor.hash !== start.hash)) {
    return { status: 'broken', seq: start.size, detail: 'the start differs from the anchor of this size' };
  }
  const anchored = anchors.reduce((newest, anchor) => Math.max(newest, anchor.size), start.size);
  if (anchored > head.size) return { status: 'shorter_than_anchor', size: head.size, anchorSize: anchored };
  const oldest = entries[anchored - start.size];
  if (options.anchors && options.now !== undefined && oldest && options.now - oldest.ts > UNANCHORED_TAIL_MS) {
    return { status: 'unanchored_tail', head, fromSeq: oldest.seq, since: oldest.ts };
  }
  return { status: 'ok', head };
}

/** What is wrong with the entry that should be number `seq` after `prevHash`; null when nothing is. */
function faultOf(entry: LedgerEntryWithPayload, seq: number, prevHash: string): string | null {
  if (entry.seq !== seq) return `expected sequence number ${seq}, found ${entry.seq}`;
  if (entry.prevHash !== prevHash) return 'the previous hash is not that of the entry before';
  try {
    if (entry.entryHash !== entryHash(prevHash, entry)) return 'the entry does not fit its hash';
    if (entry.payload === null && entry.salt === null) return null;
    if (entry.payload === null || entry.salt === null) return 'payload and salt are not erased together';
    if (entry.payloadHash !== payloadHash(entry.salt, entry.payload)) return 'the payload does not fit its hash';
    return null;
  } catch (error) {
    // A forged export may hold what no JSON text can; that is a finding, not an outage.
    return `the entry cannot be hashed: ${error instanceof Error ? error.message : String(error)}`;
  }
}
