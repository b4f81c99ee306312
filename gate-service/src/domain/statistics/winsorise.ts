import { quantileOfValues } from './quantile.ts';

/** Values are capped at this quantile of the baseline (docs/statistics.md section C). */
export const WINSOR_QUANTILE = 0.999;

/** Values after capping, and how many the cap touched. */
export interface Winsorised {
  readonly values: readonly number[];
  readonly clipped: number;
  /** In [0, 1]; above 1% is a data-quality failure (docs/statistics.md section Q). NaN without values. */
  readonly clippedShare: number;
}

/**
 * The cap M of a mean: the 99.9% quantile of the baseline, type 7 (docs/statistics.md section C). Taken from the
 * baseline so that treatment cannot move it.
 * @param baseline one value per unit from before the deploy
 * @returns        in the unit of the metric; NaN without values or with a value that is not a finite number
 */
export function winsorCap(baseline: readonly number[]): number {
  return quantileOfValues(baseline, WINSOR_QUANTILE);
}

/**
 * Caps values from above. Values below 0 (refunds) stay as they are.
 * @param values one per unit, both arms alike
 * @param cap    from winsorCap, fixed before the deploy
 */
export function winsorise(values: readonly number[], cap: number): Winsorised {
  const clipped = values.filter((value) => value > cap).length;
  return { values: values.map((value) => Math.min(value, cap)), clipped, clippedShare: clipped / values.length };
}
