import { normalCdf, normalQuantile, normalSf } from './distributions.ts';
import { type EstimateStatus, isProbabilityLevel } from './estimate.ts';

/** Two rates and the units behind them; rates in [0, 1], units > 0 (forecasts may be fractional). */
export interface TwoRates {
  readonly pA: number;
  readonly pB: number;
  readonly nA: number;
  readonly nB: number;
}

/**
 * Unpooled standard error of the difference of two proportions at predicted rates (docs/statistics.md N1).
 * @returns absolute; NaN for rates outside [0, 1] or units that are not positive
 */
export function differenceStandardError({ pA, pB, nA, nB }: TwoRates): number {
  if (!(isRate(pA) && isRate(pB) && nA > 0 && nB > 0)) return Number.NaN;
  return Math.sqrt((pA * (1 - pA)) / nA + (pB * (1 - pB)) / nB);
}

/** What the minimum detectable effect depends on. */
export interface DetectableInput {
  /** Baseline rate in [0, 1]. */
  readonly pA: number;
  readonly nA: number;
  readonly nB: number;
  /** One-sided error, e.g. 0.05. */
  readonly alpha: number;
  /** Wanted power, e.g. 0.8. */
  readonly power: number;
  /** Which way a gain moves the rate. */
  readonly direction: 'up_is_good' | 'down_is_good';
}

/**
 * Minimum detectable absolute gain of a proportion, MDE = (z_{1-alpha} + z_power) se(MDE) (docs/statistics.md N2). The
 * variance depends on the gain itself; for proportions that equation is a quadratic, so it is solved, not iterated.
 * @returns `ok` with mde > 0 as a share (0.01 is one point); `insufficient` with NaN when even 0% or 100% would not be
 *          enough; `invalid` for broken input
 */
export function minimumDetectableEffect(input: DetectableInput): { status: EstimateStatus; mde: number } {
  const { pA, nA, nB, alpha, power, direction } = input;
  const valid = isRate(pA) && nA > 0 && nB > 0 && isProbabilityLevel(alpha) && isProbabilityLevel(power);
  if (!valid) return { status: 'invalid', mde: Number.NaN };
  const z = normalQuantile(1 - alpha) + normalQuantile(power);
  const sign = direction === 'up_is_good' ? 1 : -1;
  const square = 1 + (z * z) / nB;
  const linear = (sign * z * z * (1 - 2 * pA)) / nB;
  const constant = z * z * pA * (1 - pA) * (1 / nA + 1 / nB);
  const mde = (linear + Math.sqrt(linear * linear + 4 * square * constant)) / (2 * square);
  const room = direction === 'up_is_good' ? 1 - pA : pA;
  return mde > 0 && mde <= room ? { status: 'ok', mde } : { status: 'insufficient', mde: Number.NaN };
}

/** Design of a two-proportion test. */
export interface SampleSizeInput {
  readonly pA: number;
  readonly pB: number;
  readonly alpha: number;
  readonly power: number;
  /** Treatment units per control unit. */
  readonly ratio: number;
  /** 1 for a directed test (the verdict's), 2 for an undirected one. */
  readonly sides: 1 | 2;
}

/**
 * Units per arm to tell two rates apart (docs/statistics.md N3).
 * @returns fractional units, round up for display; Infinity for equal rates; NaN for broken input
 * @see     Fleiss; equal arms checked against R 4.2.2 power.prop.test
 */
export function sampleSizePerArm(input: SampleSizeInput): { nA: number; nB: number } {
  const { pA, pB, alpha, power, ratio: k, sides } = input;
  const valid = isRate(pA) && isRate(pB) && isProbabilityLevel(alpha) && isProbabilityLevel(power) && k > 0;
  if (!valid) return { nA: Number.NaN, nB: Number.NaN };
  if (pA === pB) return { nA: Number.POSITIVE_INFINITY, nB: Number.POSITIVE_INFINITY };
  const pooled = (pA + k * pB) / (1 + k);
  const underNull = normalQuantile(1 - alpha / sides) * Math.sqrt((1 + 1 / k) * pooled * (1 - pooled));
  const underEffect = normalQuantile(power) * Math.sqrt(pA * (1 - pA) + (pB * (1 - pB)) / k);
  const nA = ((underNull + underEffect) / (pB - pA)) ** 2;
  return { nA, nB: k * nA };
}

/**
 * Power of a two-proportion test with equal arms: the inverse of N3 in the units (docs/statistics.md N3).
 * @param n units per arm
 * @returns chance in (0, 1) of finding the effect in its direction; NaN for broken input
 * @see     R 4.2.2 power.prop.test
 */
export function twoProportionPower(input: Omit<SampleSizeInput, 'power' | 'ratio'>, n: number): number {
  const { pA, pB, alpha, sides } = input;
  const pooled = (pA + pB) / 2;
  const se = differenceStandardError({ pA, pB, nA: n, nB: n });
  const cut = normalQuantile(1 - alpha / sides) * Math.sqrt((2 * pooled * (1 - pooled)) / n);
  return normalCdf((Math.abs(pB - pA) - cut) / se);
}

/**
 * Power of a normal test of an effect with a known standard error (docs/statistics.md N4 without a prediction error).
 * @param effect true effect, in the unit of se
 * @param se     standard error > 0
 * @param sides  1: only "larger" counts; 2: either direction
 * @see          statsmodels NormalIndPower
 */
export function normalPower(effect: number, se: number, alpha: number, sides: 1 | 2): number {
  const cut = normalQuantile(1 - alpha / sides);
  const upper = normalSf(cut - effect / se);
  return sides === 1 ? upper : upper + normalCdf(-cut - effect / se);
}

function isRate(p: number): boolean {
  return p >= 0 && p <= 1;
}
