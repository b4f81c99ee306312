import { chiSquareSf } from './distributions.ts';
import type { ProportionArm } from './estimate.ts';

/**
 * Common odds ratio of 2 x 2 tables, treatment over control, with the Mantel-Haenszel test without continuity
 * correction. Not used in a verdict, which speaks of differences and ratios: here so that strata can be compared with R.
 * @param strata valid counts; one with at most one unit says nothing
 * @returns      NaN or Infinity where no stratum holds an event against a non-event
 * @see          Mantel and Haenszel 1959; checked against R 4.2.2 mantelhaen.test(correct = FALSE)
 */
export function mantelHaenszelOdds(
  strata: readonly { readonly control: ProportionArm; readonly treatment: ProportionArm }[],
): { oddsRatio: number; chiSquare: number; p: number } {
  let [numerator, denominator, excess, variance] = [0, 0, 0, 0];
  for (const { control, treatment } of strata) {
    const [n, events] = [control.n + treatment.n, control.y + treatment.y];
    if (n <= 1) continue;
    numerator += (treatment.y * (control.n - control.y)) / n;
    denominator += (control.y * (treatment.n - treatment.y)) / n;
    excess += treatment.y - (treatment.n * events) / n;
    variance += ((treatment.n / n) * (control.n / n) * events * (n - events)) / (n - 1);
  }
  const chiSquare = excess ** 2 / variance;
  return {
    oddsRatio: numerator / denominator,
    chiSquare,
    p: Number.isNaN(chiSquare) ? Number.NaN : chiSquareSf(chiSquare, 1),
  };
}
