import type { Amount, Measure } from '../../contract/kpi-measure.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Phase } from '../model/change.ts';
import { isStatus } from '../model/measure.ts';
import type { Metric } from '../model/metric.ts';
import { addTallies, NO_SUMS, NO_TALLY, type Tally } from '../model/tally.ts';
import type { MetricEvidence, QualityCheck } from '../model/verdict.ts';
import { isCupedArm } from '../statistics/cuped.ts';
import { isCount, isProportionArm } from '../statistics/estimate.ts';
import { isLogHistogram, logHistogramCount } from '../statistics/log-histogram.ts';
import { isMeanArm } from '../statistics/mean-arm.ts';
import { isRatioArm } from '../statistics/ratio-of-sums.ts';
import { skewBound } from '../statistics/skew-bound.ts';
import { twoProportionZ } from '../statistics/two-proportion-z.ts';
import { comparableStrata } from './effect-scale.ts';
import { meanArmOf, ratioArmOfTally } from './estimate-amounts.ts';

/** Of the trials: more above the cap, and the cap decides the mean (docs/statistics.md section Q). */
const CLIPPED_LIMIT = 0.01;
/** Of those that should have a value. */
const MISSING_LIMIT = 0.005;
/** Values that one arm loses more often than the other bias the effect. */
const UNEVEN_ALPHA = 0.001;

type Check = (name: string, status: QualityCheck['status'], detail: string) => QualityCheck;

/**
 * Whether a tally can come from data of the KPI's type: whole counts and steps, squares and products that fit, levels
 * within [0, cap], a histogram that holds exactly the trials.
 */
export function isPossible(measure: Measure, tally: Tally): boolean {
  const { n, y, sums = n === 0 ? NO_SUMS : undefined, histogram } = tally;
  if (!isCount(n) || !isCount(y)) return false;
  switch (measure.type) {
    case 'proportion':
      return isProportionArm(tally);
    case 'rate':
      return true;
    case 'mean':
      return sums !== undefined && isPossibleAmount(measure.amount, tally) && isCupedArm(cupedArm(tally));
    case 'gauge':
      return sums !== undefined && isPossibleAmount(measure.amount, tally);
    case 'ratio':
      return sums !== undefined && isPossibleAmount(measure.numerator, tally) && isRatioArm(ratioArmOfTally(tally));
    case 'quantile':
      return n === 0 || (histogram !== undefined && isLogHistogram(histogram) && logHistogramCount(histogram) === n);
    default:
      return measure satisfies never;
  }
}

/** Whether a tally of a status KPI's units can be: see `MetricEvidence.units`. */
export function isPossibleUnits(tally: Tally): boolean {
  const arm = ratioArmOfTally(tally);
  return isCount(arm.sumX) && isCount(arm.sumD) && isRatioArm(arm) && arm.sumX <= arm.sumD && arm.n <= arm.sumD;
}

/**
 * The checks of a KPI whose trials have amounts (docs/statistics.md section Q): how many were cut off at the cap, how many
 * had no value, and, where a pass depends on a mean, whether skewness may spoil its interval (section C).
 * @returns none for a KPI without amounts
 */
export function amountChecks(
  check: Check,
  data: Pick<MetricEvidence, 'strata'>,
  metric: Metric,
  phases: readonly Phase[],
): readonly QualityCheck[] {
  const { measure } = metric.kpi;
  if (measure.type !== 'mean' && measure.type !== 'ratio' && measure.type !== 'gauge') return [];
  const strata = comparableStrata(data, phases);
  const off = strata.map(({ control }) => control).reduce(addTallies, NO_TALLY);
  const on = strata.map(({ treatment }) => treatment).reduce(addTallies, NO_TALLY);
  const needsShape = metric.roles.includes('primary') || metric.mustBeNonInferior;
  return [
    clippedCheck(check, off, on),
    missingCheck(check, off, on),
    ...(measure.type === 'mean' && needsShape ? [skewCheck(check, off, on, measure.amount)] : []),
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

function missingCheck(check: Check, off: Tally, on: Tally): QualityCheck {
  const [arms, missing] = [
    [off, on],
    [off.sums?.missing ?? 0, on.sums?.missing ?? 0],
  ] as const;
  if (!missing.every(isCount)) return check('missing', 'unknown', 'How many events had no value cannot be told.');
  const detail = `${missing[1]} with the change and ${missing[0]} without had an event without its value.`;
  const [lost, had] = [missing[0] + missing[1], arms.reduce((total, arm) => total + leastWithValue(arm), 0)];
  if (lost === 0) return check('missing', 'ok', detail);
  if (!(lost <= (lost + had) * MISSING_LIMIT)) return check('missing', 'failed', detail);
  const [a, b] = arms.map((arm, i) => ({ y: missing[i] ?? 0, n: Math.max(arm.n, missing[i] ?? 0) }));
  const uneven = !(twoProportionZ(a!, b!).pTwoSided >= UNEVEN_ALPHA);
  return check('missing', uneven ? 'failed' : 'ok', uneven ? `${detail} That differs by variant.` : detail);
}

/** Trials that had some amount number (sum y)^2 / sum y^2 at least. */
function leastWithValue({ y, sums }: Tally): number {
  return sums && sums.yy > 0 ? (y * y) / sums.yy : 0;
}

function skewCheck(check: Check, off: Tally, on: Tally, { cap, step }: Amount): QualityCheck {
  const arms = { control: meanArmOf(off), treatment: meanArmOf(on) };
  const { enough, addedError } = skewBound(arms, cap / step);
  if (!Number.isFinite(addedError)) return check('skew', 'ok', 'There is no spread that could be skewed.');
  const detail = `A few large amounts could add up to ${(addedError * 100).toPrecision(2)} points to the 5% error of a pass.`;
  return check('skew', enough ? 'ok' : 'unknown', detail);
}

function isPossibleAmount({ cap, step }: Amount, tally: Tally): boolean {
  const { n, y, sums = NO_SUMS } = tally;
  return (
    isMeanArm(meanArmOf(tally)) && y * step <= n * cap * (1 + 1e-9) && isCount(sums.clipped) && isCount(sums.missing)
  );
}

function cupedArm({ n, y, sums = NO_SUMS }: Tally) {
  return { n, sumY: y, sumYY: sums.yy, sumX: sums.d, sumXX: sums.dd, sumXY: sums.yd };
}
