import { type BetaBinomialTuning, betaBinomialLogMixture } from './beta-binomial-mixture.ts';
import { lowestPoint } from './search.ts';

/** An arm's evidence against "its quantile q is x", as a function of x. */
interface ArmEvidence {
  readonly at: (x: number) => number;
}

/**
 * Always-valid p-value for "both arms have the same quantile q". Howard and Ramdas 2022, section 5: the least, over all
 * x, of the two arms' evidence against x together. Checked against confseq's QuantileABTest.
 */
export function quantileAbP(a: readonly number[], b: readonly number[], q: number, tuning: BetaBinomialTuning): number {
  const [first, second] = [armEvidence(a, q, tuning), armEvidence(b, q, tuning)];
  const least = Math.min(...[...a, ...b].map((x) => first.at(x) + second.at(x)));
  return Math.min(1, Math.exp(-least));
}

function armEvidence(values: readonly number[], q: number, tuning: BetaBinomialTuning): ArmEvidence {
  const sorted = values.toSorted((left, right) => left - right);
  const n = sorted.length;
  const evidence = (share: number) => betaBinomialLogMixture(share * n, n, q, tuning);
  const valley = lowestPoint(0, 1, evidence);
  const [from, to] = [sorted[Math.ceil(valley * n) - 1] ?? Number.NaN, sorted[Math.floor(valley * n)] ?? Number.NaN];
  return {
    at: (x) => {
      if (x < from) return evidence(sorted.filter((value) => value <= x).length / n);
      if (x > to) return evidence(sorted.filter((value) => value < x).length / n);
      return evidence(valley);
    },
  };
}
