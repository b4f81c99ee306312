import { normalSf } from './distributions.ts';

/** The rank-sum test of two samples. NaN where it cannot be said. */
export interface MannWhitneyTest {
  /** Pairs (a, b) with b > a, ties half: R's W of (B, A). */
  readonly w: number;
  /** Two-sided, normal with continuity and tie correction; 1 when all values are equal. */
  readonly pAsymptotic: number;
  /** Two-sided and exact; null with ties or more than 50 values in an arm. */
  readonly pExact: number | null;
}

/** R's limit for the exact distribution. */
const MOST_EXACT = 50;

/**
 * Mann-Whitney test of two samples. Peers judge canaries by it (Kayenta on minute values); here to be compared with them,
 * never in a verdict: it says nothing about how large an effect on the mean is.
 * @param control   values, finite
 * @param treatment values, finite
 * @returns         NaN for an empty or broken sample
 * @see             checked against R 4.2.2 wilcox.test(B, A)
 */
export function mannWhitney(control: readonly number[], treatment: readonly number[]): MannWhitneyTest {
  if (!isSample(control) || !isSample(treatment)) return { w: Number.NaN, pAsymptotic: Number.NaN, pExact: null };
  const differences = treatment.flatMap((b) => control.map((a) => b - a));
  const w = differences.reduce((sum, d) => sum + (d > 0 ? 1 : d === 0 ? 0.5 : 0), 0);
  const ties = tieSizes([...control, ...treatment]);
  const sd = rankSumDeviation(control.length, treatment.length, ties);
  const excess = w - differences.length / 2;
  const z = (excess - 0.5 * Math.sign(excess)) / sd;
  const isExact = ties.every((size) => size === 1) && Math.max(control.length, treatment.length) < MOST_EXACT;
  return {
    w,
    pAsymptotic: sd === 0 ? 1 : Math.min(1, 2 * normalSf(Math.abs(z))),
    pExact: isExact ? exactP(w, control.length, treatment.length) : null,
  };
}

function isSample(values: readonly number[]): boolean {
  return values.length > 0 && values.every(Number.isFinite);
}

/** How many values share each value. */
export function tieSizes(values: readonly number[]): number[] {
  const sizes = new Map<number, number>();
  for (const value of values) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  return [...sizes.values()];
}

/** Standard deviation of W under the null, given ties. */
export function rankSumDeviation(m: number, n: number, ties: readonly number[]): number {
  const total = m + n;
  const tied = ties.reduce((sum, size) => sum + (size ** 3 - size), 0);
  return Math.sqrt(((m * n) / 12) * (total + 1 - tied / (total * (total - 1))));
}

/** Two-sided exact p-value of W without ties: the number of ways to reach each W, arm by arm. */
function exactP(w: number, m: number, n: number): number {
  // ways[k] of choosing m of m + n ranks with W = k: the Gaussian binomial coefficient, as a probability.
  let chances = [1];
  for (let i = 1; i <= m; i++) {
    const grown = new Array<number>(chances.length + n).fill(0);
    for (const [k, chance] of chances.entries()) grown[k] = (grown[k] ?? 0) + chance;
    // Multiply by (1 - x^(n + i)) / (1 - x^i), scaled to keep the sum 1.
    for (let k = grown.length - 1; k >= n + i; k--) grown[k] = (grown[k] ?? 0) - (grown[k - n - i] ?? 0);
    for (let k = i; k < grown.length; k++) grown[k] = (grown[k] ?? 0) + (grown[k - i] ?? 0);
    chances = grown.map((chance) => (chance * i) / (n + i));
  }
  // The distribution is symmetric; its lower half has not been through the subtraction above.
  const tail = chances.slice(0, Math.min(w, m * n - w) + 1).reduce((total, chance) => total + chance, 0);
  return Math.min(1, 2 * tail);
}
