import { twoSidedT } from './distributions.ts';
import { type Estimate, insufficientEstimate, invalidEstimate, isCount, isProbabilityLevel } from './estimate.ts';
import { isSumPair, ROUNDING, squaredDeviations } from './mean-arm.ts';
import { CLEAR_BASELINE, logInterval, weighArms, weightedDifference } from './weighted-arms.ts';

/** Power sums per unit of the metric y and of the covariate x, the same metric before exposure (docs/statistics.md H). */
export interface CupedArm {
  readonly n: number;
  readonly sumY: number;
  readonly sumYY: number;
  readonly sumX: number;
  readonly sumXX: number;
  readonly sumXY: number;
}

/** Both arms of one span of constant allocation, or of a cohort. New users, who have no history, are one of their own. */
export interface CupedStratum {
  readonly control: CupedArm;
  readonly treatment: CupedArm;
}

/** Whether the sums can come from n pairs of finite numbers. */
export function isCupedArm({ n, sumY, sumYY, sumX, sumXX, sumXY }: CupedArm): boolean {
  const sums = isSumPair(n, sumY, sumYY) && isSumPair(n, sumX, sumXX);
  return isCount(n) && sums && Math.abs(sumXY) <= Math.sqrt(sumXX * sumYY) * (1 + ROUNDING);
}

/**
 * Slope theta of the metric on its covariate within arms and strata (docs/statistics.md H1): pooled across arms it would be
 * biased when the covariate differs between them.
 * @param strata valid
 * @returns      0 when the covariate is constant or nobody has one
 */
export function cupedTheta(strata: readonly CupedStratum[]): number {
  let [shared, own] = [0, 0];
  for (const arm of strata.flatMap(({ control, treatment }) => [control, treatment])) {
    if (arm.n < 2) continue;
    shared += arm.sumXY - (arm.sumX * arm.sumY) / arm.n;
    own += squaredDeviations(arm.n, arm.sumX, arm.sumXX);
  }
  return own > 0 ? shared / own : 0;
}

/**
 * Difference of means adjusted by a covariate from before exposure, over strata weighted by nA nB / (nA + nB)
 * (docs/statistics.md H1-H3 and I). Takes correlation^2 off the variance; for the verdict only.
 * @param strata one for constant allocation; the caller makes sure that x was measured before exposure
 * @param conf   two-sided confidence in (0, 1)
 * @returns      treatment minus control in the unit of the metric; non-answers as weightedDifference; any broken stratum
 *               makes it `invalid`. Theta counts as known: its error is of smaller order
 * @see          Deng, Xu, Kohavi, Walker 2013
 */
export function cupedDifference(strata: readonly CupedStratum[], conf: number): Estimate {
  const method = 'cuped_difference';
  if (!strata.every(isUsable) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  return weightedDifference(method, adjusted(strata, cupedTheta(strata)), conf, null);
}

/**
 * The adjusted difference as a ratio to the unadjusted control mean, 1 + difference / mean, on the log scale with the
 * delta-method variance of exactly that quantity (docs/statistics.md H3 and C2).
 * @param strata as for cupedDifference
 * @returns      ratio B/A (1 is "no change"); `insufficient` when control's mean is not 3 standard errors above 0 or the
 *               ratio is not above 0 (fall back to cupedDifference), or without variance
 */
export function cupedRatio(strata: readonly CupedStratum[], conf: number): Estimate {
  const method = 'cuped_ratio';
  if (!strata.every(isUsable) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const theta = cupedTheta(strata);
  const shift = weighArms(adjusted(strata, theta));
  const { control: base } = weighArms(adjusted(strata, 0));
  const baseline = base.value;
  const changed = baseline + shift.treatment.value - shift.control.value;
  const isClear = baseline > 0 && changed > 0 && baseline >= CLEAR_BASELINE * Math.sqrt(base.variance);
  const hasSpread = shift.control.variance + shift.treatment.variance > 0;
  if (shift.n === 0 || !isClear || !hasSpread) return insufficientEstimate(method, shift.n, -Infinity, Infinity);
  // ln(changed / baseline) moves with control's y by -1 / baseline and with its x by theta / changed.
  const logParts = strata.map(({ control, treatment }) => ({
    control: { ...summarise(control, 1 / baseline, theta / changed), value: 0 },
    treatment: { ...summarise(treatment, 1 / changed, theta / changed), value: 0 },
  }));
  const { se, df } = weightedDifference(method, logParts, conf, null);
  if (se === null || df === null) return insufficientEstimate(method, shift.n, -Infinity, Infinity);
  return logInterval(method, shift.n, changed / baseline, se, twoSidedT(conf, df), df);
}

function adjusted(strata: readonly CupedStratum[], theta: number) {
  return strata.map(({ control, treatment }) => ({
    control: summarise(control, 1, theta),
    treatment: summarise(treatment, 1, theta),
  }));
}

/** Mean and variance of the mean of byY y - byX x (H3). */
function summarise({ n, sumY, sumYY, sumX, sumXX, sumXY }: CupedArm, byY: number, byX: number) {
  const squareY = byY * byY * squaredDeviations(n, sumY, sumYY);
  const squareX = byX * byX * squaredDeviations(n, sumX, sumXX);
  const residual = squareY + squareX - 2 * byY * byX * (sumXY - (sumX * sumY) / n);
  const isRounding = !(residual > ROUNDING * (squareY + squareX));
  const variance = isRounding ? 0 : residual / (n - 1) / n;
  return { n, value: (byY * sumY - byX * sumX) / n, variance, df: n - 1 };
}

function isUsable({ control, treatment }: CupedStratum): boolean {
  return isCupedArm(control) && isCupedArm(treatment);
}
