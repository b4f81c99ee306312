import { tQuantile } from './distributions.ts';
import { isProbabilityLevel } from './estimate.ts';
import { noncentralTSf } from './noncentral-t.ts';

/** Design of a two-sample t test with equal arms. */
export interface MeanDesign {
  /** Difference to find, in the unit of sd. */
  readonly delta: number;
  /** Standard deviation of one unit, > 0. */
  readonly sd: number;
  readonly alpha: number;
  /** 1 for a directed test (the verdict's), 2 for an undirected one. */
  readonly sides: 1 | 2;
}

/** Sizes between which an answer is looked for, as R does. */
const FEWEST_UNITS = 2;
const MOST_UNITS = 1e7;

/**
 * Power of the two-sample t test (docs/statistics.md N2 for means, with the t instead of the normal distribution).
 * @param n units per arm, >= 2, may be fractional
 * @returns chance of finding the difference in its direction; NaN for a broken design
 * @see     R 4.2.2 power.t.test (not strict)
 */
export function tTestPower({ delta, sd, alpha, sides }: MeanDesign, n: number): number {
  if (!(isProbabilityLevel(alpha) && sd > 0 && n >= FEWEST_UNITS && Number.isFinite(delta / sd + n))) return Number.NaN;
  const df = 2 * (n - 1);
  return noncentralTSf(-tQuantile(alpha / sides, df), df, Math.sqrt(n / 2) * (Math.abs(delta) / sd));
}

/**
 * Units per arm that a two-sample t test needs for a power.
 * @returns fractional units, round up for display; Infinity when ten million are not enough (a difference of 0); 2 when
 *          two are more than enough; NaN for a broken design
 * @see     R 4.2.2 power.t.test
 */
export function tTestSampleSize(design: MeanDesign, power: number): number {
  if (Number.isNaN(tTestPower(design, FEWEST_UNITS)) || !isProbabilityLevel(power)) return Number.NaN;
  if (tTestPower(design, FEWEST_UNITS) >= power) return FEWEST_UNITS;
  if (tTestPower(design, MOST_UNITS) < power) return Number.POSITIVE_INFINITY;
  let [low, high] = [FEWEST_UNITS, MOST_UNITS];
  while (high / low > 1 + 1e-12) {
    const middle = Math.sqrt(low * high);
    if (tTestPower(design, middle) >= power) high = middle;
    else low = middle;
  }
  return high;
}
