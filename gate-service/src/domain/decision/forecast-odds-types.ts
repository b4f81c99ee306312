import type { MeanMeasure, Measure } from '../../contract/kpi-measure.ts';
import type { Tally } from '../model/tally.ts';
import { HOUR_MINUTES, WEEK_MINUTES } from '../model/time.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { logStandardError } from '../statistics/estimate-test.ts';
import { logRatioOfMeans } from '../statistics/log-ratio-of-means.ts';
import type { MeanArm } from '../statistics/mean-arm.ts';
import { quantileRatio } from '../statistics/quantile-change.ts';
import { isDispersion } from '../statistics/rate-arm.ts';
import { type RatioArm, ratioLogRatio } from '../statistics/ratio-of-sums.ts';
import { skewBound } from '../statistics/skew-bound.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';
import { hasEnoughUnits, meanArmOf, ratioArmOfTally } from './estimate-amounts.ts';
import { latenciesOf } from './estimate-quantile.ts';
import type { Obstacle } from './forecast-obstacle.ts';
import type { NormalDesign, RuleOfDesign } from './forecast-odds-normal.ts';

/** What is known of the KPI and of the window ahead. */
export interface TypeDesignInput {
  /** The history's tally, possible for this measure (isPossible). */
  readonly total: Tally;
  /** Of a rate, in its history, >= 1; null when unknown. */
  readonly dispersion: number | null;
  /** Trials expected in the window: control, treatment. */
  readonly nA: number;
  readonly nB: number;
  readonly against: RuleOfDesign;
  readonly windowMinutes: number;
}

/** Where history tells no dispersion, a verdict reads it from this many hours with events (docs/statistics.md E3). */
const FEWEST_HOURS = 20;
/** Nobody waits longer for a mean to be less skewed. */
const MOST_WEEKS = 104;

/**
 * What the window can show of a KPI that is no proportion, compared with a concurrent control (docs/statistics.md N1): the
 * history's own trials, as many as are expected, go through the verdict's estimator, whose standard error on the log scale
 * is taken. Both arms have the history's shape, so a predicted effect is taken to scale it. CUPED is left out, so a mean
 * may turn out sharper than forecast; a rate of unknown dispersion counts as Poisson, so it may turn out less sharp.
 */
export function typeDesign(
  measure: Exclude<Measure, { readonly type: 'proportion' }>,
  input: TypeDesignInput,
): NormalDesign | Obstacle {
  switch (measure.type) {
    case 'mean':
      return meanDesign(measure, input);
    case 'ratio':
      return constantDesign(ratioEstimate(input), input.against);
    case 'quantile':
      return constantDesign(quantileEstimate(measure.quantile, input), input.against);
    case 'rate':
      return rateDesign(input);
    case 'gauge':
      return { kind: 'gauge' };
    default:
      return measure satisfies never;
  }
}

function meanDesign(
  { amount: { cap, step } }: MeanMeasure,
  { total, nA, nB, against, windowMinutes }: TypeDesignInput,
): NormalDesign | Obstacle {
  const arm = meanArmOf(total);
  const claim = against.direction === 'increase_is_good' ? 'higher' : 'lower';
  const at = (factor: number) => ({ control: scaledMean(arm, factor * nA), treatment: scaledMean(arm, factor * nB) });
  const isTrusted = (factor: number) => skewBound(at(factor), cap / step, claim).enough;
  const { control, treatment } = at(1);
  const design = constantDesign(logRatioOfMeans(control, treatment, VERDICT_CONFIDENCE), against);
  if ('kind' in design || isTrusted(1)) return design;
  const windowWeeks = windowMinutes / WEEK_MINUTES;
  const weeks = Array.from({ length: MOST_WEEKS }, (_, i) => i + 1).find((week) => isTrusted(week / windowWeeks));
  return { kind: 'skewed', weeks: weeks ?? null };
}

function ratioEstimate({ total, nA, nB }: TypeDesignInput): Estimate {
  const arm = ratioArmOfTally(total);
  const strata = [{ control: scaledRatio(arm, nA), treatment: scaledRatio(arm, nB) }];
  return hasEnoughUnits(strata, ratioLogRatio(strata, VERDICT_CONFIDENCE));
}

/** Quantiles are read from the whole history, with the width that the expected trials give (docs/statistics.md F3). */
function quantileEstimate(q: number, { total, nA, nB }: TypeDesignInput): Estimate {
  const source = latenciesOf(total);
  const withLatency = source.n / total.n;
  const arm = (n: number) => ({ source: { n: Math.round(n * withLatency), at: source.at }, deff: 1 });
  return quantileRatio(arm(nA), arm(nB), q, VERDICT_CONFIDENCE);
}

/** The variance of ln(rate) is phi over its events, so it depends on the gain (docs/statistics.md E3). */
function rateDesign({ total, dispersion, nA, nB, against, windowMinutes }: TypeDesignInput): NormalDesign | Obstacle {
  const [rate, hours, phi] = [total.y / total.n, windowMinutes / HOUR_MINUTES, dispersion ?? 1];
  const hoursWithEvents = hours * (1 - Math.exp((0 - rate * (nA + nB)) / hours));
  if (dispersion === null && !(hoursWithEvents >= FEWEST_HOURS)) return { kind: 'too_few' };
  if (!isDispersion(phi)) return { kind: 'broken' };
  const sign = against.direction === 'increase_is_good' ? 1 : -1;
  const se = (gain: number) => Math.sqrt(phi * (1 / (rate * nA) + 1 / (rate * nB * (1 + sign * gain))));
  return { ...against, scale: 'log', df: null, se };
}

function constantDesign(ratio: Estimate, against: RuleOfDesign): NormalDesign | Obstacle {
  const se = logStandardError(ratio, VERDICT_CONFIDENCE);
  if (!(se > 0)) return { kind: ratio.status === 'invalid' ? 'broken' : 'too_few' };
  return { ...against, scale: 'log', df: ratio.df, se: () => se };
}

function scaledMean({ n, sum, sumSq }: MeanArm, units: number): MeanArm {
  const factor = Math.round(units) / n;
  return { n: Math.round(units), sum: sum * factor, sumSq: sumSq * factor };
}

function scaledRatio(arm: RatioArm, units: number): RatioArm {
  const factor = Math.round(units) / arm.n;
  return {
    n: Math.round(units),
    sumX: arm.sumX * factor,
    sumD: arm.sumD * factor,
    sumXX: arm.sumXX * factor,
    sumDD: arm.sumDD * factor,
    sumXD: arm.sumXD * factor,
  };
}
