import { chiSquareSf, lnGamma } from './distributions.ts';
import { type EstimateStatus, isCount } from './estimate.ts';
import { logSumExp } from './log-sum-exp.ts';

/** Units at first exposure per arm in one span of constant allocation, with the intended weights (any positive scale).
 *  Units already seen in an earlier phase are left out by the caller. */
export interface AllocationPhase {
  readonly counts: readonly number[];
  readonly weights: readonly number[];
}

/** Whether arms are filled as intended. Unless the status is `ok` the numbers are NaN and mean nothing. */
export interface SampleRatioTest {
  readonly status: EstimateStatus;
  readonly chiSquare: number;
  readonly df: number;
  readonly p: number;
  /** ln of the product over phases of the mixture Bayes factor against the intended weights. */
  readonly logBayesFactor: number;
  readonly n: number;
}

/** Prior concentrations of the mixture (docs/statistics.md G3): coarse, medium and fine departures. */
const CONCENTRATIONS = [100, 1000, 10000] as const;

/** Fixed-horizon threshold on p and, as 1000 = 1/.001, on the Bayes factor (docs/statistics.md G1, G3). */
export const SAMPLE_RATIO_ALPHA = 0.001;

/**
 * ln Bayes factor of Dirichlet-multinomial counts against fixed weights (docs/statistics.md G2). Valid under peeking.
 * @param counts  units per arm, integers
 * @param weights intended shares, positive, summing to 1
 * @param prior   Dirichlet parameters, positive; concentration * weights for G2
 * @returns       ln BF; 0 without units
 * @see           Lindon and Malek 2022; checked against optimizely/ssrm
 */
export function dirichletLogBayesFactor(
  counts: readonly number[],
  weights: readonly number[],
  prior: readonly number[],
): number {
  const units = sum(counts);
  const concentration = sum(prior);
  let log = lnGamma(concentration) - lnGamma(concentration + units);
  counts.forEach((count, arm) => {
    if (count === 0) return;
    const a = prior[arm] ?? Number.NaN;
    log += lnGamma(a + count) - lnGamma(a) - count * Math.log(weights[arm] ?? Number.NaN);
  });
  return log;
}

/** ln of the mean over concentrations 100, 1000 and 10000 of the Bayes factor of one phase (docs/statistics.md G3). */
export function mixtureLogBayesFactor(counts: readonly number[], weights: readonly number[]): number {
  const logs = CONCENTRATIONS.map((k) =>
    dirichletLogBayesFactor(
      counts,
      weights,
      weights.map((weight) => k * weight),
    ),
  );
  return logSumExp(logs) - Math.log(CONCENTRATIONS.length);
}

/**
 * Sample ratio mismatch over phases: the chi-squares and their degrees of freedom are added (one fixed-horizon test,
 * docs/statistics.md G1), and the Bayes factors multiplied (may be looked at any time, G2 and G3).
 * @param phases one entry per span of constant allocation; phases without units say nothing and are left out
 * @returns      fail when p < .001 at the verdict, or logBayesFactor >= ln 1000 at any look; units in an arm of weight
 *               0 give p = 0 and Infinity; nothing to test (no units, a single arm) is `insufficient`; NaN, negative
 *               or fractional counts, or weights that do not fit, are `invalid`
 */
export function sampleRatioMismatch(phases: readonly AllocationPhase[]): SampleRatioTest {
  if (!phases.every(isPhase)) return noTest('invalid', 0);
  let [chiSquare, df, logBayesFactor, n] = [0, 0, 0, 0];
  for (const phase of phases) {
    const units = sum(phase.counts);
    if (units === 0) continue;
    n += units;
    const served = phase.weights.map((weight, arm) => ({ weight, count: phase.counts[arm] ?? 0 }));
    if (served.some(({ weight, count }) => weight === 0 && count > 0)) {
      chiSquare = Number.POSITIVE_INFINITY;
      logBayesFactor = Number.POSITIVE_INFINITY;
      df += 1;
      continue;
    }
    const arms = served.filter(({ weight }) => weight > 0);
    const scale = sum(arms.map(({ weight }) => weight));
    const weights = arms.map(({ weight }) => weight / scale);
    const counts = arms.map(({ count }) => count);
    chiSquare += sum(counts.map((count, arm) => squaredGap(count, units * (weights[arm] ?? Number.NaN))));
    df += arms.length - 1;
    logBayesFactor += arms.length > 1 ? mixtureLogBayesFactor(counts, weights) : 0;
  }
  if (df === 0) return noTest('insufficient', n);
  return { status: 'ok', chiSquare, df, p: chiSquareSf(chiSquare, df), logBayesFactor, n };
}

function isPhase({ counts, weights }: AllocationPhase): boolean {
  const fits = counts.length === weights.length && counts.every(isCount);
  return fits && weights.every((weight) => Number.isFinite(weight) && weight >= 0) && sum(weights) > 0;
}

function squaredGap(observed: number, expected: number): number {
  return (observed - expected) ** 2 / expected;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function noTest(status: EstimateStatus, n: number): SampleRatioTest {
  return { status, chiSquare: Number.NaN, df: 0, p: Number.NaN, logBayesFactor: Number.NaN, n };
}
