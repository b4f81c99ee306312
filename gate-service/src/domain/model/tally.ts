import { type LogHistogram, mergeLogHistograms } from '../statistics/log-histogram.ts';
import type { Variant } from './variant.ts';

/**
 * Sufficient statistics of one KPI over some trials. Whole numbers that merge by addition, so that order, lateness and
 * repetition of events cannot matter. What they hold depends on the KPI's type (docs/statistics.md section A):
 *
 * | type | n | y | yy | d, dd, yd |
 * | --- | --- | --- | --- | --- |
 * | proportion | trials | those that count | none | none |
 * | mean | units | their amounts | squares | the same units before the change, for CUPED |
 * | ratio | units | numerators | squares | denominators |
 * | rate | events of exposure | events counted | none | none |
 * | quantile | trials | 0 | none; `histogram` has the latencies | none |
 * | gauge | samples | their levels | squares | none |
 *
 * Amounts and levels are in steps of the measure's `Amount`.
 */
export interface Tally {
  readonly n: number;
  readonly y: number;
  readonly sums?: Sums;
  readonly histogram?: LogHistogram;
}

/** Sums of squares and products over trials, and how many trials were not what they should be. */
export interface Sums {
  readonly yy: number;
  readonly d: number;
  readonly dd: number;
  readonly yd: number;
  /** Trials whose amount lay outside of [0, cap] and counts as the nearer end. */
  readonly clipped: number;
  /** Trials with an event that should have had a `value` and had none; it adds nothing. */
  readonly missing: number;
}

export type TallyByVariant = Readonly<Record<Variant, Tally>>;

export const NO_TALLY: Tally = { n: 0, y: 0 };
export const NO_SUMS: Sums = { yy: 0, d: 0, dd: 0, yd: 0, clipped: 0, missing: 0 };

/** Adds two tallies of one KPI up; the order is irrelevant. */
export function addTallies(left: Tally, right: Tally): Tally {
  const sums = left.sums && right.sums ? addSums(left.sums, right.sums) : (left.sums ?? right.sums);
  const histograms = [left.histogram, right.histogram].filter((one) => one !== undefined);
  return {
    n: left.n + right.n,
    y: left.y + right.y,
    ...(sums && { sums }),
    ...(histograms.length > 0 && {
      histogram: histograms.length > 1 ? mergeLogHistograms(histograms) : histograms[0]!,
    }),
  };
}

function addSums(left: Sums, right: Sums): Sums {
  return {
    yy: left.yy + right.yy,
    d: left.d + right.d,
    dd: left.dd + right.dd,
    yd: left.yd + right.yd,
    clipped: left.clipped + right.clipped,
    missing: left.missing + right.missing,
  };
}
