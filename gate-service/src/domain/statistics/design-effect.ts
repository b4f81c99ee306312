import type { EstimateStatus } from './estimate.ts';
import { isRatioArm, type RatioArm, ratioOfSums } from './ratio-of-sums.ts';

/**
 * How much more a rate of clustered events varies than one of independent events: var(R) / (R (1 - R) / sumD)
 * (docs/statistics.md D1). Requests of one user go wrong together; 1 / deff tempers the monitor (K5), deff widens Woodruff's
 * interval (F3).
 * @param arm per cluster: x bad events of d events, at least 2 clusters; from the baseline
 * @returns   `ok` with deff > 0 (below 1 for clusters that are more alike than chance: callers clip at 1); `insufficient`
 *            with NaN for fewer than 2 clusters, no events, or a rate of 0 or 1; `invalid` for broken sums
 */
export function designEffect(arm: RatioArm): { status: EstimateStatus; deff: number } {
  if (!isRatioArm(arm) || arm.sumX < 0 || arm.sumX > arm.sumD) return { status: 'invalid', deff: Number.NaN };
  if (arm.n < 2 || arm.sumX === 0 || arm.sumX === arm.sumD) return { status: 'insufficient', deff: Number.NaN };
  const { value, variance } = ratioOfSums(arm);
  return { status: 'ok', deff: variance / ((value * (1 - value)) / arm.sumD) };
}
