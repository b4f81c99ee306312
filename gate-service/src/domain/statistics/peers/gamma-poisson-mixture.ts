import gammainc from '@stdlib/math-base-special-gammainc';
import { lnGamma } from '../distributions.ts';
import { mixtureRho } from './normal-mixture.ts';

/**
 * ln of the gamma-Poisson mixture of a sub-Poisson sum s with variance v and jumps of size c. Howard, Ramdas,
 * McAuliffe, Sekhon 2021, proposition 8.
 */
export function gammaPoissonLogMixture(
  s: number,
  v: number,
  { c, vOpt, alphaOpt }: { readonly c: number; readonly vOpt: number; readonly alphaOpt: number },
): number {
  const prior = mixtureRho({ vOpt, alphaOpt, sides: 1 }) / c ** 2;
  const time = v / c ** 2;
  const rate = prior + time;
  const shape = s / c + rate;
  return logMass(shape, rate) - logMass(prior, prior) - shape * Math.log(rate) + prior * Math.log(prior) + time;
}

/** ln of the upper incomplete gamma function. */
function logMass(shape: number, from: number): number {
  return lnGamma(shape) + Math.log(gammainc(from, shape, true, true));
}
