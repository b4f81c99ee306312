import { lnChoose } from './distributions.ts';

/** Units and bad events of one block. */
export interface BlockCounts {
  readonly nA: number;
  readonly yA: number;
  readonly nB: number;
  readonly yB: number;
}

/**
 * Blocks with more units are bet on by K4 instead: sums over their tables cost too much, and ln of their binomials lose
 * digits. Sizes alone choose, so validity is kept.
 */
export const MOST_CONDITIONAL_UNITS = 1_000_000;

/** A sum ends where a term is this small a part of it. */
const NEGLIGIBLE = 1e-18;

/**
 * Bets on whose the block's bad events are, whatever the rate (docs/statistics.md K16): for each candidate psi the log
 * of Fisher's noncentral over the central hypergeometric probability of yB, given the block's sizes and its yA + yB.
 *
 * Valid: with equal rates every set of units is equally likely to hold the bad events, so yB is central hypergeometric,
 * and the ratio's mean over it is sum_j noncentral(j) = 1, exactly, for any rate, known or not, drifting from block to
 * block or not; also where the units of a block differ in their rates, as chance assigns them with one share. If the
 * treatment is better (odds ratio <= 1), yB is stochastically smaller; the ratio rises with yB since psi > 1, so its
 * mean is at most 1. A block's bets depend on nothing before it.
 * @param psi odds multipliers > 1
 * @returns   one log increment a candidate; all 0 when the block can have come out in one way only
 */
export function conditionalIncrements(psi: readonly number[], { nA, yA, nB, yB }: BlockCounts): number[] {
  const events = yA + yB;
  const least = Math.max(0, events - nA);
  const most = Math.min(events, nB);
  if (least === most) return psi.map(() => 0);
  const table = { nA, nB, events, least, most };
  // ln of the central law's total: Vandermonde's identity.
  const logPlain = lnChoose(nA + nB, events);
  return psi.map((one) => yB * Math.log(one) + logPlain - logTiltedSum(table, one));
}

interface Table {
  readonly nA: number;
  readonly nB: number;
  readonly events: number;
  readonly least: number;
  readonly most: number;
}

/** ln sum_j C(nB, j) C(nA, events - j) psi^j, from its largest term outwards until the rest is nothing. */
function logTiltedSum(table: Table, psi: number): number {
  const { nA, nB, events, least, most } = table;
  const mode = modeOf(table, psi);
  let sum = 1;
  for (let [j, term] = [mode, 1]; j < most && term > sum * NEGLIGIBLE; j += 1) {
    term *= (psi * (nB - j) * (events - j)) / ((j + 1) * (nA - events + j + 1));
    sum += term;
  }
  for (let [j, term] = [mode, 1]; j > least && term > sum * NEGLIGIBLE; j -= 1) {
    term *= (j * (nA - events + j)) / (psi * (nB - j + 1) * (events - j + 1));
    sum += term;
  }
  return lnChoose(nB, mode) + lnChoose(nA, events - mode) + mode * Math.log(psi) + Math.log(sum);
}

/**
 * The count with the largest term: the last j whose ratio to the one before, psi (nB-j+1)(events-j+1) / (j
 * (nA-events+j)), is at least 1. That is the smaller root of (psi-1) j^2 - b j + c, in the form that loses no digits.
 */
function modeOf({ nA, nB, events, least, most }: Table, psi: number): number {
  const b = psi * (nB + events + 2) + nA - events;
  const c = psi * (nB + 1) * (events + 1);
  const root = (2 * c) / (b + Math.sqrt(Math.max(0, b * b - 4 * (psi - 1) * c)));
  return Math.min(most, Math.max(least, Math.floor(root)));
}
