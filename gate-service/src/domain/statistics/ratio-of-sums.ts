import { type Estimate, invalidEstimate, isCount, isProbabilityLevel } from './estimate.ts';
import { isSumPair, ROUNDING } from './mean-arm.ts';
import { isResolution } from './stratified-means.ts';
import { type ArmSummary, weightedDifference, weightedRatio } from './weighted-arms.ts';

/** Power sums of numerator x and denominator d per unit, e.g. errors and requests of a user (docs/statistics.md D). */
export interface RatioArm {
  readonly n: number;
  readonly sumX: number;
  readonly sumD: number;
  readonly sumXX: number;
  readonly sumDD: number;
  readonly sumXD: number;
}

/** Both arms of one span of constant allocation, or of a cohort. */
export interface RatioStratum {
  readonly control: RatioArm;
  readonly treatment: RatioArm;
}

/** Power sums of raw pairs; a NaN or Infinity among them makes the arm invalid wherever it is used. */
export function ratioArmOf(pairs: readonly (readonly [x: number, d: number])[]): RatioArm {
  let [sumX, sumD, sumXX, sumDD, sumXD] = [0, 0, 0, 0, 0];
  for (const [x, d] of pairs) {
    sumX += x;
    sumD += d;
    sumXX += x * x;
    sumDD += d * d;
    sumXD += x * d;
  }
  return { n: pairs.length, sumX, sumD, sumXX, sumDD, sumXD };
}

/** Whether the sums can come from n pairs with denominators that add up to 0 or more. */
export function isRatioArm({ n, sumX, sumD, sumXX, sumDD, sumXD }: RatioArm): boolean {
  const sums = isSumPair(n, sumX, sumXX) && isSumPair(n, sumD, sumDD);
  return isCount(n) && sums && sumD >= 0 && Math.abs(sumXD) <= Math.sqrt(sumXX * sumDD) * (1 + ROUNDING);
}

/**
 * Ratio of sums of one arm with its delta-method variance, that is the variance of x - R d (docs/statistics.md D1).
 * @param arm valid, with n >= 2 and sumD > 0
 * @returns   R = sumX / sumD and the variance of R; 0 when every unit has the same ratio
 * @see       Deng, Knoblich, Lu 2018; checked against the deviation of linearised residuals in numpy
 */
export function ratioOfSums(arm: RatioArm): ArmSummary {
  const { n, sumX, sumD, sumXX, sumDD, sumXD } = arm;
  const value = sumX / sumD;
  const size = sumXX + value * value * sumDD;
  // x - R d adds up to 0 over the arm, so its sum of squares is its sum of squared deviations.
  const residual = size - 2 * value * sumXD;
  const variance = residual > ROUNDING * size ? (n / (n - 1)) * (residual / sumD / sumD) : 0;
  return { n, value, variance, df: n - 1 };
}

/**
 * Difference of a ratio of sums, treatment minus control, over strata weighted by nA nB / (nA + nB) (docs/statistics.md D1
 * and I). For metrics whose denominator varies by unit: requests per user, revenue per order.
 * @param strata     one for constant allocation; a stratum with fewer than 2 units, or no denominator, in an arm is
 *                   left out
 * @param conf       two-sided confidence in (0, 1)
 * @param resolution smallest step the ratio can show, > 0; null when not declared
 * @returns          in the unit of the ratio; no stratum left (denominators of 0) is `insufficient`; without variance as
 *                   weightedDifference; any broken stratum makes it `invalid`
 */
export function ratioDifference(
  strata: readonly RatioStratum[],
  conf: number,
  resolution: number | null = null,
): Estimate {
  const method = 'delta_ratio_difference';
  if (!isUsable(strata, conf, resolution)) return invalidEstimate(method);
  return weightedDifference(method, summarise(strata), conf, resolution);
}

/**
 * The same as a ratio treatment over control on the log scale (docs/statistics.md D1 and C2).
 * @param strata as for ratioDifference
 * @returns      ratio of the ratios (1 is "no change"); non-answers as weightedRatio
 */
export function ratioLogRatio(
  strata: readonly RatioStratum[],
  conf: number,
  resolution: number | null = null,
): Estimate {
  const method = 'delta_ratio_log_ratio';
  if (!isUsable(strata, conf, resolution)) return invalidEstimate(method);
  return weightedRatio(method, summarise(strata), conf, resolution);
}

function isUsable(strata: readonly RatioStratum[], conf: number, resolution: number | null): boolean {
  const valid = strata.every(({ control, treatment }) => isRatioArm(control) && isRatioArm(treatment));
  return valid && isProbabilityLevel(conf) && isResolution(resolution);
}

function summarise(strata: readonly RatioStratum[]) {
  return strata
    .filter(({ control, treatment }) => control.sumD > 0 && treatment.sumD > 0)
    .map(({ control, treatment }) => ({ control: ratioOfSums(control), treatment: ratioOfSums(treatment) }));
}
