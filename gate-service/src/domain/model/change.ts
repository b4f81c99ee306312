import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { EpochMinute, EpochMs } from './time.ts';

export const CHANGE_STATES = [
  'stamped',
  'watching',
  'throttled',
  'off',
  'judged',
  'decided',
  'superseded',
  'void',
] as const;
export type ChangeState = (typeof CHANGE_STATES)[number];

/** The states in which the change is watched: its flag may be lowered, its events are awaited. */
export const WATCHED_STATES = ['watching', 'throttled', 'off'] as const satisfies readonly ChangeState[];

/** One deploy of one flagged alteration, as the store keeps it. */
export interface Change {
  readonly changeId: string;
  readonly repository: string;
  readonly pullRequest: number | null;
  readonly commitSha: string;
  readonly contractPath: string;
  readonly flag: string;
  readonly state: ChangeState;
  /** The contract as locked at the stamp, with its hash (SHA-256 of the RFC 8785 form, hex). */
  readonly contract: ChangeContract;
  readonly contractHash: string;
  /** The KPI definitions in force at the stamp that the contract names, with their hash. */
  readonly kpis: readonly Kpi[];
  readonly kpisHash: string;
  readonly stampedAt: EpochMs;
  /** When the flag's activation was accepted; null before. */
  readonly activatedAt: EpochMs | null;
  /** First minute of the window; set once, null before the first `on` event was seen. */
  readonly effectiveAt: EpochMinute | null;
  /** Hash of strategies, constraints and variants without the percentage, read back at activation. */
  readonly treatmentHash: string | null;
  /** Identity of the flag (its creation time): a flag deleted and made again is another one. */
  readonly flagCreatedAt: string | null;
}

/**
 * A half-open span [startMinute, endMinute) of exposure minutes with one allocation of the flag.
 * `endMinute` is null while it lasts. `share` is the treatment's share of the traffic, in [0, 1].
 */
export interface Phase {
  readonly index: number;
  readonly cause: 'activation' | 'throttle' | 'turn_off' | 'person';
  readonly share: number;
  readonly startMinute: EpochMinute;
  readonly endMinute: EpochMinute | null;
}

/** First minute after the window, or null when the window has not started. */
export function windowEnd(change: Change): EpochMinute | null {
  return change.effectiveAt === null ? null : change.effectiveAt + change.contract.windowMinutes;
}

/** Longest time in minutes in which an outcome of the change's KPIs may still come. */
export function longestWithin(change: Pick<Change, 'kpis'>): number {
  return change.kpis.reduce((longest, kpi) => Math.max(longest, kpi.measure.withinMinutes), 0);
}

/** A change is judged when its outcomes are mature and its sources have settled for this long. */
export const SETTLE_MINUTES = 10;
/** Events of a change are accepted until this long after its last outcome; later ones are `late`. */
export const LATE_GRACE_MINUTES = 24 * 60;

/** The minute from which the change can be judged, or null when the window has not started. */
export function judgeDueAt(change: Change): EpochMinute | null {
  const end = windowEnd(change);
  return end === null ? null : end + longestWithin(change) + SETTLE_MINUTES;
}
