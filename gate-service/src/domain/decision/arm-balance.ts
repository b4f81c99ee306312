import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Phase } from '../model/change.ts';
import { isPerUnit } from '../model/measure.ts';
import type { Tally } from '../model/tally.ts';
import type { MetricEvidence, QualityCheck, VerdictEvidence } from '../model/verdict.ts';
import { chiSquareSf } from '../statistics/distributions.ts';
import { isCount } from '../statistics/estimate.ts';
import { SAMPLE_RATIO_ALPHA } from '../statistics/sample-ratio-mismatch.ts';
import { comparableRows, splitsTraffic } from './effect-scale.ts';

/** Expected trials of a run in which none came: by chance once in 10^13 (docs/statistics.md G4). */
export const SILENT_TRIALS = 30;
/** Below it the chi-square of a cell is no chi-square. */
const SMALLEST_EXPECTED = 5;
/** A change may keep people busier or less busy by this much before its status trials stop being comparable. */
const HONEST_ACTIVITY = 0.85;
/** However much the units differ: with enough trials expected, no honest effect makes one arm three times as busy. */
const GROSS_ACTIVITY = 1 / 3;

/** Of a gauge's days. */
const MOST_ONE_SIDED = 0.1;

interface Arms {
  readonly off: number;
  readonly on: number;
  /** The lowest and the highest share of the treatment that these trials may honestly have. */
  readonly shares: readonly [number, number];
}

/**
 * Whether the trials of one KPI split between the arms as the flag did (docs/statistics.md G5): exposures may be
 * complete while one arm's trials of a KPI are lost. KPIs with one trial a unit are held to G1, against the nearest share
 * that units of this phase or an earlier one were given, as a unit keeps its first variant. Others have many a unit, and
 * a change may alter how many: their chi-square is divided by the design effect of the units, or of geometric counts
 * where these are not known, and only a gap that activity does not explain fails. Samples of a gauge do not follow
 * the traffic: only an arm without any fails, in all or on more than a tenth of the days.
 * @returns failed too when the watch saw the treatment silent (G4); unknown when it cannot be computed
 */
export function armBalance(
  data: Pick<MetricEvidence, 'strata' | 'silentTrials' | 'units' | 'days'>,
  kpi: Pick<Kpi, 'measure'>,
  { phases, exposures }: Pick<VerdictEvidence, 'phases' | 'exposures'>,
): Pick<QualityCheck, 'status' | 'detail'> {
  const single = isPerUnit(kpi.measure);
  const arms = data.strata.flatMap((stratum) => armsOf(stratum, phases, !single));
  if (kpi.measure.type === 'gauge') return gaugeBalance(arms, comparableRows(data.days ?? [], phases));
  const effect = single ? 1 : (unitsEffect(data, phases) ?? designEffect(arms, phases, exposures));
  const counted = arms.map(({ off, on }) => `${on} with the change, ${off} without`).join('; ');
  if (!Number.isFinite(effect)) return { status: 'unknown', detail: 'How many units made the trials cannot be told.' };
  if (data.silentTrials !== undefined && !(data.silentTrials < SILENT_TRIALS * effect)) {
    const detail = `The treatment was silent where about ${Math.round(data.silentTrials)} of its trials were expected.`;
    return { status: 'failed', detail };
  }
  const uneven = single ? isMismatched(arms) : arms.some((one) => isBusier(one, effect));
  if (uneven) return { status: 'failed', detail: `Trials did not split as the flag did: ${counted}.` };
  return { status: 'ok', detail: `Trials by phase: ${counted === '' ? 'none' : counted}.` };
}

function armsOf(
  { phaseIndex, off, on }: MetricEvidence['strata'][number],
  phases: readonly Phase[],
  many: boolean,
): readonly Arms[] {
  const phase = phases.find(({ index }) => index === phaseIndex);
  if (!phase || !splitsTraffic(phase)) return [];
  const sofar = phases.filter(({ startMinute }) => startMinute <= phase.startMinute).map(({ share }) => share);
  const shares = many ? [phase.share] : [phase.share, ...sofar];
  return [{ off: off.n, on: on.n, shares: [Math.min(...shares), Math.max(...shares)] }];
}

