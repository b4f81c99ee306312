import { twoSidedZ } from './distributions.ts';
import { type Estimate, insufficientEstimate, intervalEstimate, invalidEstimate } from './estimate.ts';
import { logStandardError } from './estimate-test.ts';
import type { QuantileSource } from './quantile-source.ts';
import { logInterval } from './weighted-arms.ts';
import { woodruff } from './woodruff.ts';

/** Values of one arm and how much they cluster (1: not at all). */
export interface QuantileArm {
  readonly source: QuantileSource;
  readonly deff: number;
}

/**
 * Ratio of a quantile, treatment over control: ln ratio +- z sqrt(seA^2 + seB^2), with the log standard errors that
 * Woodruff's intervals imply (docs/statistics.md F4).
 * @param q    in (0, 1)
 * @param conf two-sided confidence in (0, 1)
 * @returns    ratio B/A; `insufficient` when an arm is, has ties instead of a width, or a limit that is 0 or infinite;
 *             `invalid` when an arm is
 */
export function quantileRatio(control: QuantileArm, treatment: QuantileArm, q: number, conf: number): Estimate {
  const method = 'woodruff_log_ratio';
  const [a, b] = [control, treatment].map(({ source, deff }) => woodruff(source, q, conf, deff)) as [
    Estimate,
    Estimate,
  ];
  if (a.status === 'invalid' || b.status === 'invalid') return invalidEstimate(method);
  const seLog = Math.hypot(logStandardError(a, conf), logStandardError(b, conf));
  if (!Number.isFinite(seLog)) return insufficientEstimate(method, a.n + b.n, 0, Number.POSITIVE_INFINITY);
  return logInterval(method, a.n + b.n, b.estimate / a.estimate, seLog, twoSidedZ(conf));
}

/**
 * Difference of a quantile, treatment minus control, for absolute minimum effects: Woodruff's limits joined as in B3.
 * @param q    in (0, 1)
 * @param conf two-sided confidence in (0, 1)
 * @returns    in the unit of the values; `insufficient` when an arm is or has ties instead of a width; `invalid` when an
 *             arm is
 */
export function quantileDifference(control: QuantileArm, treatment: QuantileArm, q: number, conf: number): Estimate {
  const method = 'woodruff_difference';
  const [a, b] = [control, treatment].map(({ source, deff }) => woodruff(source, q, conf, deff)) as [
    Estimate,
    Estimate,
  ];
  if (a.status === 'invalid' || b.status === 'invalid') return invalidEstimate(method);
  const estimate = b.estimate - a.estimate;
  if (a.status !== 'ok' || b.status !== 'ok' || !Number.isFinite(estimate)) {
    return insufficientEstimate(method, a.n + b.n, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }
  const lo = estimate - Math.hypot(b.estimate - b.lo, a.hi - a.estimate);
  const hi = estimate + Math.hypot(b.hi - b.estimate, a.estimate - a.lo);
  return intervalEstimate(method, a.n + b.n, { estimate, lo, hi }, twoSidedZ(conf));
}
