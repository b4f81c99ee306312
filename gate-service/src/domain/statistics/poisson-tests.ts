import { lnGamma, normalSf } from './distributions.ts';
import { isRateArm, type RateArm } from './rate-arm.ts';

/** Beyond this many events the sum over all tables has nothing to add to the score test. */
const MOST_EVENTS = 20_000;
/** Counts whose chance beyond is about 1e-13 are left out of the sum. */
const REACH = 8;
/** Statistics closer than this are equal but for rounding. */
const TIE_SLACK = 1e-12;

/**
 * Score test that two Poisson rates are equal, and the E-test, which sums its null probability over all tables. Not used
 * in a verdict (that is rateRatio): here so that any analyst can compare.
 * @returns z > 0 when treatment has more; p-values two-sided; without events z = 0 and p = 1; NaN for broken input or
 *          an arm without exposure
 * @see     Gu et al. 2008; Krishnamoorthy and Thomson 2004; equals statsmodels 0.13.5 test_poisson_2indep (score,
 *          etest)
 */
export function poissonTests(control: RateArm, treatment: RateArm): { z: number; pScore: number; pEtest: number } {
  const odds = treatment.exposure / control.exposure;
  if (!isRateArm(control) || !isRateArm(treatment) || !(odds > 0 && odds < Infinity)) {
    return { z: Number.NaN, pScore: Number.NaN, pEtest: Number.NaN };
  }
  const statistic = (a: number, b: number) => (a + b === 0 ? 0 : (b - a * odds) / Math.sqrt((a + b) * odds));
  const z = statistic(control.count, treatment.count);
  const pScore = Math.min(1, 2 * normalSf(Math.abs(z)));
  const events = control.count + treatment.count;
  if (events > MOST_EVENTS) return { z, pScore, pEtest: pScore };
  const [gridA, gridB] = [poissonGrid(events / (1 + odds)), poissonGrid((events * odds) / (1 + odds))];
  let pEtest = 0;
  for (const [a, chanceA] of gridA) {
    for (const [b, chanceB] of gridB) {
      if (Math.abs(statistic(a, b)) >= Math.abs(z) - TIE_SLACK) pEtest += chanceA * chanceB;
    }
  }
  return { z, pScore, pEtest: Math.min(1, pEtest) };
}

/** Counts with their Poisson probability, as far from the mean as matters. */
function poissonGrid(mean: number): [count: number, chance: number][] {
  if (mean === 0) return [[0, 1]];
  const reach = REACH * Math.sqrt(mean) + REACH * 4;
  const first = Math.max(0, Math.floor(mean - reach));
  return Array.from({ length: Math.ceil(mean + reach) - first + 1 }, (_, i) => {
    const count = first + i;
    return [count, Math.exp(count * Math.log(mean) - mean - lnGamma(count + 1))];
  });
}
