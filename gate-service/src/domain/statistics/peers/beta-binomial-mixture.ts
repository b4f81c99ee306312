import { lnGamma } from '../distributions.ts';
import { mixtureRho } from './normal-mixture.ts';
import { bisect } from './search.ts';

/** Where the mixture is tightest, in observations. */
export interface BetaBinomialTuning {
  readonly tOpt: number;
  readonly alphaOpt: number;
}

/**
 * ln of the two-sided beta-binomial mixture for `hits` of n against chance p, tuned as in Howard, Ramdas, McAuliffe,
 * Sekhon 2021, proposition 7. With S = hits - n p and V = n p (1-p) it is the likelihood ratio of a Beta prior whose
 * strength follows from the tuning.
 * @param hits not necessarily whole
 */
export function betaBinomialLogMixture(hits: number, n: number, p: number, tuning: BetaBinomialTuning): number {
  const spread = p * (1 - p);
  const rho = mixtureRho({ vOpt: tuning.tOpt * spread, alphaOpt: tuning.alphaOpt, sides: 2 });
  const strength = Math.max(rho - spread, 1e-3 * spread);
  const [a, b] = [strength / (1 - p), strength / p];
  return lnBeta(a + hits, b + n - hits) - lnBeta(a, b) - hits * Math.log(p) - (n - hits) * Math.log1p(-p);
}

/** Confidence sequence for a proportion as confseq's `bernoulli_confidence_interval` gives it. */
export function howardBernoulliInterval(
  hits: number,
  n: number,
  alpha: number,
  tuning: BetaBinomialTuning,
): { lo: number; hi: number } {
  const centre = hits / n;
  const isOut = (p: number) => p <= 0 || p >= 1 || betaBinomialLogMixture(hits, n, p, tuning) >= -Math.log(alpha);
  return {
    lo: hits === 0 ? 0 : bisect(centre, 0, isOut),
    hi: hits === n ? 1 : bisect(centre, 1, isOut),
  };
}

function lnBeta(a: number, b: number): number {
  return lnGamma(a) + lnGamma(b) - lnGamma(a + b);
}
