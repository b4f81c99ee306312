import { bernoulliDivergence } from './bernoulli-divergence.ts';

/**
 * Fewest arrivals, both arms together, in which any valid test that does not know the rates can notice pB on average
 * (docs/statistics.md R1).
 * @param pA    control's rate in [0, 1]
 * @param pB    treatment's rate under harm in [0, 1]
 * @param share treatment units / all units, in (0, 1)
 * @param alpha error budget in (0, 1)
 * @returns     > 0; Infinity for equal rates; NaN for broken input
 */
export function twoArmBound(pA: number, pB: number, share: number, alpha: number): number {
  const pooled = (1 - share) * pA + share * pB;
  const information = (1 - share) * bernoulliDivergence(pA, pooled) + share * bernoulliDivergence(pB, pooled);
  return arrivals(alpha, information);
}

/** Fewest arrivals of the treatment when control's rate is known (docs/statistics.md R2). */
export function oneArmBound(pA: number, pB: number, alpha: number): number {
  return arrivals(alpha, bernoulliDivergence(pB, pA));
}

/**
 * Fewest arrivals, both arms together, for a shift of a normal mean (docs/statistics.md R3).
 * @param delta difference of the means, in the unit of sd
 */
export function normalBound(delta: number, sd: number, share: number, alpha: number): number {
  return arrivals(alpha, (share * (1 - share) * delta ** 2) / (2 * sd ** 2));
}

function arrivals(alpha: number, information: number): number {
  return alpha > 0 && alpha < 1 ? Math.log(1 / alpha) / information : Number.NaN;
}
