import type { Estimate } from './estimate.ts';
import type { MeanArm } from './mean-arm.ts';
import { stratifiedMeanDifference } from './stratified-means.ts';

/**
 * Difference of two means, treatment minus control, with Welch's interval (docs/statistics.md C1). Chosen because arms
 * may differ in size and spread; with one variance 0 only the other arm's degrees of freedom remain.
 * @param control    power sums of one winsorised value per unit with the flag off
 * @param treatment  the same with the flag on
 * @param conf       two-sided confidence in (0, 1)
 * @param resolution smallest step the metric can show, > 0; null when not declared
 * @returns          difference in the unit of the metric; fewer than 2 units in an arm is `insufficient` with an
 *                   infinite interval; both variances 0 is `degenerate` (0 +- resolution / 2 for equal means, an infinite
 *                   interval for unequal ones) or, for equal means without a resolution, `insufficient`; sums that
 *                   contradict each other are `invalid`
 * @see              Welch 1947; checked against R 4.2.2 t.test
 */
export function welchDifference(
  control: MeanArm,
  treatment: MeanArm,
  conf: number,
  resolution: number | null = null,
): Estimate {
  return stratifiedMeanDifference([{ control, treatment }], conf, resolution, 'welch');
}
