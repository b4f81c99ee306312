import type { Finding } from '../../contract/finding.ts';
import type { Measure } from '../../contract/kpi-measure.ts';

export const CONCLUSIONS = ['go', 'adjust', 'no_contract'] as const;
export type Conclusion = (typeof CONCLUSIONS)[number];

/** Chance of each verdict; they sum to 1. */
export interface Odds {
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
}

/** How earlier predictions of the same KPI compared with what was measured (docs/statistics.md N8). */
export interface PredictionRecord {
  /** Predictions whose change was measured, on the scale of this contract. */
  readonly count: number;
  /** Those whose measured effect went the way that was predicted. */
  readonly inDirection: number;
  /** Median of measured over predicted effects: 0.5 is "half of what was promised". */
  readonly medianRatio: number;
  /** Mean Brier score of the odds, 0 (sure and right) to 2 (sure and wrong); null when none had odds. */
  readonly brier: number | null;
  /** The score of always naming the verdicts' own frequencies; a record above it is worse than no forecast. */
  readonly brierReference: number | null;
  /** The author's prediction, shrunk by the record; null when there is none or the record is too short. */
  readonly correctedEffect: number | null;
}

/** What the window can show, before the deploy. Effects are gain-oriented on the contract's scale; shares in [0, 1]. */
export interface Forecast {
  readonly conclusion: Conclusion;
  /** One or two sentences for people. */
  readonly summary: string;
  /** Concrete adjustments that would make it decidable; empty for `go`. */
  readonly adjustments: readonly string[];
  readonly primary: {
    readonly kpiId: string;
    readonly title: string;
    readonly type: Measure['type'];
    /** What the level is in: `ratio` is a share from 0 to 1. */
    readonly unit: string;
    readonly scale: 'relative' | 'absolute';
    /** Level of the last weeks in `unit`; null without history. */
    readonly baseline: number | null;
    readonly historyWeeks: number;
    /** Units expected in the window over both variants. */
    readonly units: number | null;
    readonly minimumEffect: number;
    readonly predictedEffect: number | null;
    readonly minimumDetectableEffect: number | null;
    /** Chance that a true effect of the minimum's size is told from none (`no_worse_than`: no effect from the margin). */
    readonly powerAtMinimum: number | null;
    readonly weeksNeeded: number | null;
    readonly method: 'normal' | 'exact';
    /** Null when no earlier prediction of the KPI was measured. */
    readonly record: PredictionRecord | null;
  };
  /** Odds of each outcome under the author's prediction; null without history or prediction. */
  readonly odds: Odds | null;
  /** The same under the prediction as the KPI's record corrects it; null without a correction. */
  readonly oddsCorrected: Odds | null;
  /** How fast the watch would notice a doubling of what is bad, or a halving of what is good, per metric. */
  readonly detection: readonly {
    readonly kpiId: string;
    readonly minutes: number | null;
    readonly unitsHarmed: number | null;
  }[];
  /** How often each fast rule would have fired in the history, per week; null without history. */
  readonly fastRules: readonly { readonly kpiId: string; readonly firingsPerWeek: number | null }[];
  readonly findings: readonly Finding[];
}
