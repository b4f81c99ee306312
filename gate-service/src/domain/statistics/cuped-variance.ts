import type { CupedArm } from './cuped.ts';
import { squaredDeviations } from './mean-arm.ts';

/**
 * Sample variance of the adjusted values y - theta x of one arm (docs/statistics.md H3).
 * @param arm valid (isCupedArm), n >= 2
 * @returns   >= 0, in the squared unit of the metric; NaN for fewer than 2 units
 */
export function cupedVariance({ n, sumY, sumYY, sumX, sumXX, sumXY }: CupedArm, theta: number): number {
  if (n < 2) return Number.NaN;
  const [squareY, squareX] = [squaredDeviations(n, sumY, sumYY), theta * theta * squaredDeviations(n, sumX, sumXX)];
  return Math.max(0, squareY + squareX - 2 * theta * (sumXY - (sumX * sumY) / n)) / (n - 1);
}
