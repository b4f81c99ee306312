import type { Phase } from '../model/change.ts';
import { addTallies, NO_SUMS, NO_TALLY, type Tally } from '../model/tally.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { type CupedArm, cupedRatio } from '../statistics/cuped.ts';
import { type Estimate, insufficientEstimate } from '../statistics/estimate.ts';
import { type MeanArm, squaredDeviations } from '../statistics/mean-arm.ts';
import { type RatioArm, type RatioStratum, ratioLogRatio } from '../statistics/ratio-of-sums.ts';
import { skewBound, skewSafeConfidence } from '../statistics/skew-bound.ts';
import { stratifiedMeanRatio } from '../statistics/stratified-means.ts';
import { comparableStrata, type TallyStratum } from './effect-scale.ts';

/** With fewer units an arm, the slope of the covariate is fitted to noise, and the variance looks too small. */
const UNITS_FOR_CUPED = 100;
/** A mean or ratio over fewer effective units, such as (sum d)^2 / sum d^2, is carried by a few of them. */
const EFFECTIVE_UNITS = 20;

/**
 * Ratio of a KPI's means, treatment over control (docs/statistics.md C2), adjusted by what the same units brought in before
 * the change (H) when that varies, each arm has 100 units and the adjusted ratio has an answer. What is clipped was clipped to the same cap before.
 * @param cap largest amount of a unit, in steps: where arms differ in size, it bounds what skewness does to each limit
 * @returns ratio B/A; non-answers as stratifiedMeanRatio and cupedRatio; a treatment that brought nothing in at all is
 *          taken as if one unit had brought the usual amount, since nothing has no logarithm
 */
export function meanRatio(
  data: Pick<MetricEvidence, 'strata'>,
  phases: readonly Phase[],
  confidence: number,
  cap: number,
): Estimate {
  const strata = withSomething(comparableStrata(data, phases));
  const ratio = meanRatioAt(strata, confidence);
  if (ratio.status !== 'ok') return ratio;
  const total = (arm: 'control' | 'treatment') =>
    meanArmOf(strata.map((one): Tally => one[arm]).reduce(addTallies, NO_TALLY));
  const arms = { control: total('control'), treatment: total('treatment') };
  const lower = meanRatioAt(strata, skewSafeConfidence(confidence, skewBound(arms, cap, 'higher')));
  const upper = meanRatioAt(strata, skewSafeConfidence(confidence, skewBound(arms, cap, 'lower')));
  return { ...ratio, lo: lower.lo, hi: upper.hi };
}

function meanRatioAt(strata: readonly TallyStratum[], confidence: number): Estimate {
  const plain = stratifiedMeanRatio(
    strata.map(({ control, treatment }) => ({ control: meanArmOf(control), treatment: meanArmOf(treatment) })),
    confidence,
  );
  if (!canAdjust(strata)) return plain;
  const adjusted = cupedRatio(
    strata.map(({ control, treatment }) => ({ control: cupedArmOf(control), treatment: cupedArmOf(treatment) })),
    confidence,
  );
  return adjusted.status === 'insufficient' ? plain : adjusted;
}

/**
 * Ratio of a KPI's ratios of sums, treatment over control (docs/statistics.md D1).
 * @returns ratio B/A; non-answers as ratioLogRatio, and `insufficient` under 20 effective units in an arm; a treatment
 *          with nothing above the line as in meanRatio
 */
export function ratioRatio(
  data: Pick<MetricEvidence, 'strata'>,
  phases: readonly Phase[],
  confidence: number,
): Estimate {
  const strata = withSomething(comparableStrata(data, phases)).map(
    ({ control, treatment }): RatioStratum => ({
      control: ratioArmOfTally(control),
      treatment: ratioArmOfTally(treatment),
    }),
  );
  return hasEnoughUnits(strata, ratioLogRatio(strata, confidence));
}

/** The estimate, unless a few units make up most of an arm: then there is none. */
export function hasEnoughUnits(strata: readonly RatioStratum[], estimate: Estimate): Estimate {
  const arms = [strata.map(({ control }) => control), strata.map(({ treatment }) => treatment)];
  const isThin = arms.some((arm) => {
    const [d, dd] = [sumOf(arm, ({ sumD }) => sumD), sumOf(arm, ({ sumDD }) => sumDD)];
    return !(d * d >= EFFECTIVE_UNITS * dd && dd > 0);
  });
  if (!isThin || estimate.status === 'invalid') return estimate;
  return insufficientEstimate(estimate.method, estimate.n, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}

/** A tally of units with a numerator and a denominator; one without sums is broken unless it is empty. */
export function ratioArmOfTally({ n, y, sums = n === 0 ? NO_SUMS : undefined }: Tally): RatioArm {
  const { d: sumD, yy: sumXX, dd: sumDD, yd: sumXD } = sums ?? BROKEN;
  return { n, sumX: y, sumD, sumXX, sumDD, sumXD };
}

/** A tally of units with one amount each, or of samples with a level; one without sums is broken unless it is empty. */
export function meanArmOf({ n, y, sums = n === 0 ? NO_SUMS : undefined }: Tally): MeanArm {
  return { n, sum: y, sumSq: (sums ?? BROKEN).yy };
}

const BROKEN = { yy: Number.NaN, d: Number.NaN, dd: Number.NaN, yd: Number.NaN };

function cupedArmOf({ n, y, sums = n === 0 ? NO_SUMS : undefined }: Tally): CupedArm {
  const { yy, d, dd, yd } = sums ?? BROKEN;
  return { n, sumY: y, sumYY: yy, sumX: d, sumXX: dd, sumXY: yd };
}

/** The covariate and the numbers of units choose, never outcomes. */
function canAdjust(strata: readonly TallyStratum[]): boolean {
  const [off, on] = [strata.map(({ control }) => control), strata.map(({ treatment }) => treatment)];
  const enough = [off, on].every((arm) => sumOf(arm, ({ n }) => n) >= UNITS_FOR_CUPED);
  return (
    enough && [...off, ...on].some(({ n, sums }) => n >= 2 && squaredDeviations(n, sums?.d ?? 0, sums?.dd ?? 0) > 0)
  );
}

/** Where the whole treatment brought nothing in, its largest stratum gets one unit with the control's usual amount. */
function withSomething(strata: readonly TallyStratum[]): readonly TallyStratum[] {
  const brought = sumOf(strata, ({ treatment }) => treatment.y);
  const [y, yy] = [sumOf(strata, ({ control }) => control.y), sumOf(strata, ({ control }) => control.sums?.yy ?? 0)];
  const largest = strata.toSorted((left, right) => right.treatment.n - left.treatment.n)[0];
  if (brought !== 0 || !(y > 0) || !largest?.treatment.sums) return strata;
  const { n, sums } = largest.treatment;
  const usual = yy / y;
  const treatment = { n, y: usual, sums: { ...sums, yy: usual * usual, yd: (usual * sums.d) / n } };
  return strata.map((one) => (one === largest ? { ...one, treatment } : one));
}

function sumOf<Item>(items: readonly Item[], part: (item: Item) => number): number {
  return items.reduce((total, item) => total + part(item), 0);
}
