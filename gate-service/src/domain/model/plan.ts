import type { Alarm } from './look.ts';

/** What a look decides about the flag, as data (decide, then plan, then apply). It never raises exposure. */
export type InterventionPlan =
  | { readonly kind: 'none'; readonly reason: NoPlanReason }
  | PlannedStep
  | {
      /** Observe mode: recorded and said, nothing touched. */
      readonly kind: 'observe';
      readonly would: PlannedStep;
    }
  | {
      /** A proposal to people; nothing in the gate raises exposure. */
      readonly kind: 'propose_restore';
      readonly phaseIndex: number;
      readonly detail: string;
    };

export interface PlannedStep {
  readonly kind: 'throttle' | 'turn_off';
  /** Share of the treatment to go to, below the present one; 0 for turn_off. */
  readonly targetShare: number;
  /** One sentence for people and for the ledger. */
  readonly reason: string;
  readonly alarm: Alarm;
}

export type NoPlanReason =
  | 'nothing_adverse'
  | 'not_watched'
  | 'paused'
  | 'already_decided'
  | 'already_observed'
  | 'already_off'
  | 'already_small'
  | 'once_per_day';
