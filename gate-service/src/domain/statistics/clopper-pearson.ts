import { betaQuantile, twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
  isProportionArm,
} from './estimate.ts';

/**
 * One-sided lower Clopper-Pearson bound: the rate is above it with confidence `level` (docs/statistics.md B2). Exact,
 * so a fast rule that needs the bound beyond its limit keeps its promise at any count.
 * @param x     events, integer, 0 <= x <= n
 * @param n     units
 * @param level one-sided confidence in (0, 1), e.g. 0.999
 * @returns     share in [0, 1]; 0 when x = 0 or n = 0; NaN for broken input
 */
export function clopperPearsonLower(x: number, n: number, level: number): number {
  if (!isProportionArm({ y: x, n }) || !isProbabilityLevel(level)) return Number.NaN;
  return x === 0 ? 0 : betaQuantile(1 - level, x, n - x + 1);
}

/** One-sided upper Clopper-Pearson bound: the rate is below it with confidence `level`; 1 when x = n or n = 0.
 *  Parameters and non-answers as in clopperPearsonLower (docs/statistics.md B2). */
export function clopperPearsonUpper(x: number, n: number, level: number): number {
  if (!isProportionArm({ y: x, n }) || !isProbabilityLevel(level)) return Number.NaN;
  return x === n ? 1 : betaQuantile(level, x + 1, n - x);
}

/**
 * Two-sided exact interval of one proportion (docs/statistics.md B2), for display only: verdicts use B1, B3 and B4.
 * @param x    events, integer, 0 <= x <= n
 * @param n    units
 * @param conf two-sided confidence in (0, 1)
 * @returns    share in [0, 1]; n = 0 is `insufficient`; broken counts are `invalid`
 * @see        Clopper and Pearson 1934; checked against R 4.2.2 binom.test
 */
export function clopperPearson(x: number, n: number, conf: number): Estimate {
  if (!isProportionArm({ y: x, n }) || !isProbabilityLevel(conf)) return invalidEstimate('clopper_pearson');
  if (n === 0) return insufficientEstimate('clopper_pearson', 0, 0, 1);
  const level = 1 - (1 - conf) / 2;
  const interval = { estimate: x / n, lo: clopperPearsonLower(x, n, level), hi: clopperPearsonUpper(x, n, level) };
  return intervalEstimate('clopper_pearson', n, interval, twoSidedZ(conf));
}
