import type { Estimate } from './estimate.ts';
import type { RateArm } from './rate-arm.ts';
import { rateRatioExact } from './rate-ratio-exact.ts';
import { rateRatioQuasi } from './rate-ratio-quasi.ts';

/** Below this dispersion counts pass as Poisson (docs/statistics.md section E). */
const NEARLY_POISSON = 1.2;
/** Fewer events in both arms together call for the exact interval. */
const FEW_EVENTS = 200;

/**
 * Ratio of two rates by the method that fits (docs/statistics.md section E): exact for fewer than 200 events that are
 * nearly Poisson and wherever an arm has none, else on the log scale with the dispersion.
 * @param dispersion phi >= 1 of the baseline, from dispersionOf
 * @returns          ratio B/A; as rateRatioExact and rateRatioQuasi
 */
export function rateRatio(control: RateArm, treatment: RateArm, conf: number, dispersion: number): Estimate {
  const events = control.count + treatment.count;
  return dispersion >= 1 && dispersion < NEARLY_POISSON && events < FEW_EVENTS
    ? rateRatioExact(control, treatment, conf)
    : rateRatioQuasi(control, treatment, conf, dispersion);
}
