import { betaCdf, betaQuantile, betaSf, lnGamma } from './distributions.ts';
import { integrate } from './integrate.ts';

/** What is believed about a rate: Beta(a, b), a, b > 0. */
export interface BetaBelief {
  readonly a: number;
  readonly b: number;
}

/** Two beliefs compared. Losses are rates: 0.02 is two of a hundred units. NaN for broken beliefs. */
export interface BetaComparison {
  /** P(pB > pA). */
  readonly pGreater: number;
  /** E[max(pA - pB, 0)]: what staying with B costs if A is the higher rate. */
  readonly lossOfB: number;
  /** E[max(pB - pA, 0)]. */
  readonly lossOfA: number;
}

/** Where the integrands bend: their pieces are cut at these quantiles of both beliefs. */
const CUTS: readonly number[] = [1e-14, 1e-8, 1e-4, 0.01, 0.1, 0.4];

/**
 * Compares two rates that are known as Beta distributions (docs/statistics.md J2, J3): P(pB > pA), the integral of
 * f_B F_A, and both expected losses, those of F_B (1 - F_A) and F_A (1 - F_B).
 * @param control   belief about A
 * @param treatment belief about B
 * @returns         to about 1e-9
 * @see             checked against scipy 1.10 quad
 */
export function compareBetas(control: BetaBelief, treatment: BetaBelief): BetaComparison {
  const beliefs = [control, treatment];
  if (!beliefs.every(({ a, b }) => a > 0 && b > 0 && Number.isFinite(a + b))) {
    return { pGreater: Number.NaN, lossOfB: Number.NaN, lossOfA: Number.NaN };
  }
  // In x = sin^2(angle) the density of a belief with a, b >= 1/2 has no pole at 0 or 1.
  const quantiles = beliefs.flatMap(({ a, b }) => [
    ...CUTS.map((p) => Math.sqrt(betaQuantile(p, a, b))),
    ...CUTS.map((p) => Math.sqrt(1 - betaQuantile(p, b, a))),
  ]);
  const angles = [0, ...quantiles.map((root) => Math.asin(root)), Math.PI / 2].toSorted((x, y) => x - y);
  const over = (f: (x: number, angle: number) => number) =>
    integrate((angle) => f(Math.sin(angle) ** 2, angle), angles);
  const slope = (angle: number) => Math.sin(2 * angle);
  const [cdf, sf] = [
    (belief: BetaBelief, x: number) => betaCdf(x, belief.a, belief.b),
    (belief: BetaBelief, x: number) => betaSf(x, belief.a, belief.b),
  ];
  return {
    pGreater: Math.min(
      1,
      over((x, angle) => angularDensity(treatment, angle) * cdf(control, x)),
    ),
    lossOfB: over((x, angle) => slope(angle) * cdf(treatment, x) * sf(control, x)),
    lossOfA: over((x, angle) => slope(angle) * cdf(control, x) * sf(treatment, x)),
  };
}

/** Density of the angle whose squared sine is Beta(a, b). */
function angularDensity({ a, b }: BetaBelief, angle: number): number {
  const lnBeta = lnGamma(a) + lnGamma(b) - lnGamma(a + b);
  const lnSine = Math.log(Math.sin(angle));
  const lnCosine = Math.log(Math.cos(angle));
  return 2 * Math.exp((2 * a - 1) * lnSine + (2 * b - 1) * lnCosine - lnBeta);
}
