/** A fast seeded source for benchmarks: xoshiro128**, so that streams of different seeds don't overlap. */
export interface FastRandom {
  /** Uniform in (0, 1), 53 bits. */
  next(): number;
  /** Poisson draw with mean >= 0, exact. */
  poisson(mean: number): number;
}

/** From here on rejection is faster than inversion; below it is not valid. */
const SMALLEST_REJECTION_MEAN = 10;

/** Makes a generator from whole numbers; each list of parts gives a stream of its own. */
export function fastRandom(...parts: readonly number[]): FastRandom {
  let [a, b, c, d] = spread(parts);
  const word = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  const next = () => ((word() >>> 5) * 67_108_864 + (word() >>> 6) + 0.5) / 9_007_199_254_740_992;
  return {
    next,
    poisson: (mean) => (mean < SMALLEST_REJECTION_MEAN ? invert(mean, next) : reject(mean, next)),
  };
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Four well-mixed words from the parts (splitmix32 over their running sum). */
function spread(parts: readonly number[]): [number, number, number, number] {
  let state = 0x9e3779b9;
  const mix = () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return word ^ (word >>> 15);
  };
  for (const part of parts) state = (mix() + Math.imul(part | 0, 0x85ebca6b)) | 0;
  return [mix(), mix(), mix(), mix() | 1];
}

function invert(mean: number, next: () => number): number {
  if (mean <= 0) return 0;
  let chance = Math.exp(-mean);
  let left = next() - chance;
  let k = 0;
  while (left >= 0 && chance > 0) {
    k += 1;
    chance *= mean / k;
    left -= chance;
  }
  return k;
}

/** Hörmann 1993, "The transformed rejection method for generating Poisson random variables", algorithm PTRS. */
function reject(mean: number, next: () => number): number {
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const invAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const vR = 0.9277 - 3.6224 / (b - 2);
  const logMean = Math.log(mean);
  for (;;) {
    const u = next() - 0.5;
    const v = next();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= vR) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    const accept = Math.log((v * invAlpha) / (a / (us * us) + b));
    if (accept <= k * logMean - mean - logFactorial(k)) return k;
  }
}

const SMALL_LOG_FACTORIALS = Float64Array.from({ length: 32 }, () => 0);
for (let k = 2; k < SMALL_LOG_FACTORIALS.length; k += 1)
  SMALL_LOG_FACTORIALS[k] = SMALL_LOG_FACTORIALS[k - 1]! + Math.log(k);

/** ln k!, by Stirling's series from 32 on (error below 1e-13). */
function logFactorial(k: number): number {
  if (k < SMALL_LOG_FACTORIALS.length) return SMALL_LOG_FACTORIALS[k]!;
  const x = k + 1;
  const inverse = 1 / (x * x);
  return (x - 0.5) * Math.log(x) - x + 0.918_938_533_204_672_7 + (1 / 12 - (1 / 360 - inverse / 1260) * inverse) / x;
}
