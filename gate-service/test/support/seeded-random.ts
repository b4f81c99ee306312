/** A small seeded source of randomness for tests: the same seed gives the same stream on every machine. */
export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n). */
  int(n: number): number;
  /** Poisson draw with mean lambda >= 0. */
  poisson(lambda: number): number;
  /** Binomial draw: successes of n trials with chance p. */
  binomial(n: number, p: number): number;
}

/** Inversion is used up to this mean; larger ones are split, so that exp(-mean) never underflows. */
const LARGEST_INVERSION_MEAN = 200;

/** Makes a generator (mulberry32) from a 32-bit integer seed. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const poisson = (lambda: number): number => {
    if (lambda > LARGEST_INVERSION_MEAN) {
      const half = lambda / 2;
      return poisson(half) + poisson(lambda - half);
    }
    let chance = Math.exp(-lambda);
    let left = next() - chance;
    let k = 0;
    while (left >= 0 && chance > 0) {
      k++;
      chance *= lambda / k;
      left -= chance;
    }
    return k;
  };
  const binomial = (n: number, p: number): number => {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - binomial(n, 1 - p);
    if (n * p > LARGEST_INVERSION_MEAN) {
      const half = Math.floor(n / 2);
      return binomial(half, p) + binomial(n - half, p);
    }
    const odds = p / (1 - p);
    let chance = Math.exp(n * Math.log1p(-p));
    let left = next() - chance;
    let k = 0;
    while (left >= 0 && k < n) {
      chance *= (odds * (n - k)) / (k + 1);
      k++;
      left -= chance;
    }
    return k;
  };
  return { next, int: (n) => Math.floor(next() * n), poisson, binomial };
}
