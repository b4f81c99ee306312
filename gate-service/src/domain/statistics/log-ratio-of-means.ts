import type { Estimate } from './estimate.ts';
import type { MeanArm } from './mean-arm.ts';
import { stratifiedMeanRatio } from './stratified-means.ts';

/**
 * Ratio of two means, treatment over control, on the log scale (docs/statistics.md C2).
 * @param control    power sums of one winsorised value per unit with the flag off
 * @param treatment  the same with the flag on
 * @param conf       two-sided confidence in (0, 1)
 * @param resolution smallest step the metric can show, > 0, in its unit; null when not declared
 * @returns          ratio B/A (1 is "no change"); `insufficient` when fewer than 2 units are in an arm, a mean is not
 *                   above 0, or control's mean is less than 3 standard errors above 0 (the baseline is too noisy): then
 *                   only the absolute difference, welchDifference, can be judged; without variance as welchDifference
 */
export function logRatioOfMeans(
  control: MeanArm,
  treatment: MeanArm,
  conf: number,
  resolution: number | null = null,
): Estimate {
  return stratifiedMeanRatio([{ control, treatment }], conf, resolution, 'log_ratio_of_means');
}
