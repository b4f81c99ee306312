import type { Effect } from '../../contract/effect.ts';
import type { Odds } from './forecast.ts';
import type { EpochMs } from './time.ts';
import type { VerdictWord } from './verdict.ts';

/** What was predicted before a deploy against what its first verdict said. Effects are gains on `scale`. */
export interface ScoredPrediction {
  readonly changeId: string;
  readonly repository: string;
  readonly kpiId: string;
  /** When the verdict was made. */
  readonly madeAt: EpochMs;
  readonly predictedGain: number;
  readonly scale: Effect['kind'];
  /** Odds of the forecast; null when it had none, or when it was made after the activation and so was no forecast. */
  readonly odds: Odds | null;
  readonly outcome: VerdictWord;
  /** The verdict's estimate with its 90% interval; null when nothing trustworthy was measured. */
  readonly measured: { readonly estimate: number; readonly lo: number; readonly hi: number } | null;
  /** Brier score of the odds over the three outcomes, 0 to 2; null without odds. */
  readonly brier: number | null;
}
