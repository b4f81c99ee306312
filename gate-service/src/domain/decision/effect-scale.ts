import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Phase } from '../model/change.ts';
import type { Tally } from '../model/tally.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { asGain, asRelativeChange, type Estimate } from '../statistics/estimate.ts';
import type { Stratum } from '../statistics/mantel-haenszel.ts';
import { stratifiedDifference, stratifiedRatio } from '../statistics/stratified.ts';

/** Verdict intervals are two one-sided 5% tests (docs/statistics.md section A). */
export const VERDICT_CONFIDENCE = 0.9;

type Direction = Kpi['direction'];

/** Both arms of one phase, with all that the KPI's type keeps of them. */
export interface TallyStratum extends Stratum {
  readonly control: Tally;
  readonly treatment: Tally;
}

/**
 * The gain of a proportion's treatment over its control on an effect's own scale: above 0 is good. Relative effects are ratio - 1
 * (or 1 - ratio where a decrease is good), absolute ones the difference of rates (docs/statistics.md B3, B4, section
 * I).
 * @param strata comparable phases; see comparableStrata
 * @param confidence two-sided, in (0, 1)
 * @returns fraction: 0.05 is "5%" or "5 percentage points"; non-answers as stratifiedRatio and stratifiedDifference
 */
export function gainEstimate(
  direction: Direction,
  scale: Effect['kind'],
  strata: readonly Stratum[],
  confidence: number = VERDICT_CONFIDENCE,
): Estimate {
  switch (scale) {
    case 'relative':
      return gainOfRatio(stratifiedRatio(strata, confidence), direction);
    case 'absolute':
      return gainOfDifference(stratifiedDifference(strata, confidence), direction);
    default:
      return scale satisfies never;
  }
}

/** A ratio B/A as a relative gain: above 0 is good. */
export function gainOfRatio(ratio: Estimate, direction: Direction): Estimate {
  return gainOfDifference(asRelativeChange(ratio), direction);
}

/** A change B - A, or relative to A, as a gain: above 0 is good. */
export function gainOfDifference(change: Estimate, direction: Direction): Estimate {
  return asGain(change, direction === 'increase_is_good' ? 'up_is_good' : 'down_is_good');
}

/** An effect that carries the KPI's good sign ("-20%" where a decrease is good) as a gain: above 0 is good. */
export function gainOf(effect: Effect, direction: Direction): number {
  return direction === 'increase_is_good' ? effect.value : 0 - effect.value;
}

/**
 * The phases in which both variants were on offer, as strata: where the flag was off or fully on there is no control to
 * compare with, and stray units of a cached flag are no random sample (docs/statistics.md section I).
 */
export function comparableStrata(
  { strata }: Pick<MetricEvidence, 'strata'>,
  phases: readonly Phase[],
): readonly TallyStratum[] {
  return comparableRows(strata, phases).map(({ off, on, minutes }) => ({ control: off, treatment: on, minutes }));
}

/** Those of the rows that lie in a phase in which both variants were on offer. */
export function comparableRows<Row extends { readonly phaseIndex: number }>(
  rows: readonly Row[],
  phases: readonly Phase[],
): readonly Row[] {
  const split = new Set(phases.filter(splitsTraffic).map(({ index }) => index));
  return rows.filter(({ phaseIndex }) => split.has(phaseIndex));
}

/** Whether a phase serves both variants. */
export function splitsTraffic({ share }: Pick<Phase, 'share'>): boolean {
  return share > 0 && share < 1;
}
