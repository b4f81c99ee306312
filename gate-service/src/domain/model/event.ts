import type { EpochMs } from './time.ts';
import type { Variant } from './variant.ts';

/** Why a line was kept apart instead of counted; listed per line in the reply. */
export const QUARANTINE_REASONS = ['skew', 'unknown_change', 'bad_hash', 'missing_hash', 'late', 'conflict'] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

export interface EventExposure {
  readonly changeId: string;
  readonly variant: Variant;
}

/** An event that passed every check of ingest. The unit is pseudonymised already. */
export interface AcceptedEvent {
  readonly eventId: string;
  readonly repository: string;
  readonly event: string;
  readonly at: EpochMs;
  /** HMAC-SHA-256 of the user id with the repository's key, 32 hex digits; null for an event of nobody. */
  readonly unit: string | null;
  readonly cohort: string | null;
  readonly status: 'success' | 'error' | null;
  readonly latencyMs: number | null;
  readonly value: number | null;
  readonly tag: string | null;
  /** SHA-256 hex of the canonical event: the same `eventId` with another one is a conflict. */
  readonly contentHash: string;
  /** Changes its unit was exposed to, with the variant served; empty for the baseline. */
  readonly exposures: readonly EventExposure[];
}

export type LineOutcome = 'accepted' | 'duplicate' | 'quarantined' | 'rejected';
