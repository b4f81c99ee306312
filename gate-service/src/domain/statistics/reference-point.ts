import type { NullLine } from './null-line.ts';

/** Bad-event rates of the member of the null closest to the alternative: a for control, b for treatment. */
export interface ReferencePoint {
  readonly a: number;
  readonly b: number;
}

/** Enough halvings to bring any bracket inside (0, 1) down to neighbouring doubles. */
const HALVINGS = 80;

/**
 * Reverse information projection of an alternative onto the null (docs/statistics.md K4): the point that minimises
 * (1-f) KL(thetaA||a) + f KL(thetaB||b) over b <= intercept + slope * a. With it as denominator the likelihood ratio of
 * a block has expectation at most 1 under every member of the null, whatever the arm sizes.
 * @param treatmentShare f, treatment units / all units of the block, in (0, 1)
 * @param thetaA         control's bad-event rate under the alternative, in (0, 1)
 * @param thetaB         treatment's bad-event rate under the alternative, in (0, 1)
 * @param line           edge of the null
 * @returns              rates in (0, 1); the alternative itself when it lies in the null (the block then says nothing).
 *                       Closed form through the origin, bisection otherwise
 */
export function referencePoint(treatmentShare: number, thetaA: number, thetaB: number, line: NullLine): ReferencePoint {
  const { intercept, slope } = line;
  if (thetaB <= intercept + slope * thetaA) return { a: thetaA, b: thetaB };
  const f = treatmentShare;
  if (intercept === 0) {
    const c = (1 - f) * thetaA + f * thetaB;
    if (slope === 1) return { a: c, b: c };
    const linear = (1 - f) * (1 + slope * thetaA) + f * (slope + thetaB);
    // The rationalised root: the textbook form subtracts two nearly equal numbers when rates are small.
    const a = (2 * c) / (linear + Math.sqrt(Math.max(0, linear * linear - 4 * slope * c)));
    return { a, b: slope * a };
  }
  return bisect(f, thetaA, thetaB, line);
}

/** The derivative along the line rises from below 0 at a = thetaA to above 0 where b reaches thetaB. */
function bisect(f: number, thetaA: number, thetaB: number, { intercept, slope }: NullLine): ReferencePoint {
  let low = thetaA;
  let high = slope > 0 ? (thetaB - intercept) / slope : 1;
  for (let i = 0; i < HALVINGS; i++) {
    const a = low + (high - low) / 2;
    if (a <= low || a >= high) break;
    const b = intercept + slope * a;
    const derivative = ((1 - f) * (a - thetaA)) / (a * (1 - a)) + (f * slope * (b - thetaB)) / (b * (1 - b));
    if (derivative < 0) low = a;
    else high = a;
  }
  return { a: low, b: intercept + slope * low };
}
