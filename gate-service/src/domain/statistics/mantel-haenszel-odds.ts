import { chiSquareSf } from './distributions.ts';
import { type EstimateStatus, isProportionArm, type ProportionArm } from './estimate.ts';

/** Common odds ratio of several 2 x 2 tables and the test that it is 1. */
export interface MantelHaenszelOdds {
  readonly status: EstimateStatus;
  /** Odds of an event in treatment over those in control; Infinity when no control event meets a treatment non-event. */
  readonly oddsRatio: number;
  /** Without continuity correction, one degree of freedom. */
  readonly chiSquare: number;
  readonly p: number;
}

/**
 * Common odds ratio of 2 x 2 tables, treatment over control, with the Mantel-Haenszel test without continuity
 * correction. Not used in a verdict, which speaks of differences and ratios: here so that strata can be compared with R.
 * @param strata y events of n units per arm; one with at most one unit says nothing
 * @returns      `insufficient` with NaN when no stratum could have come out otherwise; `invalid` for broken counts
 * @see          Mantel and Haenszel 1959; checked against R 4.2.2 mantelhaen.test(correct = FALSE)
 */
export function mantelHaenszelOdds(
  strata: readonly { readonly control: ProportionArm; readonly treatment: ProportionArm }[],
): MantelHaenszelOdds {
  const none = { oddsRatio: Number.NaN, chiSquare: Number.NaN, p: Number.NaN };
  if (!strata.every(({ control, treatment }) => isProportionArm(control) && isProportionArm(treatment))) {
    return { status: 'invalid', ...none };
  }
  let [numerator, denominator, excess, variance] = [0, 0, 0, 0];
  for (const { control, treatment } of strata) {
    const [n, events] = [control.n + treatment.n, control.y + treatment.y];
    if (n <= 1) continue;
    numerator += (treatment.y * (control.n - control.y)) / n;
    denominator += (control.y * (treatment.n - treatment.y)) / n;
    excess += treatment.y - (treatment.n * events) / n;
    variance += ((treatment.n / n) * (control.n / n) * events * (n - events)) / (n - 1);
  }
  if (variance === 0) return { status: 'insufficient', ...none };
  const chiSquare = excess ** 2 / variance;
  return { status: 'ok', oddsRatio: numerator / denominator, chiSquare, p: chiSquareSf(chiSquare, 1) };
}
