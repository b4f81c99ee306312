import { twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
} from './estimate.ts';
import { poissonRate } from './poisson-rate.ts';
import { isDispersion, isRateArm, type RateArm } from './rate-arm.ts';

/**
 * Difference of two rates, treatment minus control, for absolute minimum effects: the way B3 joins two intervals, on
 * Garwood's limits (docs/statistics.md E1), each distance widened by the root of the dispersion as E3 does.
 * @param conf       two-sided confidence in (0, 1)
 * @param dispersion variance-to-mean ratio >= 1 from the baseline, 1 for Poisson
 * @returns          events per unit of exposure; an arm without exposure is `insufficient` with an infinite interval
 * @see              Zou and Donner 2008 (MOVER)
 */
export function rateDifference(control: RateArm, treatment: RateArm, conf: number, dispersion: number): Estimate {
  const method = 'mover_garwood_difference';
  const valid = isRateArm(control) && isRateArm(treatment) && isDispersion(dispersion) && isProbabilityLevel(conf);
  if (!valid) return invalidEstimate(method);
  const n = control.count + treatment.count;
  if (control.exposure === 0 || treatment.exposure === 0) return insufficientEstimate(method, n, -Infinity, Infinity);
  const [a, b] = [poissonRate(control, conf), poissonRate(treatment, conf)];
  const estimate = b.estimate - a.estimate;
  const widen = Math.sqrt(dispersion);
  const lo = estimate - widen * Math.hypot(b.estimate - b.lo, a.hi - a.estimate);
  const hi = estimate + widen * Math.hypot(b.hi - b.estimate, a.estimate - a.lo);
  return intervalEstimate(method, n, { estimate, lo, hi }, twoSidedZ(conf));
}
