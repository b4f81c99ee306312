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

/** What `pruneCandidates` needs to know about a week of traffic. */
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
  const { thetaA, treatmentShare: f, unitsPerWeek, alpha } = traffic;
  const detectable = psi.filter((multiplier) => {
    const thetaB = candidateRate(multiplier, thetaA, line);
    const { a, b } = referencePoint(f, thetaA, thetaB, line);
    const information = (1 - f) * bernoulliDivergence(thetaA, a) + f * bernoulliDivergence(thetaB, b);
    return unitsPerWeek * information >= 0.5 * Math.log(1 / alpha);
  });
  if (detectable.length >= FEWEST_CANDIDATES) return detectable;
  const kept = new Set(psi.toSorted((left, right) => right - left).slice(0, FEWEST_CANDIDATES));
  return psi.filter((multiplier) => kept.has(multiplier));
}
