/** `ok`: usable. `insufficient`: too little data. `degenerate`: no variance to judge by. `invalid`: broken input. */
export type EstimateStatus = 'ok' | 'insufficient' | 'degenerate' | 'invalid';

/** What every estimator returns (docs/statistics.md section A). Units are those of the quantity estimated. */
export interface Estimate {
  readonly status: EstimateStatus;
  /** NaN when there is none; +Infinity for a ratio over a control arm without events. */
  readonly estimate: number;
  readonly lo: number;
  readonly hi: number;
  /** Standard error in the unit of the estimate; null when the method has none or a limit is infinite. */
  readonly se: number | null;
  /** Degrees of freedom; null for methods on the normal scale. */
  readonly df: number | null;
  readonly method: string;
  /** Units used, all arms together. */
  readonly n: number;
}

/** One arm of a proportion: y successes (or bad events) of n units; integers, 0 <= y <= n. */
export interface ProportionArm {
  readonly y: number;
  readonly n: number;
}

/** Counts above this are refused: near 2^53 sums of integers stop being exact (docs/statistics.md section U). */
const LARGEST_COUNT = 1e15;

/** Whether a value is a usable count: an integer in [0, 1e15]. NaN, Infinity, fractions and negatives are not. */
export function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= LARGEST_COUNT;
}

/** Whether both numbers are counts and y <= n. */
export function isProportionArm(arm: ProportionArm): boolean {
  return isCount(arm.y) && isCount(arm.n) && arm.y <= arm.n;
}

/** Whether a confidence level, alpha or power is strictly between 0 and 1. */
export function isProbabilityLevel(level: number): boolean {
  return level > 0 && level < 1;
}

/** The non-answer for broken input (NaN, negative, y > n): every number is NaN, so nothing can be concluded from it. */
export function invalidEstimate(method: string): Estimate {
  return { status: 'invalid', estimate: Number.NaN, lo: Number.NaN, hi: Number.NaN, se: null, df: null, method, n: 0 };
}

/** The non-answer for too little data: no estimate, and the widest interval the quantity can have. */
export function insufficientEstimate(method: string, n: number, lo: number, hi: number): Estimate {
  return { status: 'insufficient', estimate: Number.NaN, lo, hi, se: null, df: null, method, n };
}

/** A usable answer whose standard error is the one its interval implies: (hi - lo) / 2z, so never 0 for n > 0. */
export function intervalEstimate(
  method: string,
  n: number,
  interval: { estimate: number; lo: number; hi: number },
  z: number,
): Estimate {
  const width = interval.hi - interval.lo;
  return { status: 'ok', ...interval, se: Number.isFinite(width) ? width / (2 * z) : null, df: null, method, n };
}

/** A ratio B/A as relative change B/A - 1 (docs/statistics.md section A): +0.05 is "5% more". Keeps the status. */
export function asRelativeChange(ratio: Estimate): Estimate {
  return { ...ratio, estimate: ratio.estimate - 1, lo: ratio.lo - 1, hi: ratio.hi - 1 };
}

/** A difference or relative change turned so that above 0 is good (docs/statistics.md section A). Keeps the status. */
export function asGain(change: Estimate, direction: 'up_is_good' | 'down_is_good'): Estimate {
  if (direction === 'up_is_good') return change;
  return { ...change, estimate: 0 - change.estimate, lo: 0 - change.hi, hi: 0 - change.lo };
}
