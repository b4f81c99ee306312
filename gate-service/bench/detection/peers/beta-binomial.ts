import gammaln from '@stdlib/math-base-special-gammaln';
import { ALPHA, onTotals, type Rule } from '../detector.ts';

/** Weight of the prior in the reference implementation. */
const SHIPPED_KAPPA = 10_000;

/**
 * Netflix's counts test: given an event, it falls in the treatment with its share of the traffic; Bayes factor of a
 * Dirichlet(kappa x shares) mixture against that, harm when it reaches 1/alpha and the treatment has more than its share.
 * @see Lindon and Malek 2022, arXiv 2205.14762; optimizely/ssrm c44f5382 for the shipped kappa
 */
function betaBinomial(name: string, kappa: number): Rule {
  return onTotals(name, ({ share }) => {
    const a = kappa * (1 - share);
    const b = kappa * share;
    const start = gammaln(kappa) - gammaln(a) - gammaln(b);
    let lastA = 0;
    let lastB = 0;
    return ({ yA, yB }) => {
      if (yA === lastA && yB === lastB) return false;
      lastA = yA;
      lastB = yB;
      if (yB <= share * (yA + yB)) return false;
      const log =
        start -
        gammaln(kappa + yA + yB) +
        gammaln(a + yA) +
        gammaln(b + yB) -
        yA * Math.log(1 - share) -
        yB * Math.log(share);
      return log >= Math.log(1 / ALPHA);
    };
  });
}

export const netflixShipped = betaBinomial('Netflix beta-binomial, kappa 10,000', SHIPPED_KAPPA);
/** With a flat prior on the share at 50:50, which is far better for harm of this size. */
export const netflixFlat = betaBinomial('Netflix beta-binomial, kappa 2', 2);
