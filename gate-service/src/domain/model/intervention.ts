import type { EpochMs } from './time.ts';

export type InterventionKind = 'throttle' | 'turn_off';

/** The closed set of ends of an intervention (docs/reliability.md section 2). `pending` is the only open one. */
export const INTERVENTION_OUTCOMES = [
  'pending',
  'accepted',
  'already_safe',
  'already_safe:archived',
  'superseded',
  'blocked:change_request',
  'blocked:forbidden',
  'blocked:not_found',
  'blocked:unauthorised',
  'failed:deadline',
] as const;
export type InterventionOutcome = (typeof INTERVENTION_OUTCOMES)[number];

/** One decided act on the flag and how far it is proven: accepted, published, effective. */
export interface Intervention {
  readonly interventionId: string;
  readonly changeId: string;
  readonly kind: InterventionKind;
  /** Counts decisions of one kind for the change, from 1: a new one needs new evidence. */
  readonly epoch: number;
  /** Target share of the treatment in [0, 1]; 0 for turn_off. */
  readonly targetShare: number;
  readonly reason: string;
  readonly decidedAt: EpochMs;
  readonly intentAt: EpochMs | null;
  readonly outcome: InterventionOutcome;
  readonly acceptedAt: EpochMs | null;
  readonly publishedAt: EpochMs | null;
  readonly effectiveAt: EpochMs | null;
  /** Set when exposures contradict the flag although it was published. */
  readonly notEffectiveAt: EpochMs | null;
}
