import { twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
  type ProportionArm,
} from './estimate.ts';
import { isStratum, mantelHaenszelDifference, mantelHaenszelRatio, type Stratum } from './mantel-haenszel.ts';
import { moverRatio } from './mover-ratio.ts';
import { newcombeDifference } from './newcombe-difference.ts';

/** Pooling needs this many events (and, as a rate near 1 is the mirror image, non-events) per arm in total. */
const ENOUGH_EVENTS = 5;
const EMPTY: ProportionArm = { y: 0, n: 0 };

/**
 * Difference of proportions over strata, the decision function of docs/statistics.md section I: one stratum is Newcombe
 * (B3); several are Mantel-Haenszel +- z se (I1, I2) when each arm has 5 events, and otherwise Newcombe on the stratum
 * that tells most. Strata without units in both arms compare nothing and are left out.
 * @param strata spans of constant allocation with y events of n units per arm and their minutes; order is irrelevant
 * @param conf   two-sided confidence in (0, 1)
 * @returns      treatment minus control, absolute; no stratum with both arms is `insufficient` with [-1, 1]; any broken
 *               stratum makes all of it `invalid`
 */
export function stratifiedDifference(strata: readonly Stratum[], conf: number): Estimate {
  const method = 'mantel_haenszel_difference';
  if (!strata.every(isStratum) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const usable = strata.filter(hasBothArms);
  if (usable.length < 2 || !canPool(usable)) {
    const alone = mostTelling(usable);
    return newcombeDifference(alone?.control ?? EMPTY, alone?.treatment ?? EMPTY, conf);
  }
  const { estimate, se } = mantelHaenszelDifference(usable);
  const half = twoSidedZ(conf) * se;
  return { status: 'ok', estimate, lo: estimate - half, hi: estimate + half, se, df: null, method, n: units(usable) };
}

/**
 * Ratio of proportions over strata (docs/statistics.md section I): one stratum is MOVER-R (B4); several are the
 * Mantel-Haenszel risk ratio with a Greenland-Robins interval on the log scale (I4) when each arm has 5 events, and
 * otherwise MOVER-R on the stratum that tells most.
 * @param strata as for stratifiedDifference
 * @param conf   two-sided confidence in (0, 1)
 * @returns      ratio B/A; non-answers as moverRatio; any broken stratum makes all of it `invalid`
 */
export function stratifiedRatio(strata: readonly Stratum[], conf: number): Estimate {
  const method = 'mantel_haenszel_ratio';
  if (!strata.every(isStratum) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const usable = strata.filter(hasBothArms);
  if (usable.length < 2 || !canPool(usable)) {
    const alone = mostTelling(usable);
    return moverRatio(alone?.control ?? EMPTY, alone?.treatment ?? EMPTY, conf);
  }
  const { estimate, seLog } = mantelHaenszelRatio(usable);
  const z = twoSidedZ(conf);
  const interval = { estimate, lo: estimate * Math.exp(-z * seLog), hi: estimate * Math.exp(z * seLog) };
  return intervalEstimate(method, units(usable), interval, z);
}

function hasBothArms({ control, treatment }: Stratum): boolean {
  return control.n > 0 && treatment.n > 0;
}

function canPool(strata: readonly Stratum[]): boolean {
  const arms = [strata.map(({ control }) => control), strata.map(({ treatment }) => treatment)];
  return arms.every((arm) => {
    const events = arm.reduce((total, { y }) => total + y, 0);
    const nonEvents = arm.reduce((total, { y, n }) => total + n - y, 0);
    return events >= ENOUGH_EVENTS && nonEvents >= ENOUGH_EVENTS;
  });
}

/**
 * The stratum with the largest n_A n_B / (n_A + n_B), to which the variance of its difference is inverse: a long throttled
 * phase with few treated units tells less than a short one with many. Sizes alone choose, never outcomes; ties are settled
 * by minutes, units and then events, so that input order never matters.
 */
function mostTelling(strata: readonly Stratum[]): Stratum | undefined {
  const rank = ({ control: a, treatment: b, minutes }: Stratum) => [
    (a.n * b.n) / (a.n + b.n),
    minutes,
    a.n + b.n,
    b.n,
    a.y + b.y,
    b.y,
  ];
  return strata.toSorted((left, right) => {
    const [first, second] = [rank(left), rank(right)];
    return first.map((value, i) => (second[i] ?? 0) - value).find((gap) => gap !== 0) ?? 0;
  })[0];
}

function units(strata: readonly Stratum[]): number {
  return strata.reduce((total, { control, treatment }) => total + control.n + treatment.n, 0);
}
