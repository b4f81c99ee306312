import type { Variant } from '../../../../domain/model/variant.ts';

/** How variants stand in the tables; NO_VARIANT is a KPI's own history, in which nobody is divided. */
export const VARIANT_CODES: Readonly<Record<Variant, number>> = { off: 0, on: 1 };
export const NO_VARIANT = 2;
/** Week of a unit's trial in a change's scope: one trial a unit for the whole window. */
export const WHOLE_WINDOW = 0;
/** Id of the series that counts a change's exposed units; no KPI can have it. */
export const EXPOSURE_SERIES = '';
/** Bucket of a latency of 0, which has no logarithm: below that of the smallest number there is. */
export const ZERO_BUCKET = -1_000_000;

/** Id of the series with the units behind a status KPI's trials; no KPI can have it. */
export function unitsSeries(kpiId: string): string {
  return `${kpiId}/units`;
}
