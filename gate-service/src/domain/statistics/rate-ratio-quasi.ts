import { twoSidedZ } from './distributions.ts';
import { type Estimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';
import { isDispersion, isRateArm, type RateArm } from './rate-arm.ts';
import { rateRatioExact } from './rate-ratio-exact.ts';
import { logInterval } from './weighted-arms.ts';

/**
 * Ratio of two over-dispersed rates, treatment over control: ln ratio +- z sqrt(phi (1/cA + 1/cB)) (docs/statistics.md
 * E3).
 * @param control    count of events over an exposure with the flag off
 * @param treatment  the same with the flag on
 * @param conf       two-sided confidence in (0, 1)
 * @param dispersion phi >= 1, from dispersionOf
 * @returns          ratio B/A, n is cA + cB; an arm without events is answered by E2 on counts divided by phi, see
 *                   rateRatioExact; broken input is `invalid`
 */
export function rateRatioQuasi(control: RateArm, treatment: RateArm, conf: number, dispersion: number): Estimate {
  const method = 'rate_ratio_quasi';
  const valid = isRateArm(control) && isRateArm(treatment) && isDispersion(dispersion) && isProbabilityLevel(conf);
  if (!valid) return invalidEstimate(method);
  const n = control.count + treatment.count;
  if (control.count === 0 || treatment.count === 0) return rateRatioExact(control, treatment, conf, dispersion);
  const ratio = treatment.count / treatment.exposure / (control.count / control.exposure);
  const seLog = Math.sqrt(dispersion * (1 / control.count + 1 / treatment.count));
  return logInterval(method, n, ratio, seLog, twoSidedZ(conf));
}
