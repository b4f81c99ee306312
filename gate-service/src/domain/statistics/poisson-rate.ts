import { gammaQuantile, twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
} from './estimate.ts';
import { isRateArm, type RateArm } from './rate-arm.ts';

/**
 * Exact interval of a Poisson rate after Garwood (docs/statistics.md E1): usable from no event at all.
 * @param arm  count of events over an exposure
 * @param conf two-sided confidence in (0, 1)
 * @returns    events per unit of exposure, n is the count; exposure 0 is `insufficient` with [0, Infinity]; broken input
 *             is `invalid`
 * @see        Garwood 1936; checked against R 4.2.2 poisson.test
 */
export function poissonRate(arm: RateArm, conf: number): Estimate {
  const method = 'garwood';
  const { count, exposure } = arm;
  if (!isRateArm(arm) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  if (exposure === 0) return insufficientEstimate(method, 0, 0, Number.POSITIVE_INFINITY);
  const tail = (1 - conf) / 2;
  const lo = count === 0 ? 0 : gammaQuantile(tail, count) / exposure;
  const hi = gammaQuantile(tail, count + 1, true) / exposure;
  return intervalEstimate(method, count, { estimate: count / exposure, lo, hi }, twoSidedZ(conf));
}
