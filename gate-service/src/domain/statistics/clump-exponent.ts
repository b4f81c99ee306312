import { isCount, isProbabilityLevel } from './estimate.ts';
import { type ClusteringExponents, chooseExponents } from './largest-exponent.ts';
import type { HarmDirection } from './null-line.ts';

/** Clumps of the baseline that look alike: `count` user-minutes with `events` events each. */
export interface ClumpGroup {
  readonly events: number;
  readonly count: number;
}

/** The bets whose exponents are wanted: those of the count monitor. */
export interface ClumpBets {
  readonly psi: readonly number[];
  readonly harm: HarmDirection;
  readonly marginRatio: number;
}

/**
 * How far bets on counts must be tempered where events come in clumps (docs/statistics.md K5, K7): the largest
 * exponents at which a clump of the baseline, put in either arm by the arms' exposure, multiplies the wealth by at most
 * 1 on average. Exact where clumps come at random. With the fallback, 1 / dispersion, bets on large multiples gain on
 * average when clumps differ much in size (1.5 with clumps of 1 and 7), though alarms stayed below alpha.
 * @param groups          roll-up of the baseline's clumps; those without events don't matter
 * @param treatmentShares exposure of the treatment / all exposure at every step of the ramp, each in (0, 1)
 * @param dispersion      variance / mean of the baseline's counts, >= 1, or null (docs/statistics.md E3)
 * @returns               exponents for the count monitor's `tempering`; `insufficient` with fewer than 5000 clumps and
 *                        no dispersion
 */
export function clumpExponents(
  groups: readonly ClumpGroup[],
  { psi, harm, marginRatio }: ClumpBets,
  treatmentShares: readonly number[],
  dispersion: number | null,
): ClusteringExponents {
  const filled = groups.filter(({ events }) => events !== 0);
  const n = filled.reduce((sum, { count }) => sum + count, 0);
  const edge = harm === 'increase' ? 1 + marginRatio : 1 - marginRatio;
  const isUsable =
    groups.every(({ events, count }) => isCount(events) && isCount(count)) &&
    psi.length > 0 &&
    psi.every((multiplier) => multiplier > 1 && Number.isFinite(multiplier)) &&
    marginRatio >= 0 &&
    edge > 0 &&
    Number.isFinite(edge) &&
    treatmentShares.length > 0 &&
    treatmentShares.every(isProbabilityLevel) &&
    (dispersion === null || (dispersion >= 1 && Number.isFinite(dispersion)));
  if (!isUsable) return { status: 'invalid', exponents: [], method: 'none', n: 0 };
  const growths = psi.map((multiplier) =>
    treatmentShares.map((share) =>
      clumpGrowth(filled, n, share, edge, harm === 'increase' ? edge * multiplier : edge / multiplier),
    ),
  );
  return chooseExponents(n, growths, dispersion);
}

function clumpGrowth(
  groups: readonly ClumpGroup[],
  n: number,
  share: number,
  edge: number,
  candidate: number,
): (eta: number) => number {
  const atEdge = 1 - share + edge * share;
  const inB = (edge * share) / atEdge;
  const perEventA = Math.log(atEdge / (1 - share + candidate * share));
  const perEventB = perEventA + Math.log(candidate / edge);
  return (eta) =>
    groups.reduce((mean, { events, count }) => {
      const [a, b] = [Math.exp(eta * events * perEventA), Math.exp(eta * events * perEventB)];
      return mean + (count / n) * ((1 - inB) * a + inB * b);
    }, 0);
}
