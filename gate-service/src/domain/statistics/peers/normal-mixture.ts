import { normalCdf } from '../distributions.ts';
import { bisect } from './search.ts';

/** Where a mixture is tightest: at intrinsic time vOpt for level alphaOpt. */
export interface MixtureTuning {
  readonly vOpt: number;
  readonly alphaOpt: number;
  readonly sides: 1 | 2;
}

/** rho = v / (2 ln(1/a) + ln(1 + 2 ln(1/a))), with 2a for one side. Howard, Ramdas, McAuliffe, Sekhon 2021, eq. 14. */
export function mixtureRho({ vOpt, alphaOpt, sides }: MixtureTuning): number {
  const log = 2 * Math.log(1 / (sides === 1 ? 2 * alphaOpt : alphaOpt));
  return vOpt / (log + Math.log1p(log));
}

/** ln of the normal mixture of a sub-Gaussian sum s with variance v. Howard et al. 2021, section 3.2. */
export function normalLogMixture(s: number, v: number, tuning: MixtureTuning): number {
  const rho = mixtureRho(tuning);
  const twoSided = 0.5 * Math.log(rho / (v + rho)) + s ** 2 / (2 * (v + rho));
  return tuning.sides === 2 ? twoSided : twoSided + Math.LN2 + Math.log(normalCdf(s / Math.sqrt(v + rho)));
}

/** The sum at which the mixture reaches 1/alpha. */
export function normalMixtureBound(v: number, alpha: number, tuning: MixtureTuning): number {
  const isCrossed = (s: number) => normalLogMixture(s, v, tuning) >= -Math.log(alpha);
  let far = Math.sqrt(v) + 1;
  while (!isCrossed(far)) far *= 2;
  return bisect(0, far, isCrossed);
}
