import { type Estimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';
import { isMeanArm, type MeanArm, sampleVariance } from './mean-arm.ts';
import { type ArmSummary, weightedDifference, weightedRatio } from './weighted-arms.ts';

/** Power sums of both arms in one span of constant allocation, or one cohort. */
export interface MeanStratum {
  readonly control: MeanArm;
  readonly treatment: MeanArm;
}

/**
 * Difference of means over strata weighted by nA nB / (nA + nB), so that a ramp with a drifting baseline does not turn
 * into an effect (docs/statistics.md section I; one stratum is C1).
 * @param strata     power sums per arm; order is irrelevant; a stratum with fewer than 2 units in an arm is left out
 * @param conf       two-sided confidence in (0, 1)
 * @param resolution smallest step the metric can show, > 0, in its unit; null when not declared
 * @returns          treatment minus control in the unit of the metric; non-answers as weightedDifference; any broken
 *                   stratum makes all of it `invalid`
 */
export function stratifiedMeanDifference(
  strata: readonly MeanStratum[],
  conf: number,
  resolution: number | null = null,
  method = 'weighted_mean_difference',
): Estimate {
  if (!isUsable(strata, conf, resolution)) return invalidEstimate(method);
  return weightedDifference(method, strata.map(summarise), conf, resolution);
}

/**
 * Ratio of means over strata, weighted as stratifiedMeanDifference, on the log scale (docs/statistics.md section I; one
 * stratum is C2).
 * @param strata     as there
 * @param resolution as there
 * @returns          ratio B/A (1 is "no change"); non-answers as weightedRatio; any broken stratum makes it `invalid`
 */
export function stratifiedMeanRatio(
  strata: readonly MeanStratum[],
  conf: number,
  resolution: number | null = null,
  method = 'weighted_mean_ratio',
): Estimate {
  if (!isUsable(strata, conf, resolution)) return invalidEstimate(method);
  return weightedRatio(method, strata.map(summarise), conf, resolution);
}

/** Whether a declared resolution is a positive number; not declaring one is fine. */
export function isResolution(resolution: number | null): boolean {
  return resolution === null || (resolution > 0 && Number.isFinite(resolution));
}

function isUsable(strata: readonly MeanStratum[], conf: number, resolution: number | null): boolean {
  const valid = strata.every(({ control, treatment }) => isMeanArm(control) && isMeanArm(treatment));
  return valid && isProbabilityLevel(conf) && isResolution(resolution);
}

function summarise({ control, treatment }: MeanStratum) {
  return { control: summariseArm(control), treatment: summariseArm(treatment) };
}

function summariseArm(arm: MeanArm): ArmSummary {
  return { n: arm.n, value: arm.sum / arm.n, variance: sampleVariance(arm) / arm.n, df: arm.n - 1 };
}
