import { twoSidedZ } from './distributions.ts';
import {
  type Estimate,
  insufficientEstimate,
  intervalEstimate,
  invalidEstimate,
  isProbabilityLevel,
  isProportionArm,
  type ProportionArm,
} from './estimate.ts';
import { wilson } from './wilson.ts';

/**
 * Ratio of two proportions, treatment over control, by MOVER-R on Wilson limits (docs/statistics.md B4). Chosen because
 * it needs no log of a zero count and keeps enumerated coverage .88-.99 at nominal .90.
 * @param control   y events of n units with the flag off
 * @param treatment y events of n units with the flag on
 * @param conf      two-sided confidence in (0, 1)
 * @returns         ratio B/A (1 is "no change"); control without events: `ok`, estimate and hi Infinity, lo finite, so
 *                  only lo can decide; no events at all or an empty arm: `insufficient`, NaN with [0, Infinity];
 *                  broken counts: `invalid`
 * @see             Donner and Zou 2012, MOVER-R
 */
export function moverRatio(control: ProportionArm, treatment: ProportionArm, conf: number): Estimate {
  const method = 'mover_r';
  if (!isProportionArm(control) || !isProportionArm(treatment) || !isProbabilityLevel(conf))
    return invalidEstimate(method);
  const n = control.n + treatment.n;
  if (control.n === 0 || treatment.n === 0 || (control.y === 0 && treatment.y === 0)) {
    return insufficientEstimate(method, n, 0, Number.POSITIVE_INFINITY);
  }
  const { estimate: a, lo: lowerA, hi: upperA } = wilson(control.y, control.n, conf);
  const { estimate: b, lo: lowerB, hi: upperB } = wilson(treatment.y, treatment.n, conf);
  const lo = treatment.y === 0 ? 0 : lowerLimit(a, b, upperA, lowerB);
  const hi = upperLimit(a, b, lowerA, upperB);
  const estimate = control.y === 0 ? Number.POSITIVE_INFINITY : b / a;
  return intervalEstimate(method, n, { estimate, lo, hi }, twoSidedZ(conf));
}

/** B4 with its numerator made rational: the same number, and finite also where the quadratic is a line or a is 0. */
function lowerLimit(a: number, b: number, upperA: number, lowerB: number): number {
  const scaleA = upperA * (2 * a - upperA);
  const scaleB = lowerB * (2 * b - lowerB);
  return scaleB / (a * b + Math.sqrt(Math.max(0, (a * b) ** 2 - scaleB * scaleA)));
}

function upperLimit(a: number, b: number, lowerA: number, upperB: number): number {
  const scaleA = lowerA * (2 * a - lowerA);
  if (scaleA <= 0) return Number.POSITIVE_INFINITY;
  const scaleB = upperB * (2 * b - upperB);
  return (a * b + Math.sqrt(Math.max(0, (a * b) ** 2 - scaleB * scaleA))) / scaleA;
}
