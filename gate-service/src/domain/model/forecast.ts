import type { Finding } from '../../contract/finding.ts';

export const CONCLUSIONS = ['go', 'adjust', 'no_contract'] as const;
export type Conclusion = (typeof CONCLUSIONS)[number];

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
    readonly scale: 'relative' | 'absolute';
    /** Rate of the last weeks; null without history. */
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
  };
  /** Odds of each outcome under the author's prediction; null without history or prediction. */
  readonly odds: { readonly pass: number; readonly fail: number; readonly inconclusive: number } | null;
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
