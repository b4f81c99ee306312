import type { Amount, Measure } from '../../contract/kpi-measure.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Phase } from '../model/change.ts';
import { isStatus } from '../model/measure.ts';
import type { Metric } from '../model/metric.ts';
import { addTallies, NO_SUMS, NO_TALLY, type Tally } from '../model/tally.ts';
import type { MetricEvidence, QualityCheck } from '../model/verdict.ts';
import { isCupedArm } from '../statistics/cuped.ts';
import { isCount } from '../statistics/estimate.ts';
import { logHistogramCount } from '../statistics/log-histogram.ts';
import { type MeanArm, ROUNDING } from '../statistics/mean-arm.ts';
import { isRatioArm } from '../statistics/ratio-of-sums.ts';
import { skewBound } from '../statistics/skew-bound.ts';
import { twoProportionZ } from '../statistics/two-proportion-z.ts';
import { comparableStrata } from './effect-scale.ts';
import { meanArmOf, ratioArmOfTally } from './estimate-amounts.ts';
import { isSoundTally } from './sound-tally.ts';

/** Of the trials: more above the cap, and the cap decides the mean (docs/statistics.md section Q). */
const CLIPPED_LIMIT = 0.01;
/** Of those that should have a value. */
const MISSING_LIMIT = 0.005;
/** Values that one arm loses more often than the other bias the effect. */
const UNEVEN_ALPHA = 0.001;

/** A pass on a mean needs this many effective units, (sum y)^2 / sum y^2, in each arm. */
const FEWEST_CARRIERS = 20;

type Check = (name: string, status: QualityCheck['status'], detail: string) => QualityCheck;

/** Whether a tally can come from data of the KPI's type: sound, amounts within [0, cap], a covariate that fits. */
export function isPossible(measure: Measure, tally: Tally): boolean {
  const sums = Object.values(tally.sums ?? NO_SUMS);
  if (!sums.every((sum) => sum >= 0 && Number.isFinite(sum))) return false;
  if (!isCount(tally.n) || !isCount(tally.y) || !isSoundTally(measure, tally)) return false;
  switch (measure.type) {
    case 'mean':
      return (
        isWithinCap(measure.amount, tally) &&
        isBounded(measure.amount, covariateOf(tally)) &&
        isCupedArm(cupedArm(tally))
      );
    case 'gauge':
      return isWithinCap(measure.amount, tally);
    case 'ratio':
      return isWithinCap(measure.numerator, tally) && isBounded(measure.denominator, covariateOf(tally));
    case 'proportion':
    case 'rate':
    case 'quantile':
      return true;
    default:
      return measure satisfies never;
  }
}

/** Whether a tally of a status KPI's units can be: see `MetricEvidence.units`. */
export function isPossibleUnits(tally: Tally): boolean {
  const arm = ratioArmOfTally(tally);
  const { n, sumX, sumD, sumXX, sumDD, sumXD } = arm;
  // Of one unit, 0 <= x <= d and d >= 1, in whole numbers.
  const isOrdered = sumX <= sumD && n <= sumD && sumX <= sumXX && sumD <= sumDD && sumXX <= sumXD && sumXD <= sumDD;
  return isCount(sumX) && isCount(sumD) && isRatioArm(arm) && isOrdered;
}

/**
 * The checks of a KPI whose trials have amounts or latencies (docs/statistics.md section Q): how many were cut off at the cap, how many
 * had no value, and, where a pass depends on a mean, whether skewness may spoil its interval (section C).
 * @returns none for a KPI without either
 */
export function amountChecks(
  check: Check,
  data: Pick<MetricEvidence, 'strata'>,
  metric: Metric,
  phases: readonly Phase[],
): readonly QualityCheck[] {
  const { measure } = metric.kpi;
  if (measure.type === 'proportion' || measure.type === 'rate') return [];
  const strata = comparableStrata(data, phases);
  const off = strata.map(({ control }) => control).reduce(addTallies, NO_TALLY);
  const on = strata.map(({ treatment }) => treatment).reduce(addTallies, NO_TALLY);
  const needsShape = metric.roles.includes('primary') || metric.mustBeNonInferior;
  if (measure.type === 'quantile') return [missingCheck(check, [off, on], withoutLatency)];
  return [
    clippedCheck(check, off, on),
    missingCheck(check, [off, on], withoutValue),
    ...(measure.type === 'mean' && needsShape ? [skewCheck(check, off, on, metric.kpi, measure.amount)] : []),
  ];
}

