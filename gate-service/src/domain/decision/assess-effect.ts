import { binomialCdf, binomialSf } from '../statistics/distributions.ts';

/**
 * Earliest judgement of an intervention's effect on exposures, and the units it needs (docs/reliability.md section 2).
 */
export const EFFECT_MINUTES = 3;
export const EFFECT_UNITS = 30;
const REJECT_BELOW = 0.001;

export type Effect = 'not_yet_measurable' | 'effective' | 'not_effective';

/**
 * Whether newly exposed units follow the share that was set: the exact two-sided binomial test does not
 * reject it at p < .001.
 * @param exposed     units first exposed since the act was published, by variant
 * @param minutes     minutes since then
 * @param targetShare share of the treatment that was set, in [0, 1]
 */
export function assessEffect(exposed: { off: number; on: number }, minutes: number, targetShare: number): Effect {
  const units = exposed.off + exposed.on;
  if (minutes < EFFECT_MINUTES || units < EFFECT_UNITS) return 'not_yet_measurable';
  return binomialTest(exposed.on, units, targetShare) >= REJECT_BELOW ? 'effective' : 'not_effective';
}

/** Exact two-sided binomial p-value, twice the smaller tail, at most 1. */
function binomialTest(successes: number, trials: number, p: number): number {
  const lower = binomialCdf(successes, trials, p);
  const upper = successes === 0 ? 1 : binomialSf(successes - 1, trials, p);
  return Math.min(1, 2 * Math.min(lower, upper));
}
