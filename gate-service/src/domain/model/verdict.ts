import type { Measure } from '../../contract/kpi-measure.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Change, Phase } from './change.ts';
import type { Intervention } from './intervention.ts';
import type { Alarm } from './look.ts';
import type { MetricRole } from './metric.ts';
import type { Signal } from './signal.ts';
import type { Tally, TallyByVariant } from './tally.ts';
import type { EpochMinute, EpochMs } from './time.ts';

export const VERDICTS = ['pass', 'fail', 'inconclusive'] as const;
export type VerdictWord = (typeof VERDICTS)[number];

/** A KPI's own past in spans of 168 h, whatever changes ran: what forecasts, priors and coverage are made from. */
export interface KpiHistory {
  readonly kpiId: string;
  /** Complete 168 h spans that end at the last full hour, newest last, at most 12; each with its trials and outcomes. */
  readonly weeks: readonly { readonly firstMinute: EpochMinute; readonly total: Tally }[];
  /** Typical trials per hour of the week (168 values, Monday 00:00 UTC first) over the last 4 spans; empty without history. */
  readonly hourOfWeek: readonly number[];
  /** Variance over mean of a rate's counts by hour, at least 1 (docs/statistics.md E3); null when unknown, absent for other types. */
  readonly dispersion?: number | null;
}

/** One metric's sufficient statistics over the window, by phase. */
export interface MetricEvidence {
  readonly kpiId: string;
  readonly strata: readonly (TallyByVariant & { readonly phaseIndex: number; readonly minutes: number })[];
  readonly history: KpiHistory;
  /**
   * The units behind a status KPI's trials, by the phase of their first one: n units, y trials that count, and trials as
   * `sums.d`. Absent for other types and when not kept.
   */
  readonly units?: readonly (TallyByVariant & { readonly phaseIndex: number })[];
  /**
   * The same trials by phase and declared cohort, all others together as ''; absent when the contract declares none, and
   * for types that are not kept by cohort.
   */
  readonly cohorts?: readonly (TallyByVariant & { readonly phaseIndex: number; readonly cohort: string })[];
  /** A gauge's samples by phase and UTC day (days since 1970); absent for other types. */
  readonly days?: readonly (TallyByVariant & { readonly phaseIndex: number; readonly day: number })[];
  /** A rate's events and exposures by phase and hour (hours since 1970), for how clumped its events are; absent for other types. */
  readonly hours?: readonly (TallyByVariant & { readonly phaseIndex: number; readonly hour: number })[];
  /** The KPI's own trials in the window, whoever made them: what a before/after design compares; absent otherwise. */
  readonly own?: Tally;
  /**
   * The same by spans of 24 h before the window, oldest first, at most 84, the last one ending with the history's last
   * week: what the placebo check of a before/after design is made on (docs/statistics.md L8).
   */
  readonly ownDays?: readonly Tally[];
  /** Trials of both variants by bucket for coverage: the minutes that had at least one, with their count. */
  readonly activeHours: readonly { readonly hour: number; readonly n: number }[];
  /** Trials that arrived after a look had consumed their minute, by variant, with the consumed totals. */
  readonly late: { readonly off: number; readonly on: number };
  readonly consumed: TallyByVariant;
  /** Minutes of the window in which the metric's signal was each non-answer. */
  readonly nonAnswerMinutes: Partial<Record<Signal, number>>;
  readonly logWealth: number;
  /**
   * Most treatment trials that the watch expected, by the control's, in a run without one (docs/statistics.md G4); absent
   * when not kept.
   */
  readonly silentTrials?: number;
  /**
   * Totals of the first two and of the last three days, for the novelty check (docs/statistics.md I3); absent when not
   * kept.
   */
  readonly novelty?: { readonly firstDays: TallyByVariant; readonly lastDays: TallyByVariant };
  /** How the source answered that the KPI was asked of; absent for events sent to the gate. */
  readonly source?: SourceEvidence;
}

/** What a verdict tells of a source that was asked (docs/reliability.md rows A1 to A26). */
export interface SourceEvidence {
  readonly name: string;
  /** The last questions that were answered, as they were sent. */
  readonly queries: readonly string[];
  readonly facts: readonly string[];
  /** Part of the window's minutes that the source answered for, in [0, 1]. */
  readonly answeredShare: number;
  /** Why the source last gave no answer; null when its last answer was one. */
  readonly failure: string | null;
  /** What differed when the whole window was asked for again before the verdict; null when nothing that matters did. */
  readonly disagreement: string | null;
}

