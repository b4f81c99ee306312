import type { EstimateStatus } from './estimate.ts';
import { type CubedArm, isMeanArm, squaredDeviations } from './mean-arm.ts';

/** Units that a mean needs per squared skewness before its t interval can be trusted (Kohavi, docs/statistics.md C). */
const UNITS_PER_SQUARED_SKEW = 355;

/** Whether a mean has enough units for its skewness. */
export interface SkewGuard {
  readonly status: EstimateStatus;
  /** True only when both arms are known to have enough. When false a verdict may not be `pass` on the t interval. */
  readonly enough: boolean;
  /** The larger skewness of the two arms in absolute value; NaN when unknown. */
  readonly skewness: number;
  /** 355 x skewness^2, rounded up; NaN when unknown. */
  readonly unitsNeeded: number;
}

/**
 * Checks nA and nB against 355 x skewness^2 (docs/statistics.md section C). Where it says no, a pass is withheld, or
 * the interval comes from bootstrapT: a harm shown by the t interval stays shown.
 * @param control   power sums of winsorised values, third powers included
 * @param treatment the same
 * @returns         `insufficient` under 2 units in an arm, `degenerate` without variance, `invalid` for broken sums: in
 *                  all of them `enough` is false
 */
export function skewGuard(control: CubedArm, treatment: CubedArm): SkewGuard {
  const arms = [control, treatment];
  if (!arms.every((arm) => isMeanArm(arm) && Number.isFinite(arm.sumCube))) return unknown('invalid');
  if (arms.some(({ n }) => n < 2)) return unknown('insufficient');
  const skews = arms.map((arm) => Math.abs(skewnessOf(arm))).filter((skew) => !Number.isNaN(skew));
  if (skews.length === 0) return unknown('degenerate');
  const skewness = Math.max(...skews);
  const unitsNeeded = Math.ceil(UNITS_PER_SQUARED_SKEW * skewness * skewness);
  return { status: 'ok', enough: Math.min(control.n, treatment.n) >= unitsNeeded, skewness, unitsNeeded };
}

/** Skewness m3 / m2^1.5 of a valid arm (moments with divisor n); NaN without variance. */
export function skewnessOf({ n, sum, sumSq, sumCube }: CubedArm): number {
  const second = squaredDeviations(n, sum, sumSq) / n;
  if (!(second > 0)) return Number.NaN;
  const mean = sum / n;
  const third = sumCube / n - (3 * mean * sumSq) / n + 2 * mean ** 3;
  return third / second ** 1.5;
}

function unknown(status: EstimateStatus): SkewGuard {
  return { status, enough: false, skewness: Number.NaN, unitsNeeded: Number.NaN };
}
