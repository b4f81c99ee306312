import { binomialCdf, binomialPmf, binomialSf } from './distributions.ts';

/** Tail probabilities of x successes of n under a known chance. */
export interface BinomialTails {
  /** P(X >= x). */
  readonly pGreater: number;
  /** P(X <= x). */
  readonly pLess: number;
  /** Probability of all counts no more likely than x (R's rule). */
  readonly pTwoSided: number;
}

/** R's relative slack when it compares probabilities that are equal but for rounding. */
const TIE_SLACK = 1 + 1e-7;

/**
 * Exact binomial test of a chance p (used by docs/statistics.md E2).
 * @param x successes, integer, 0 <= x <= n (the caller checks)
 * @param p chance under the null, in (0, 1)
 * @see     checked against R 4.2.2 binom.test
 */
export function exactBinomialTest(x: number, n: number, p: number): BinomialTails {
  const pGreater = binomialSf(x - 1, n, p);
  const pLess = binomialCdf(x, n, p);
  const cut = binomialPmf(x, n, p) * TIE_SLACK;
  const isRare = (count: number) => binomialPmf(count, n, p) <= cut;
  const mean = n * p;
  if (x === mean) return { pGreater, pLess, pTwoSided: 1 };
  // Beyond the mean, probabilities fall steadily, so the first rare count of the other side is found by halving.
  if (x < mean) {
    const first = firstInteger(Math.ceil(mean), n, isRare);
    return { pGreater, pLess, pTwoSided: Math.min(1, pLess + binomialSf(first - 1, n, p)) };
  }
  const last = -firstInteger(-Math.floor(mean), 0, (negative) => isRare(-negative));
  return { pGreater, pLess, pTwoSided: Math.min(1, pGreater + binomialCdf(last, n, p)) };
}

/** The smallest integer of [from, to] that holds, for a condition that stays true once it is; to + 1 when none does. */
function firstInteger(from: number, to: number, holds: (value: number) => boolean): number {
  let [low, high] = [from, to + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