/** Everything a verdict depends on: `judgeChange(evidence)` needs nothing else (invariant R6). */
export interface VerdictEvidence {
  readonly ruleVersion: string;
  readonly judgedAt: EpochMs;
  readonly cause: 'window_complete' | 'stopped_early';
  /** First minute that does not count any more: the window's end, or just after an early stop; absent when not kept. */
  readonly until?: EpochMinute;
  readonly change: Pick<
    Change,
    | 'changeId'
    | 'repository'
    | 'pullRequest'
    | 'commitSha'
    | 'contractPath'
    | 'flag'
    | 'contract'
    | 'contractHash'
    | 'kpisHash'
    | 'stampedAt'
    | 'activatedAt'
    | 'effectiveAt'
    | 'treatmentHash'
  > & { readonly kpis: readonly Kpi[] };
  readonly phases: readonly Phase[];
  readonly metrics: readonly MetricEvidence[];
  /** Units by first exposure and phase; units seen in an earlier phase are in that one only. */
  readonly exposures: readonly { readonly phaseIndex: number; readonly off: number; readonly on: number }[];
  /** KPI whose trials, one a unit, stand in for exposures that no event told; absent when events did. */
  readonly exposedBy?: string;
  /** When the watch first found that units were not split as intended (docs/statistics.md G3); absent when it did not. */
  readonly splitAlarmAt?: EpochMs | null;
  /** Units served both variants within one phase. */
  readonly multiExposedUnits: number;
  readonly exposedUnits: number;
  readonly events: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly conflicts: number;
    readonly quarantined: Readonly<Record<string, number>>;
  };
  readonly heartbeatHours: readonly number[];
  readonly interventions: readonly Intervention[];
  /** What the watch found, acted upon or (in observe mode) not; absent when the watch kept no state. */
  readonly alarms?: readonly Alarm[];
  /** Hashes at the default branch's head as the Action sent them; null when unknown. */
  readonly headHashes: { readonly contract: string | null; readonly kpis: string | null };
  /** As last read before the window was over, or just after; null when unknown. */
  readonly treatmentHashNow: string | null;
  /** When a reading of the flag first showed another treatment, or another flag, in the window; absent when not kept. */
  readonly treatmentChangedAt?: EpochMs | null;
  readonly personTurnedOffAt: EpochMs | null;
  /** A person raised exposure again after an intervention. */
  readonly personOverruledAt: EpochMs | null;
  readonly supersededBy: string | null;
  readonly dataQualityRaisedBeforeAlarm: readonly string[];
  readonly pausedMinutes: number;
  readonly ledgerVerified: boolean;
  /** The head before the verdict's own entry. */
  readonly ledgerHead: { readonly size: number; readonly hash: string };
}

/** One metric's answer on the effect's own scale, gain-oriented: positive is good. */
export interface MetricResult {
  readonly kpiId: string;
  readonly title: string;
  readonly roles: readonly MetricRole[];
  readonly type: Measure['type'];
  /** What the levels are in: `ratio` is a share from 0 to 1. */
  readonly unit: string;
  /** Level of the KPI without the change and with it; null where there is none. */
  readonly levels: { readonly control: number | null; readonly treatment: number | null };
  readonly scale: 'relative' | 'absolute';
  readonly status: 'ok' | 'insufficient' | 'degenerate' | 'invalid';
  readonly estimate: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly method: string;
  readonly control: Tally;
  readonly treatment: Tally;
  /** The minimum effect or the margin that it is held against, gain-oriented; null for a leading indicator. */
  readonly threshold: number | null;
  readonly finding: 'reached' | 'not_reached' | 'harm_beyond_margin' | 'non_inferior' | 'unproven' | 'watched';
}

export interface QualityCheck {
  readonly check: string;
  readonly status: 'ok' | 'failed' | 'unknown';
  readonly detail: string;
}

/** The better bet on thin evidence (docs/statistics.md section J): an opinion for people, never a verdict. */
export interface Advice {
  readonly kpiId: string;
  readonly advice: 'keep' | 'revert';
  /** Probability that the change is a gain, in [0, 1]. */
  readonly pGain: number;
  /** Expected good outcomes lost a week by keeping a change that does harm, and by reverting one that does good. */
  readonly lossKeep: number;
  readonly lossRevert: number;
}

/** What one cohort shows of a KPI; exploratory (docs/statistics.md section M). */
export interface Segment {
  /** As the contract declares it; '' for all others together. */
  readonly cohort: string;
  readonly status: MetricResult['status'];
  /** Gain on the metric's scale, with its 90% interval, as the metric's own. */
  readonly estimate: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly control: Tally;
  readonly treatment: Tally;
  /** p for "no effect here", adjusted for all segments of the verdict (Benjamini-Hochberg); null when there is none. */
  readonly q: number | null;
  /** This cohort's part of what moved: signed as the gain, in [-1, 1]; the parts' sizes add up to 1. */
  readonly share: number | null;
  readonly finding: 'stands_out' | 'no_difference_shown' | 'no_answer';
}

/** A KPI's effect by cohort: for people to look at, it decides nothing (docs/statistics.md section M). */
export interface KpiSegments {
  readonly kpiId: string;
  readonly scale: MetricResult['scale'];
  /** As declared, the others last; empty when the KPI is not broken down. */
  readonly cohorts: readonly Segment[];
  /** p for "the effect is the same in all cohorts" (Cochran's Q); null with fewer than two that have an answer. */
  readonly heterogeneity: number | null;
  /** Why the KPI is not broken down; null when it is. */
  readonly note: string | null;
}

export interface Verdict {
  readonly verdict: VerdictWord;
  /** What the change was compared with: the traffic without it at the same time, or the weeks before it. */
  readonly design: 'concurrent' | 'before_after';
  /** Reason codes, the deciding one first; never empty. */
  readonly reasons: readonly string[];
  /** What a person should read first: one or two sentences without jargon. */
  readonly summary: string;
  readonly metrics: readonly MetricResult[];
  /** The primary KPI and the guardrails by cohort; absent when the contract declares none. */
  readonly segments?: readonly KpiSegments[];
  readonly quality: readonly QualityCheck[];
  readonly warnings: readonly string[];
  /** For an inconclusive verdict on few trials; null otherwise. */
  readonly advice: Advice | null;
  /** Further weeks of the same traffic that would decide it; null when decided or unknowable. */
  readonly moreWeeks: number | null;
}
