import { betaQuantile, twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
} from './estimate.ts';
import { type BinomialTails, exactBinomialTest } from './exact-binomial-test.ts';
import { isDispersion, isRateArm, type RateArm } from './rate-arm.ts';

/**
 * Ratio of two Poisson rates, treatment over control, exact given the total: Clopper-Pearson on cB of cA + cB, mapped
 * by theta / (1 - theta) mA / mB (docs/statistics.md E2).
 * @param control    count of events over an exposure with the flag off
 * @param treatment  the same with the flag on
 * @param conf       two-sided confidence in (0, 1)
 * @param dispersion variance-to-mean ratio >= 1; above 1 the counts are divided by it, which is no longer exact but keeps
 *                   a limit where E3 has none (a count of 0)
 * @returns          ratio B/A, n is cA + cB; cA = 0: `ok` with estimate and hi Infinity, lo finite; no event in either
 *                   arm, or no exposure: `insufficient` with [0, Infinity]; broken input: `invalid`
 * @see              checked against R 4.2.2 poisson.test
 */
export function rateRatioExact(control: RateArm, treatment: RateArm, conf: number, dispersion = 1): Estimate {
  const method = 'rate_ratio_exact';
  const valid = isRateArm(control) && isRateArm(treatment) && isDispersion(dispersion) && isProbabilityLevel(conf);
  if (!valid) return invalidEstimate(method);
  const n = control.count + treatment.count;
  if (n === 0 || control.exposure === 0 || treatment.exposure === 0) {
    return insufficientEstimate(method, n, 0, Number.POSITIVE_INFINITY);
  }
  const [a, b] = [control.count / dispersion, treatment.count / dispersion];
  const tail = (1 - conf) / 2;
  const scale = control.exposure / treatment.exposure;
  // Each limit is a share of the arm it is taken from, since 1 - share would lose a rare arm's digits.
  const shareB = b === 0 ? 0 : betaQuantile(tail, b, a + 1);
  const shareA = a === 0 ? 0 : betaQuantile(tail, a, b + 1);
  const interval = {
    estimate: control.count === 0 ? Number.POSITIVE_INFINITY : (treatment.count / control.count) * scale,
    lo: (shareB / (1 - shareB)) * scale,
    hi: shareA === 0 ? Number.POSITIVE_INFINITY : ((1 - shareA) / shareA) * scale,
  };
  return intervalEstimate(method, n, interval, twoSidedZ(conf));
}

/**
 * Exact test of a rate ratio given the total (docs/statistics.md E2).
 * @param ratio ratio under the null, > 0
 * @returns     `pGreater` is small when treatment has more; all 1 without any event; NaN for broken input
 */
export function rateRatioExactTest(control: RateArm, treatment: RateArm, ratio = 1): BinomialTails {
  const n = control.count + treatment.count;
  const odds = (ratio * treatment.exposure) / control.exposure;
  if (!isRateArm(control) || !isRateArm(treatment) || !(odds > 0 && odds < Infinity)) {
    return { pGreater: Number.NaN, pLess: Number.NaN, pTwoSided: Number.NaN };
  }
  return n === 0 ? { pGreater: 1, pLess: 1, pTwoSided: 1 } : exactBinomialTest(treatment.count, n, odds / (1 + odds));
}
