import { twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
  isProportionArm,
} from './estimate.ts';

/**
 * Wilson score interval of one proportion. Chosen because it stays inside [0, 1], has a width at 0 and n events and
 * is the building block of B3 and B4 (docs/statistics.md B1).
 * @param x    events, integer, 0 <= x <= n
 * @param n    units
 * @param conf two-sided confidence in (0, 1), e.g. 0.9
 * @returns    share in [0, 1]; n = 0 is `insufficient` with [0, 1]; broken counts are `invalid`
 * @see        Wilson 1927; checked against R 4.2.2 prop.test(correct = FALSE)
 */
export function wilson(x: number, n: number, conf: number): Estimate {
  if (!isProportionArm({ y: x, n }) || !isProbabilityLevel(conf)) return invalidEstimate('wilson');
  if (n === 0) return insufficientEstimate('wilson', 0, 0, 1);
  const z = twoSidedZ(conf);
  const p = x / n;
  const shrink = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / shrink;
  const half = (z / shrink) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const lo = x === 0 ? 0 : Math.max(0, centre - half);
  const hi = x === n ? 1 : Math.min(1, centre + half);
  return intervalEstimate('wilson', n, { estimate: p, lo, hi }, z);
}
