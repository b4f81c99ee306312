import { bernoulliDivergence } from './bernoulli-divergence.ts';
import { clipRate } from './control-rate.ts';
import type { NullLine } from './null-line.ts';
import { referencePoint } from './reference-point.ts';

/** Odds multipliers of the bad-event rate, from a tenth more to total failure (docs/statistics.md K3). */
export const DEFAULT_PSI: readonly number[] = [1.1, 1.2, 1.4, 1.8, 2.5, 4, 8, 25];

/** A monitor keeps at least this many candidates however thin the traffic. */
const FEWEST_CANDIDATES = 3;

/** Equal prior weights that sum to 1 (docs/statistics.md K3). */
export function equalWeights(count: number): number[] {
  return Array.from({ length: count }, () => 1 / count);
}

/**
 * The treatment's bad-event rate under candidate psi: psi times the odds at the edge of the null (docs/statistics.md
 * K3; with harm = decrease this is the division of the good events' odds).
 * @param psi    odds multiplier > 1
 * @param thetaA control's bad-event rate in (0, 1)
 * @param line   edge of the null
 * @returns      rate clipped to [1e-6, 1 - 1e-6]
 */
export function candidateRate(psi: number, thetaA: number, line: NullLine): number {
  const edge = clipRate(line.intercept + line.slope * thetaA);
  const odds = (psi * edge) / (1 - edge);
  return clipRate(odds / (1 + odds));
}

/** What the choice of candidates needs to know about a week of traffic. */
export interface CandidateTraffic {
  /** Baseline bad-event rate in (0, 1). */
  readonly thetaA: number;
  /** Treatment units / all units. */
  readonly treatmentShare: number;
  /** Units of both arms expected in seven days. */
  readonly unitsPerWeek: number;
  /** Error budget of the alarm, e.g. 0.05. */
  readonly alpha: number;
}

/**
 * Drops candidates that a week of traffic cannot detect, N I(psi) < ln(1/alpha) / 2, so that their weight goes to those
 * it can; keeps at least three (docs/statistics.md K3).
 * @returns psi in the given order; the largest three when fewer are detectable
 */
export function pruneCandidates(psi: readonly number[], traffic: CandidateTraffic, line: NullLine): number[] {
  const { unitsPerWeek, alpha } = traffic;
  const detectable = psi.filter(
    (multiplier) => unitsPerWeek * information(multiplier, traffic, line) >= 0.5 * Math.log(1 / alpha),
  );
  if (detectable.length >= FEWEST_CANDIDATES) return detectable;
  const kept = new Set(psi.toSorted((left, right) => right - left).slice(0, FEWEST_CANDIDATES));
  return psi.filter((multiplier) => kept.has(multiplier));
}

/** Looks in a week: one a minute. */
const LOOKS_PER_WEEK = 7 * 24 * 60;
/** Nats in a look from which on a faster candidate gains little, and in a week below which it is seldom found. */
const FULL_LOOK = 3;
const THIN_WEEK = 6;
/** Middle of the bell in ln ln psi and its width; harm of 2.5 times the odds is the usual size. */
const USUAL_PSI = 2.5;
const BELL_WIDTH = 1.5;
/** No candidate is left with nothing. */
const SMALLEST_WEIGHT = 1e-9;

/**
 * Prior weights that give less to candidates that would show within a look anyway, and to those that a week hardly
 * shows: (1 - exp(-w/6)) / (1 + (l/3)^2) exp(-(ln ln psi - ln ln 2.5)^2 / (2 * 1.5^2)) with the nats that a true psi
 * brings in a week (w) and in a look (l), normalised (docs/statistics.md K3). Fixed before the first block, so the
 * mixture stays an e-process.
 * @param psi odds multipliers > 1
 * @returns   one positive weight a candidate, summing to 1
 */
export function weightsByTraffic(
  psi: readonly number[],
  traffic: Omit<CandidateTraffic, 'alpha'>,
  line: NullLine,
): number[] {
  const raw = psi.map((multiplier) => {
    const perWeek = traffic.unitsPerWeek * information(multiplier, traffic, line);
    const isFound = 1 - Math.exp(-perWeek / THIN_WEEK);
    const distance = (Math.log(Math.log(multiplier)) - Math.log(Math.log(USUAL_PSI))) / BELL_WIDTH;
    const bell = Math.exp(-0.5 * distance ** 2);
    return (isFound * bell) / (1 + (perWeek / LOOKS_PER_WEEK / FULL_LOOK) ** 2) + SMALLEST_WEIGHT;
  });
  const total = raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight / total);
}

/** Nats that a unit brings against the closest point of the null when the candidate is true (docs/statistics.md R1). */
function information(
  multiplier: number,
  { thetaA, treatmentShare: f }: Pick<CandidateTraffic, 'thetaA' | 'treatmentShare'>,
  line: NullLine,
): number {
  const thetaB = candidateRate(multiplier, thetaA, line);
  const { a, b } = referencePoint(f, thetaA, thetaB, line);
  return (1 - f) * bernoulliDivergence(thetaA, a) + f * bernoulliDivergence(thetaB, b);
}
