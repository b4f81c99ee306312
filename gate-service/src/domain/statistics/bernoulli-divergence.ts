/**
 * Kullback-Leibler divergence KL(p||q) of two Bernoulli rates in nats, 0 ln 0 = 0 (docs/statistics.md R1).
 * @returns >= 0; Infinity when q is 0 or 1 and p is not; NaN outside [0, 1]
 */
export function bernoulliDivergence(p: number, q: number): number {
  if (!(p >= 0 && p <= 1 && q >= 0 && q <= 1)) return Number.NaN;
  const hit = p === 0 ? 0 : p * Math.log(p / q);
  const miss = p === 1 ? 0 : (1 - p) * Math.log((1 - p) / (1 - q));
  return Math.max(0, hit + miss);
}
