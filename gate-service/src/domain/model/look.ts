import type { DailyLooksState } from '../statistics/daily-looks.ts';
import type { Phase } from './change.ts';
import type { MetricMonitorConfig, MetricMonitorState } from './monitor.ts';
import type { Signal } from './signal.ts';
import type { TallyByVariant } from './tally.ts';
import type { EpochMinute, EpochMs } from './time.ts';

/** What one minute of first exposure yielded, as a look consumed it: appended once, never altered (K1). */
export interface ConsumedMinute extends TallyByVariant {
  readonly minute: EpochMinute;
  readonly phaseIndex: number;
}

/** One minute of first exposure as the source reports it. */
export interface MinuteTally extends TallyByVariant {
  readonly minute: EpochMinute;
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

/**
 * Where the change's ladder stands (docs/statistics.md section P). Plain JSON; a function of the consumed minutes, the
 * phases and the time of a person's raise, not of when the looks happened. Restoring is only ever proposed.
 */
export interface WatchState {
  readonly monitors: readonly MetricWatch[];
  /** Natural logarithm of the family wealth (K14); null when it cannot be computed, which never alarms. */
  readonly familyLogWealth: number | null;
  /** The same over the units of the latest throttled phase; null before the first throttle. */
  readonly freshLogWealth: number | null;
  /** The same over the units since a person raised exposure again; null when nobody did. */
  readonly sinceRaiseLogWealth: number | null;
  /** When a person raised exposure again, as the looks were told; null when nobody did. */
  readonly raisedAt: EpochMs | null;
  /** KPI ids whose own weighted wealth is past 1/alpha. */
  readonly blamed: readonly string[];
  /** By position in the contract. */
  readonly fastRules: readonly FastRuleState[];
  /** Every threshold crossed so far, in the order of the data; each is kept once. */
  readonly alarms: readonly Alarm[];
  /** In observe mode: the strongest step that was recorded instead of taken. */
  readonly observed: 'throttle' | 'turn_off' | null;
  /** Index of the throttled phase for which raising exposure again was proposed to people; null when it was not. */
  readonly restoreProposedFor: number | null;
  /**
   * When a look first found units to split otherwise than the flag says (docs/statistics.md G3); null while none did. Of all
   * fields the only one that depends on when looks happened. Absent in a state from before it was kept.
   */
  readonly splitAlarmAt?: EpochMs | null;
}

/** One metric's harm monitors: over the whole window, over the throttled phase, and since a person's raise. */
export interface MetricWatch {
  readonly kpiId: string;
  /** First minute that no look has consumed. */
  readonly nextMinute: EpochMinute;
  readonly config: MetricMonitorConfig;
  readonly cumulative: MetricMonitorState;
  /** Phase of the last consumed minute; null before the first. */
  readonly phaseIndex: number | null;
  /** Trials and what counts of them, without further sums. */
  readonly totals: TallyByVariant;
  /** Null before the first throttle, and after a person's raise until a later one. */
  readonly fresh: {
    readonly phaseIndex: number;
    readonly state: MetricMonitorState;
    readonly totals: TallyByVariant;
  } | null;
  readonly sinceRaise: { readonly raisedAt: EpochMs; readonly state: MetricMonitorState } | null;
  /** Daily looks beside the monitor, for a proportion with tiny traffic; absent for any other metric. */
  readonly daily?: DailyWatch;
  /** Control units since the treatment last had one, in the phase of the last consumed minute (G4). */
  readonly controlSinceTreatment: number;
  /** Most treatment trials that were expected in any such run so far; absent in a state from before it was kept. */
  readonly silentTrials?: number;
  /** Since when the signal has been a non-answer; null while it answers. */
  readonly blindSince: EpochMs | null;
}

/** Looks at the end of each day, where minutes hold too little (docs/statistics.md K, tiny traffic). */
export interface DailyWatch {
  /** Error budget of this metric's looks. */
  readonly alpha: number;
  /** Units of both arms that the history expects in the window. */
  readonly plannedUnits: number;
  readonly looks: DailyLooksState;
  /** Units consumed so far, by phase that serves both variants. */
  readonly strata: readonly (TallyByVariant & { readonly phaseIndex: number })[];
}

export interface FastRuleState {
  /** Since when the rule holds on the treatment alone; null while it does not. */
  readonly firedAt: EpochMs | null;
  /** Since when it holds on both arms: an incident that the change did not cause. */
  readonly sharedIncidentAt: EpochMs | null;
  /** The sliding window's contents, oldest first: at most 61 slots of equal length, only those with trials. */
  readonly slots: readonly (TallyByVariant & { readonly slot: number })[];
}

/** One threshold that the data crossed. `at` is when the crossing minute's outcomes were complete. */
export interface Alarm {
  readonly kind:
    | 'family'
    | 'fresh'
    | 'since_raise'
    | 'daily_look'
    | 'fast_rule'
    | 'fast_rule_persists'
    | 'placebo_sup'
    | 'margin';
  readonly calls: 'throttle' | 'turn_off';
  readonly at: EpochMs;
  /** The KPI to blame: the largest weighted wealth, or the fast rule's KPI. */
  readonly kpiId: string;
  /** Natural logarithm of the wealth that crossed; null for a daily look and a fast rule. */
  readonly logWealth: number | null;
  /** The raise after which it was found; null when nobody had raised exposure. */
  readonly raisedAt: EpochMs | null;
  /** The throttled phase of `fresh` and `fast_rule_persists`; null otherwise. */
  readonly phaseIndex: number | null;
  /** Position of the fast rule in the contract; null otherwise. */
  readonly rule: number | null;
}

/** What people must hear of, although nothing is done to the flag. */
export interface LookAlert {
  readonly kind: 'blind' | 'fast_rule' | 'shared_incident' | 'treatment_silent' | 'sample_ratio';
  /** Null when it is about the whole change. */
  readonly kpiId: string | null;
  readonly since: EpochMs;
  readonly detail: string;
}

export type { Phase };
