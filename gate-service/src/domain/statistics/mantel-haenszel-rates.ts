import { twoSidedZ } from './distributions.ts';
import { type Estimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';
import { isDispersion, isRateArm, type RateArm } from './rate-arm.ts';
import { rateRatio } from './rate-ratio.ts';
import { logInterval } from './weighted-arms.ts';

/** Both arms of one span of constant allocation. */
export interface RateStratum {
  readonly control: RateArm;
  readonly treatment: RateArm;
}

const NOTHING: RateArm = { count: 0, exposure: 0 };

/**
 * Ratio of two rates over strata (docs/statistics.md E2, E3 and section I): one stratum is rateRatio; several are the
 * Mantel-Haenszel rate ratio sum(yB mA / M) / sum(yA mB / M), with the variance of its logarithm
 * phi sum(y mA mB / M^2) / (numerator x denominator). Where an arm has no event at all, the stratum with the largest
 * mA mB / (mA + mB) stands alone: sizes choose, never outcomes.
 * @param strata     events over exposure per arm; a stratum with an arm without exposure compares nothing and is left out
 * @param conf       two-sided confidence in (0, 1)
 * @param dispersion phi >= 1, see splitDispersion
 * @returns          ratio B/A, n is the number of events; non-answers as rateRatio; any broken stratum makes it `invalid`
 * @see              Greenland and Robins 1985, person-time
 */
export function stratifiedRateRatio(strata: readonly RateStratum[], conf: number, dispersion: number): Estimate {
  const method = 'mantel_haenszel_rate_ratio';
  const valid = strata.every(({ control, treatment }) => isRateArm(control) && isRateArm(treatment));
  if (!valid || !isDispersion(dispersion) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const usable = strata.filter(({ control, treatment }) => control.exposure > 0 && treatment.exposure > 0);
  const { numerator, denominator, spread, n } = sumsOf(usable);
  if (usable.length < 2 || numerator === 0 || denominator === 0) {
    const alone = usable.toSorted((left, right) => weightOf(right) - weightOf(left))[0];
    return rateRatio(alone?.control ?? NOTHING, alone?.treatment ?? NOTHING, conf, dispersion);
  }
  const seLog = Math.sqrt((dispersion * spread) / (numerator * denominator));
  return logInterval(method, n, numerator / denominator, seLog, twoSidedZ(conf));
}

function weightOf({ control: a, treatment: b }: RateStratum): number {
  return (a.exposure * b.exposure) / (a.exposure + b.exposure);
}

function sumsOf(strata: readonly RateStratum[]) {
  let [numerator, denominator, spread, n] = [0, 0, 0, 0];
  for (const { control: a, treatment: b } of strata) {
    const all = a.exposure + b.exposure;
    numerator += (b.count * a.exposure) / all;
    denominator += (a.count * b.exposure) / all;
    spread += ((a.count + b.count) * a.exposure * b.exposure) / all ** 2;
    n += a.count + b.count;
  }
  return { numerator, denominator, spread, n };
}