/** G1: chi-squares and degrees of freedom added over the phases. */
function isMismatched(arms: readonly Arms[]): boolean {
  const tested = arms.map(chiSquareOf).filter((chiSquare) => chiSquare !== null);
  if (tested.length === 0) return false;
  const sum = tested.reduce((total, chiSquare) => total + chiSquare, 0);
  return !(chiSquareSf(sum, tested.length) >= SAMPLE_RATIO_ALPHA);
}

function isBusier(arms: Arms, effect: number): boolean {
  const { off, on } = expectedOf(arms);
  const [left, right] = [arms.off / off, arms.on / on];
  const ratio = Math.min(left, right) / Math.max(left, right);
  if (Math.min(off, on) >= SILENT_TRIALS && ratio < GROSS_ACTIVITY) return true;
  const chiSquare = chiSquareOf(arms);
  if (chiSquare === null || ratio >= HONEST_ACTIVITY) return false;
  return !(chiSquareSf(chiSquare / effect, 1) >= SAMPLE_RATIO_ALPHA);
}

/** Against the nearest share allowed; null where too little was expected. */
function chiSquareOf(arms: Arms): number | null {
  const { off, on } = expectedOf(arms);
  if (!(Math.min(off, on) >= SMALLEST_EXPECTED)) return null;
  return (arms.off - off) ** 2 / off + (arms.on - on) ** 2 / on;
}

function expectedOf({ off, on, shares: [least, most] }: Arms): { readonly off: number; readonly on: number } {
  const n = off + on;
  const share = n === 0 ? least : Math.min(most, Math.max(least, on / n));
  return { off: n * (1 - share), on: n * share };
}

/** A comparison leaves out days with one arm only; where they are many, what is left is not the window. */
function gaugeBalance(
  arms: readonly Arms[],
  days: NonNullable<MetricEvidence['days']>,
): Pick<QualityCheck, 'status' | 'detail'> {
  const [off, on] = [arms.reduce((sum, arm) => sum + arm.off, 0), arms.reduce((sum, arm) => sum + arm.on, 0)];
  const isOneSided = (a: number, b: number) => Math.min(a, b) === 0 && Math.max(a, b) >= SILENT_TRIALS;
  const lost = days.filter((day) => isOneSided(day.off.n, day.on.n)).length;
  const detail = `${on} samples with the change, ${off} without; ${lost} days with one of the two only.`;
  return { status: isOneSided(off, on) || lost > days.length * MOST_ONE_SIDED ? 'failed' : 'ok', detail };
}

/** E[k^2] / E[k] of a unit's number of trials k as it was seen; null where units are not known. */
function unitsEffect({ units = [] }: Pick<MetricEvidence, 'units'>, phases: readonly Phase[]): number | null {
  const tallies = comparableRows(units, phases).flatMap(({ off, on }): Tally[] => [off, on]);
  const [d, dd] = [
    tallies.reduce((total, { sums }) => total + (sums?.d ?? 0), 0),
    tallies.reduce((total, { sums }) => total + (sums?.dd ?? 0), 0),
  ];
  return d > 0 ? Math.max(1, dd / d) : null;
}

/**
 * E[k^2] / E[k] of a unit's number of trials k when it is geometric with the mean seen: 2m - 1, and 1 for single trials.
 * Without exposures there is none; the check of the split says so.
 */
function designEffect(
  arms: readonly Arms[],
  phases: readonly Phase[],
  exposures: VerdictEvidence['exposures'],
): number {
  const split = new Set(phases.filter(splitsTraffic).map(({ index }) => index));
  const own = exposures.filter(({ phaseIndex }) => split.has(phaseIndex));
  if (!own.every(({ off, on }) => isCount(off) && isCount(on))) return Number.NaN;
  const units = own.reduce((total, { off, on }) => total + off + on, 0);
  const trials = arms.reduce((total, { off, on }) => total + off + on, 0);
  return units > 0 ? Math.max(1, (2 * trials) / units - 1) : 1;
}
