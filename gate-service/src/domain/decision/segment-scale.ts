import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { twoSidedT, twoSidedZ } from '../statistics/distributions.ts';
import type { Estimate } from '../statistics/estimate.ts';

/** How a gain is read: its effect's scale, which way is good, and the confidence of its interval. */
export interface GainScale {
  readonly scale: Effect['kind'];
  readonly direction: Kpi['direction'];
  readonly confidence: number;
}

/**
 * A gain on the scale on which its interval is symmetric and its test is made: a difference as it is, a relative gain as
 * the logarithm of its ratio, still above 0 where it is good. The standard error is the one that the interval implies.
 * @returns `insufficient` where there is none: a ratio of 0 or infinity, an open interval
 */
export function onSymmetricScale(gain: Estimate, scale: GainScale): Estimate {
  const estimate = toSymmetric(gain.estimate, scale);
  const [lo, hi] = [toSymmetric(gain.lo, scale), toSymmetric(gain.hi, scale)];
  const critical = gain.df === null ? twoSidedZ(scale.confidence) : twoSidedT(scale.confidence, gain.df);
  const se = (hi - lo) / (2 * critical);
  const isUsable = gain.status === 'ok' && Number.isFinite(estimate) && Number.isFinite(se) && se > 0;
  if (isUsable) return { ...gain, estimate, lo, hi, se };
  return { ...gain, status: gain.status === 'ok' ? 'insufficient' : gain.status, estimate, lo, hi, se: null };
}

/**
 * A gain with an interval that is wider by a factor on its symmetric scale.
 * @param factor 1 or more; with any other one nothing is known of the interval, and the gain is `insufficient`
 */
export function widened(gain: Estimate, scale: GainScale, factor: number): Estimate {
  if (factor === 1 || gain.status !== 'ok') return gain;
  if (!(factor > 1 && Number.isFinite(factor))) return { ...gain, status: 'insufficient' };
  const { estimate, lo, hi } = onSymmetricScale(gain, scale);
  const limit = (end: number) => fromSymmetric(estimate + factor * (end - estimate), scale);
  return { ...gain, lo: limit(lo), hi: limit(hi), se: gain.se === null ? null : gain.se * factor };
}

function toSymmetric(gain: number, { scale, direction }: GainScale): number {
  if (scale === 'absolute') return gain;
  return direction === 'increase_is_good' ? Math.log1p(gain) : -Math.log1p(-gain);
}

function fromSymmetric(value: number, { scale, direction }: GainScale): number {
  if (scale === 'absolute') return value;
  return direction === 'increase_is_good' ? Math.expm1(value) : -Math.expm1(-value);
}
