import { isCount } from './estimate.ts';

/** One arm of a rate: events over an exposure > 0 (unit-hours, requests, minutes); arms share the unit. */
export interface RateArm {
  readonly count: number;
  readonly exposure: number;
}

/** Whether the count is a count and the exposure a finite number >= 0; events without exposure cannot be. */
export function isRateArm({ count, exposure }: RateArm): boolean {
  return isCount(count) && Number.isFinite(exposure) && exposure >= 0 && (exposure > 0 || count === 0);
}

/** Whether a variance-to-mean ratio is usable: finite and not below 1. */
export function isDispersion(phi: number): boolean {
  return phi >= 1 && Number.isFinite(phi);
}
