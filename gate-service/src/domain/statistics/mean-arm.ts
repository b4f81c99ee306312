import { isCount } from './estimate.ts';

/** Power sums of one number per unit: they merge by addition (docs/statistics.md sections A and C). */
export interface MeanArm {
  readonly n: number;
  readonly sum: number;
  readonly sumSq: number;
}

/** Power sums up to the third, which the skew guard needs. */
export interface CubedArm extends MeanArm {
  readonly sumCube: number;
}

/** What differs by less than this share of its size is equal but for rounding (docs/statistics.md section A). */
export const ROUNDING = 1e-9;

/** Power sums of raw values; a NaN or Infinity among them makes the arm invalid wherever it is used. */
export function cubedArmOf(values: readonly number[]): CubedArm {
  let [sum, sumSq, sumCube] = [0, 0, 0];
  for (const value of values) {
    sum += value;
    sumSq += value * value;
    sumCube += value ** 3;
  }
  return { n: values.length, sum, sumSq, sumCube };
}

/** Adds arms up: the sums of all their units together. */
export function mergeMeanArms(arms: readonly MeanArm[]): MeanArm {
  return arms.reduce(
    (total, arm) => ({ n: total.n + arm.n, sum: total.sum + arm.sum, sumSq: total.sumSq + arm.sumSq }),
    { n: 0, sum: 0, sumSq: 0 },
  );
}

/** Whether the sums can come from n numbers: n a count, finite, sum of squares not below sum^2 / n. */
export function isMeanArm({ n, sum, sumSq }: MeanArm): boolean {
  return isCount(n) && isSumPair(n, sum, sumSq);
}

/** Whether `sumSq` can be the sum of squares of n numbers that add up to `sum` (relative slack 1e-9). */
export function isSumPair(n: number, sum: number, sumSq: number): boolean {
  if (!Number.isFinite(sum) || !Number.isFinite(sumSq) || sumSq < 0) return false;
  return n === 0 ? sum === 0 && sumSq === 0 : sumSq * (1 + ROUNDING) >= (sum * sum) / n;
}

/**
 * Sum of squared deviations from the mean, sumSq - sum^2 / n. What is below 1e-9 of sumSq is rounding and is 0: equal
 * values must be seen as equal, or their interval would have next to no width.
 */
export function squaredDeviations(n: number, sum: number, sumSq: number): number {
  const deviations = sumSq - (sum * sum) / n;
  return deviations > ROUNDING * sumSq ? deviations : 0;
}

/** Sample variance (divisor n - 1) of a valid arm with n >= 2; exactly 0 when all values are equal. */
export function sampleVariance({ n, sum, sumSq }: MeanArm): number {
  return squaredDeviations(n, sum, sumSq) / (n - 1);
}
