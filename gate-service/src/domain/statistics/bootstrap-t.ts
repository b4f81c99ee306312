import { type Estimate, insufficientEstimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';
import { cubedArmOf, type MeanArm, sampleVariance } from './mean-arm.ts';
import { quantileOfSorted } from './quantile.ts';
import { welchDifference } from './welch-difference.ts';

/** Resamples; the 5% and 95% quantiles of t then have a standard error of about 0.5% of coverage. */
const RESAMPLES = 2000;

/**
 * Difference of two means by the bootstrap-t: Welch's t is drawn again from resampled units, and its own quantiles take
 * the place of Student's. For skewed metrics that the skew guard stops, where raw values were kept (docs/statistics.md C).
 * @param control   one winsorised value per unit
 * @param treatment the same
 * @param conf      two-sided confidence in (0, 1)
 * @param seed      32-bit integer, so that the answer can be computed again
 * @returns         difference in the unit of the metric; non-answers as welchDifference; `insufficient` as well when one
 *                  resample in a hundred has no variance (a handful of units decides everything)
 * @see             Efron and Tibshirani 1993, section 12.5
 */
export function bootstrapT(
  control: readonly number[],
  treatment: readonly number[],
  conf: number,
  seed: number,
): Estimate {
  const method = 'bootstrap_t';
  const [a, b] = [cubedArmOf(control), cubedArmOf(treatment)];
  const welch = welchDifference(a, b, conf);
  if (welch.status !== 'ok' || welch.se === null) return { ...welch, method };
  if (!Number.isInteger(seed) || !isProbabilityLevel(conf)) return invalidEstimate(method);
  const random = mulberry32(seed);
  const draws = Array.from({ length: RESAMPLES }, () => {
    const [drawA, drawB] = [resample(control, random), resample(treatment, random)];
    const gap = drawB.sum / drawB.n - drawA.sum / drawA.n - welch.estimate;
    return gap / Math.sqrt(sampleVariance(drawA) / drawA.n + sampleVariance(drawB) / drawB.n);
  })
    .filter(Number.isFinite)
    .toSorted((left, right) => left - right);
  if (draws.length < 0.99 * RESAMPLES) return insufficientEstimate(method, welch.n, -Infinity, Infinity);
  const tail = (1 - conf) / 2;
  const lo = welch.estimate - quantileOfSorted(draws, 1 - tail) * welch.se;
  const hi = welch.estimate - quantileOfSorted(draws, tail) * welch.se;
  return { ...welch, lo, hi, df: null, method };
}

/** Sums of as many units as there are, each drawn at random. */
function resample(values: readonly number[], random: () => number): MeanArm {
  let [sum, sumSq] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[Math.floor(random() * values.length)] ?? 0;
    sum += value;
    sumSq += value * value;
  }
  return { n: values.length, sum, sumSq };
}

/** Uniform numbers in [0, 1) from a seed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