/** Whether the KPI counts several trials of one unit, whose interval nothing widens unless units are known. */
export function hasRepeatedTrials({ measure }: Pick<Kpi, 'measure'>): boolean {
  return isStatus(measure) || measure.type === 'rate' || measure.type === 'quantile';
}

function clippedCheck(check: Check, off: Tally, on: Tally): QualityCheck {
  const [clipped, n] = [(off.sums?.clipped ?? 0) + (on.sums?.clipped ?? 0), off.n + on.n];
  if (!isCount(clipped)) return check('clipped', 'unknown', 'How many amounts were cut off at the cap cannot be told.');
  const detail = `${clipped} of ${n} lay outside of 0 and the cap, and count as the nearer of the two.`;
  return check('clipped', clipped > n * CLIPPED_LIMIT ? 'failed' : 'ok', detail);
}

/** How many trials lack their value, and how many had one at the least. */
type Losses = (tally: Tally) => { readonly lost: number; readonly had: number };

/** Trials that had some amount number (sum y)^2 / sum y^2 at least. */
const withoutValue: Losses = ({ y, sums = NO_SUMS }) => ({
  lost: sums.missing,
  had: sums.yy > 0 ? (y * y) / sums.yy : 0,
});

const withoutLatency: Losses = ({ n, sums = NO_SUMS, histogram }) => {
  const had = histogram === undefined ? 0 : logHistogramCount(histogram);
  return { lost: n - had + sums.missing, had };
};

function missingCheck(check: Check, [off, on]: readonly [Tally, Tally], lossesOf: Losses): QualityCheck {
  const [a, b] = [lossesOf(off), lossesOf(on)];
  if (!isCount(a.lost) || !isCount(b.lost))
    return check('missing', 'unknown', 'How many values are missing cannot be told.');
  const detail = `${b.lost} trials with the change and ${a.lost} without had an event without its value.`;
  const lost = a.lost + b.lost;
  if (lost === 0) return check('missing', 'ok', detail);
  if (!(lost <= (lost + a.had + b.had) * MISSING_LIMIT)) return check('missing', 'failed', detail);
  const test = twoProportionZ({ y: a.lost, n: Math.max(off.n, a.lost) }, { y: b.lost, n: Math.max(on.n, b.lost) });
  return test.pTwoSided >= UNEVEN_ALPHA
    ? check('missing', 'ok', detail)
    : check('missing', 'failed', `${detail} That differs by variant.`);
}

function skewCheck(check: Check, off: Tally, on: Tally, { direction }: Kpi, { cap, step }: Amount): QualityCheck {
  const arms = { control: meanArmOf(off), treatment: meanArmOf(on) };
  const { enough, addedError } = skewBound(arms, cap / step, direction === 'increase_is_good' ? 'higher' : 'lower');
  if (!Number.isFinite(addedError)) {
    return check('skew', 'unknown', 'Whether amounts are skewed cannot be told: there is no spread to go by.');
  }
  const carriers = Math.min(...[off, on].map((arm) => withoutValue(arm).had));
  if (carriers < FEWEST_CARRIERS) {
    return check('skew', 'unknown', `About ${Math.floor(carriers)} units make up most of an arm, too few for a pass.`);
  }
  const points = (Math.max(0, addedError) * 100).toPrecision(2);
  const detail = `Skewed amounts may add up to ${points} points to the 5% error of a pass.`;
  return check('skew', enough ? 'ok' : 'unknown', detail);
}

function isWithinCap(amount: Amount, { n, y, sums = NO_SUMS }: Tally): boolean {
  return isBounded(amount, { n, sum: y, sumSq: sums.yy }) && isCount(sums.clipped) && isCount(sums.missing);
}

/** Amounts x of 0 to M, in steps: sum x is at most n M, and sum x^2 at most M sum x. */
function isBounded({ cap, step }: Amount, { n, sum, sumSq }: MeanArm): boolean {
  const most = (cap / step) * (1 + ROUNDING);
  return sum <= n * most && sumSq <= sum * most;
}

/** What the same units brought in before the change, or the denominators of a ratio. */
function covariateOf({ n, sums = NO_SUMS }: Tally): MeanArm {
  return { n, sum: sums.d, sumSq: sums.dd };
}

function cupedArm({ n, y, sums = NO_SUMS }: Tally) {
  return { n, sumY: y, sumYY: sums.yy, sumX: sums.d, sumXX: sums.dd, sumXY: sums.yd };
}
