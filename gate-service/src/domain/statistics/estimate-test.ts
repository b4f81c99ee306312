import { normalSf, tSf, twoSidedT, twoSidedZ } from './distributions.ts';
import type { Estimate } from './estimate.ts';

/** A test of one value of the effect. All NaN when the estimate is not usable: never a p-value of 1. */
export interface EstimateTest {
  /** (estimate - null value) / standard error, on the scale of the method. */
  readonly statistic: number;
  readonly df: number | null;
  readonly pTwoSided: number;
  /** Small when the effect is above the null value. */
  readonly pGreater: number;
  /** Small when the effect is below the null value. */
  readonly pLess: number;
}

/**
 * p-values of an estimate against a value of the effect, for methods whose interval is estimate +- critical x se
 * (Welch, CUPED, ratios of sums, strata): t with its degrees of freedom, else normal.
 * @param estimate  from such a method
 * @param nullValue effect under the null, e.g. 0 or a guardrail's margin
 * @returns         NaN throughout unless the status is `ok`
 */
export function testEstimate(estimate: Estimate, nullValue: number): EstimateTest {
  const usable = estimate.status === 'ok' && estimate.se !== null;
  return tailsOf(usable ? (estimate.estimate - nullValue) / (estimate.se ?? Number.NaN) : Number.NaN, estimate.df);
}

/**
 * The same for ratios whose interval is symmetric on the log scale (logRatioOfMeans, rateRatioQuasi, quantileRatio …).
 * @param conf      confidence the estimate was made with
 * @param nullRatio ratio under the null, > 0, e.g. 1
 */
export function testRatio(ratio: Estimate, conf: number, nullRatio: number): EstimateTest {
  return tailsOf(Math.log(ratio.estimate / nullRatio) / logStandardError(ratio, conf), ratio.df);
}

/**
 * Standard error of ln ratio, which the interval of a method on the log scale implies: ln(hi / lo) / 2 critical.
 * @param conf confidence the estimate was made with
 * @returns    > 0; NaN unless the status is `ok` and both limits are finite and above 0
 */
export function logStandardError(ratio: Estimate, conf: number): number {
  const critical = ratio.df === null ? twoSidedZ(conf) : twoSidedT(conf, ratio.df);
  const usable = ratio.status === 'ok' && ratio.lo > 0 && Number.isFinite(ratio.hi);
  return usable ? Math.log(ratio.hi / ratio.lo) / (2 * critical) : Number.NaN;
}

function tailsOf(statistic: number, df: number | null): EstimateTest {
  const survival = (t: number) => (Number.isNaN(t) ? Number.NaN : df === null ? normalSf(t) : tSf(t, df));
  const [pGreater, pLess] = [survival(statistic), survival(-statistic)];
  return { statistic, df, pTwoSided: Math.min(1, 2 * Math.min(pGreater, pLess)), pGreater, pLess };
}
