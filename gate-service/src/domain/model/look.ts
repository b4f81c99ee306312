import type { Phase } from './change.ts';
import type { Signal } from './signal.ts';
import type { EpochMinute, EpochMs } from './time.ts';
import type { TallyByVariant } from './variant.ts';

/** What one minute of first exposure yielded, as a look consumed it: appended once, never altered (K1). */
export interface ConsumedMinute extends TallyByVariant {
  readonly minute: EpochMinute;
  readonly phaseIndex: number;
}

/** The last look at one metric, as shown to people. */
export interface MetricLook {
  readonly kpiId: string;
  readonly signal: Signal;
  readonly detail: string;
  readonly at: EpochMs;
  /** Natural logarithm of the metric's wealth, unweighted; 0 at the start. */
  readonly logWealth: number;
  readonly totals: TallyByVariant;
}

/** Where the change's ladder stands (STATISTICS.md section P). Restoring is only ever proposed. */
export interface WatchState {
  /** JSON of the harm monitors by KPI id, as `domain/statistics` made them: cumulative and fresh. */
  readonly monitors: readonly MetricWatch[];
  readonly familyLogWealth: number;
  readonly freshLogWealth: number | null;
  /** KPI ids whose own weighted wealth is past 1/alpha. */
  readonly blamed: readonly string[];
  /** Since when each fast rule (by its position in the contract) holds; null while it does not. */
  readonly fastRules: readonly FastRuleState[];
}

export interface MetricWatch {
  readonly kpiId: string;
  /** First minute that no look has consumed. */
  readonly nextMinute: EpochMinute;
  readonly config: unknown;
  readonly cumulative: unknown;
  readonly fresh: unknown;
  /** Since when the signal has been a non-answer; null while it answers. */
  readonly blindSince: EpochMs | null;
}

export interface FastRuleState {
  readonly firedAt: EpochMs | null;
  readonly sharedIncidentAt: EpochMs | null;
}

export type { Phase };
