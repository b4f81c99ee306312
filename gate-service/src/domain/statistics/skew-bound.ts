import { isMeanArm, type MeanArm, sampleVariance } from './mean-arm.ts';

/** What skewness may add to a one-sided error of 5% at most: a pass is then wrong at most 6% of the time. */
const TOLERATED_ERROR = 0.01;
/** (2 z^2 + 1) / 6 x the normal density at z = 1.645: error that one unit of skewness adds to a one-sided 5% t interval. */
const ERROR_PER_SKEWNESS = 0.11;

/**
 * Whether a t interval of two means can be trusted whatever the skewness of the values, known only to lie in [0, cap]
 * (docs/statistics.md section C). Third moments are not kept; in [0, cap] that of an arm lies between -mean x variance and
 * (cap - mean) x variance, which bounds the skewness of the difference, and with Edgeworth's first term its error.
 * @param arms power sums of the values of both arms, clipped to [0, cap]
 * @param cap  > 0, in the unit of the values
 * @returns    the error that skewness may add, in probability, and whether that is small enough; NaN and false for
 *             broken sums, fewer than 2 units in an arm, or no variance
 * @see        Hall 1992 on the Studentised mean
 */
export function skewBound(
  { control, treatment }: { readonly control: MeanArm; readonly treatment: MeanArm },
  cap: number,
): { readonly enough: boolean; readonly addedError: number } {
  const valid = isMeanArm(control) && isMeanArm(treatment) && control.n >= 2 && treatment.n >= 2 && cap > 0;
  if (!valid) return { enough: false, addedError: Number.NaN };
  const [a, b] = [thirdMoments(control, cap), thirdMoments(treatment, cap)];
  const spread = (sampleVariance(control) / control.n + sampleVariance(treatment) / treatment.n) ** 1.5;
  const addedError = (ERROR_PER_SKEWNESS * Math.max(a.most + b.least, b.most + a.least)) / spread;
  return { enough: addedError <= TOLERATED_ERROR, addedError };
}

/** Largest third central moment of an arm's mean to the right and to the left, as sizes. */
function thirdMoments(arm: MeanArm, cap: number): { readonly most: number; readonly least: number } {
  const [mean, variance] = [arm.sum / arm.n, sampleVariance(arm)];
  return { most: ((cap - mean) * variance) / arm.n ** 2, least: (mean * variance) / arm.n ** 2 };
}
