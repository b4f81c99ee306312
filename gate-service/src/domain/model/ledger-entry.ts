import type { EpochMs } from './time.ts';

/** What the ledger records; each name is `<thing>.<what happened>`. */
export const LEDGER_TYPES = [
  'change.stamped',
  'activation.intent',
  'activation.accepted',
  'activation.published',
  'activation.effective',
  'activation.refused',
  'change.window_started',
  'change.superseded',
  'change.void',
  'phase.started',
  'decision.made',
  'decision.observed',
  'action.intent',
  'action.accepted',
  'action.published',
  'action.effective',
  'action.not_effective',
  'action.already_safe',
  'action.superseded',
  'action.blocked',
  'action.failed',
  'flag.edited_by_person',
  'treatment.changed',
  'alert.raised',
  'watch.paused',
  'watch.resumed',
  'verdict.made',
  'verdict.revised',
  'decision.people',
  'token.issued',
  'token.revoked',
  'kpis.registered',
  'quarantine.replayed',
] as const;
export type LedgerType = (typeof LEDGER_TYPES)[number];

/**
 * One entry of the hash chain (docs/reliability.md 1.5). `entryHash` = SHA-256("changegate/ledger/v1\0" ‖
 * prevHash ‖ RFC 8785 form of {seq, ts, type, actor, repository, change_id, payload_hash}), hex;
 * `payloadHash` = SHA-256(salt ‖ RFC 8785 form of the payload), hex. The first entry's prevHash is 64 zeros.
 */
export interface LedgerEntry {
  readonly seq: number;
  /** Business time. */
  readonly ts: EpochMs;
  readonly type: LedgerType;
  readonly actor: string;
  readonly repository: string;
  readonly changeId: string | null;
  readonly payloadHash: string;
  readonly prevHash: string;
  readonly entryHash: string;
}

export interface LedgerEntryWithPayload extends LedgerEntry {
  /** 16 random bytes, hex; null with the payload when it was erased. */
  readonly salt: string | null;
  readonly payload: Readonly<Record<string, unknown>> | null;
}

export interface LedgerHead {
  readonly size: number;
  readonly hash: string;
}

export interface NewLedgerEntry {
  readonly type: LedgerType;
  readonly actor: string;
  readonly repository: string;
  readonly changeId: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
}
