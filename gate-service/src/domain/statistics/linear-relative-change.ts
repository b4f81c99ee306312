import { twoSidedT } from './distributions.ts';
import { type Estimate, insufficientEstimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';
import type { ArmSummary } from './weighted-arms.ts';

/**
 * Variance of (B - A) / |A| by the delta method on the linear scale.
 * @param control   value and the variance of that value
 * @param treatment the same
 */
export function linearRelativeVariance(
  control: Pick<ArmSummary, 'value' | 'variance'>,
  treatment: Pick<ArmSummary, 'value' | 'variance'>,
): number {
  const square = control.value ** 2;
  return treatment.variance / square + (control.variance * treatment.value ** 2) / square ** 2;
}

/**
 * Relative change (B - A) / |A| with a t interval that is symmetric on the linear scale, as most tools report it. Not used
 * in a verdict: relative effects are judged on the log scale (docs/statistics.md C2), where the interval keeps its level
 * for a noisy baseline too. Here so that results can be compared.
 * @param control   value with the variance of that value, e.g. of ratioOfSums or a mean; finite (the caller checks)
 * @param treatment the same
 * @param conf      two-sided confidence in (0, 1)
 * @returns         fewer than 2 units in an arm, a baseline of 0 or no variance in an arm: `insufficient`
 * @see             checked against gbstats 8f1db445
 */
export function linearRelativeChange(control: ArmSummary, treatment: ArmSummary, conf: number): Estimate {
  const method = 'linear_relative_change';
  const n = control.n + treatment.n;
  if (!isProbabilityLevel(conf)) return invalidEstimate(method);
  const isUsable = control.variance > 0 && treatment.variance > 0 && control.value !== 0;
  if (Math.min(control.n, treatment.n) < 2 || !isUsable) return insufficientEstimate(method, n, -Infinity, Infinity);
  const total = control.variance + treatment.variance;
  const df = total ** 2 / (control.variance ** 2 / control.df + treatment.variance ** 2 / treatment.df);
  const estimate = (treatment.value - control.value) / Math.abs(control.value);
  const se = Math.sqrt(linearRelativeVariance(control, treatment));
  const half = twoSidedT(conf, df) * se;
  return { status: 'ok', estimate, lo: estimate - half, hi: estimate + half, se, df, method, n };
}
