import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Phase } from '../model/change.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { asGain, asRelativeChange, type Estimate } from '../statistics/estimate.ts';
import type { Stratum } from '../statistics/mantel-haenszel.ts';
import { stratifiedDifference, stratifiedRatio } from '../statistics/stratified.ts';

/** Verdict intervals are two one-sided 5% tests (docs/statistics.md section A). */
export const VERDICT_CONFIDENCE = 0.9;

type Direction = Kpi['direction'];

/**
 * The gain of the treatment over the control on an effect's own scale: above 0 is good. Relative effects are ratio - 1
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
  const good = direction === 'increase_is_good' ? 'up_is_good' : 'down_is_good';
  switch (scale) {
    case 'relative':
      return asGain(asRelativeChange(stratifiedRatio(strata, confidence)), good);
    case 'absolute':
      return asGain(stratifiedDifference(strata, confidence), good);
    default:
      return scale satisfies never;
  }
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
  evidence: Pick<MetricEvidence, 'strata'>,
  phases: readonly Phase[],
): readonly Stratum[] {
  return evidence.strata.flatMap(({ phaseIndex, off, on, minutes }) => {
    const phase = phases.find(({ index }) => index === phaseIndex);
    return phase && splitsTraffic(phase) ? [{ control: off, treatment: on, minutes }] : [];
  });
}

/** Whether a phase serves both variants. */
export function splitsTraffic({ share }: Pick<Phase, 'share'>): boolean {
  return share > 0 && share < 1;
}
