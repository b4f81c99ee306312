import { twoSidedZ } from './distributions.ts';
import { isMeanArm, type MeanArm, sampleVariance } from './mean-arm.ts';

/** What skewness may add to a one-sided error of 5% at most: a pass is then wrong at most 6% of the time. */
const TOLERATED_ERROR = 0.01;
/** (2 z^2 + 1) / 6 x the normal density at z = 1.645: error that one unit of skewness adds to a one-sided 5% t interval. */
const ERROR_PER_SKEWNESS = 0.11;

/** The interval of which `addedError` speaks. */
const BOUND_CONFIDENCE = 0.9;
/** Of the error wanted, what is left of it at the least. */
const SMALLEST_ERROR = 1 / 5;

/**
 * Whether a t interval of two means may carry a one-sided claim although the values, in [0, cap], may be skewed
 * (docs/statistics.md section C). Where a change does nothing both arms are skewed alike, and that cancels but for their
 * sizes: it adds .11 g (1/nA^2 - 1/nB^2) / (1/nA + 1/nB)^1.5 to the error of "the treatment is higher", by Edgeworth's first
 * term. Third moments are not kept, so that g ranges over what the means and variances allow: from v - 1/v, for a
 * coefficient of variation v, up to the lesser of what the cap allows, w - 1/w with w = (cap - mean)/sd, and the
 * skewness of a lognormal of that spread, v^3 + 3v.
 * @param arms  power sums of the values of both arms, clipped to [0, cap]
 * @param cap   > 0, in the unit of the values
 * @param claim what is to be shown of the treatment
 * @returns     the error that skewness may add, in probability, and whether that is small enough; NaN and false for
 *              broken sums, fewer than 2 units in an arm, no variance, or a mean of 0
 * @see         Hall 1992 on the Studentised mean
 */
export function skewBound(
  { control, treatment }: { readonly control: MeanArm; readonly treatment: MeanArm },
  cap: number,
  claim: 'higher' | 'lower',
): { readonly enough: boolean; readonly addedError: number } {
  const arms = [control, treatment];
  const valid = arms.every((arm) => isMeanArm(arm) && arm.n >= 2 && arm.sum > 0 && sampleVariance(arm) > 0);
  if (!valid || !(cap > 0)) return { enough: false, addedError: Number.NaN };
  const ranges = arms.map((arm) => skewnessRange(arm, cap));
  const [least, most] = [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];
  const [a, b] = [1 / control.n, 1 / treatment.n];
  const slope = ((claim === 'higher' ? 1 : -1) * ERROR_PER_SKEWNESS * (a * a - b * b)) / (a + b) ** 1.5;
  const addedError = Math.max(slope * least, slope * most);
  return { enough: addedError <= TOLERATED_ERROR, addedError };
}

/**
 * The two-sided confidence whose interval has, at the limit that carries the claim, the error that was asked for in
 * spite of skewness (docs/statistics.md section C): what skewness may add is taken off the one-sided error beforehand.
 * @param confidence wanted, in (0, 1)
 * @param bound      of the claim; where it is small enough, or not known, the confidence stays what it is
 * @returns          the error wanted is cut to a fifth at the most: what is bounded is the worst that values could be
 */
export function skewSafeConfidence(confidence: number, { enough, addedError }: ReturnType<typeof skewBound>): number {
  if (enough || Number.isNaN(addedError)) return confidence;
  const wanted = (1 - confidence) / 2;
  const shape = (z: number) => (2 * z * z + 1) * Math.exp((-z * z) / 2);
  const added = (addedError * shape(twoSidedZ(confidence))) / shape(twoSidedZ(BOUND_CONFIDENCE));
  return 1 - 2 * Math.max(wanted * SMALLEST_ERROR, wanted - added);
}

/** The least and the greatest skewness that values in [0, cap] with an arm's mean and variance may be expected to have. */
function skewnessRange(arm: MeanArm, cap: number): readonly [low: number, high: number] {
  const [mean, sd] = [arm.sum / arm.n, Math.sqrt(sampleVariance(arm))];
  const [spread, room] = [sd / mean, (cap - mean) / sd];
  return [spread - 1 / spread, Math.min(room - 1 / room, spread ** 3 + 3 * spread)];
}
