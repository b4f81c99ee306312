import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Phase } from '../model/change.ts';
import { isStatus } from '../model/measure.ts';
import type { Tally } from '../model/tally.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { type RatioStratum, ratioDifference, ratioLogRatio } from '../statistics/ratio-of-sums.ts';
import type { EstimateRequest } from './effect-estimate.ts';
import { comparableRows, comparableStrata, gainEstimate, gainOfDifference, gainOfRatio } from './effect-scale.ts';
import { hasEnoughUnits, ratioArmOfTally } from './estimate-amounts.ts';

/** Under this many events, or non-events, in an arm the delta method is held against the interval of the trials. */
const ENOUGH_EVENTS = 5;

/**
 * The gain of a proportion (docs/statistics.md B3, B4, section I). A status KPI's units make several trials each that hang
 * together: where they are known, its interval is that of a ratio of sums over units (D1). Where an arm has few events,
 * it reaches over both intervals, since the one over units has next to no variance to go by.
 * @returns on the request's scale; the method's name starts with `delta_ratio` where units were taken into account
 */
export function proportionGain(
  { measure, direction }: Pick<Kpi, 'measure' | 'direction'>,
  data: Pick<MetricEvidence, 'strata' | 'units'>,
  phases: readonly Phase[],
  { scale, confidence }: EstimateRequest,
): Estimate {
  const trials = comparableStrata(data, phases);
  const byTrials = gainEstimate(direction, scale, trials, confidence);
  if (!isStatus(measure) || groupingOf(data) !== 'several') return byTrials;
  const units = comparableRows(data.units ?? [], phases).map(
    ({ off, on }): RatioStratum => ({ control: ratioArmOfTally(off), treatment: ratioArmOfTally(on) }),
  );
  const byUnits =
    scale === 'relative'
      ? gainOfRatio(hasEnoughUnits(units, ratioLogRatio(units, confidence)), direction)
      : gainOfDifference(hasEnoughUnits(units, ratioDifference(units, confidence)), direction);
  const isFew = [trials.map(({ control }) => control), trials.map(({ treatment }) => treatment)].some(hasFewEvents);
  if (!isFew || byUnits.status === 'invalid') return byUnits;
  return byUnits.status === 'ok' ? hullOf(byUnits, byTrials) : byTrials;
}

/**
 * How a status KPI's trials belong to units: one each, several, or unknown, when units were not kept or do not account
 * for the trials of both arms, and those that count.
 */
export function groupingOf({
  strata,
  units = [],
}: Pick<MetricEvidence, 'strata' | 'units'>): 'single' | 'several' | 'unknown' {
  const accounted = (['off', 'on'] as const).every((arm) => {
    const [trials, behind] = [strata, units].map((rows) => rows.map((row) => row[arm])) as [Tally[], Tally[]];
    const [all, known] = [sumOf(trials, ({ n }) => n), sumOf(behind, trialsOf)];
    const isAlike = known !== all || sumOf(trials, ({ y }) => y) === sumOf(behind, ({ y }) => y);
    return known >= all * ACCOUNTED_FOR && known * ACCOUNTED_FOR <= all && isAlike;
  });
  const tallies = units.flatMap(({ off, on }) => [off, on]);
  const trials = sumOf(tallies, trialsOf);
  if (trials === 0 || !accounted) return 'unknown';
  const isSingle = sumOf(tallies, ({ n }) => n) === trials && sumOf(tallies, ({ sums }) => sums?.dd ?? 0) === trials;
  return isSingle ? 'single' : 'several';
}

/**
 * Trials whose unit was first seen between two phases have none, and trials after the window belong to units of it; more
 * than these missing, or too many, say that the units are not those of the trials.
 */
const ACCOUNTED_FOR = 0.9;

function trialsOf({ sums }: Tally): number {
  return sums?.d ?? 0;
}

function sumOf(tallies: readonly Tally[], part: (tally: Tally) => number): number {
  return tallies.reduce((total, tally) => total + part(tally), 0);
}

function hasFewEvents(arms: readonly Tally[]): boolean {
  const events = arms.reduce((total, { y }) => total + y, 0);
  const others = arms.reduce((total, { n, y }) => total + n - y, 0);
  return Math.min(events, others) < ENOUGH_EVENTS;
}

/** The estimate over units with the interval that holds both. */
function hullOf(units: Estimate, trials: Estimate): Estimate {
  if (trials.status !== 'ok') return trials;
  return { ...units, lo: Math.min(units.lo, trials.lo), hi: Math.max(units.hi, trials.hi) };
}
