import { describe, expect, it } from 'vitest';
import type { Estimate } from '../statistics/estimate.ts';
import { type GainScale, onSymmetricScale, widened } from './segment-scale.ts';

const UP: GainScale = { scale: 'relative', direction: 'increase_is_good', confidence: 0.9 };
const DOWN: GainScale = { ...UP, direction: 'decrease_is_good' };
const POINTS: GainScale = { ...DOWN, scale: 'absolute' };
const gainOf = (estimate: number, lo: number, hi: number): Estimate => ({
  status: 'ok',
  estimate,
  lo,
  hi,
  se: 1,
  df: null,
  method: 'test',
  n: 9,
});
const Z = 1.6448536269514722;

describe('the symmetric scale', () => {
  it('is the log of the ratio for a relative gain, whichever way is good, and points as they are', () => {
    expect(onSymmetricScale(gainOf(1, 0, 3), UP)).toMatchObject({
      estimate: Math.log(2),
      lo: 0,
      hi: Math.log(4),
      se: expect.closeTo(Math.log(4) / (2 * Z), 12),
    });
    // Ratios 1/2, 1/4 and 1: the gain is above 0.
    expect(onSymmetricScale(gainOf(0.5, 0, 0.75), DOWN)).toMatchObject({
      estimate: expect.closeTo(Math.log(2), 12),
      hi: expect.closeTo(Math.log(4), 12),
    });
    expect(onSymmetricScale(gainOf(0.5, 0, 0.75), POINTS)).toMatchObject({ estimate: 0.5, hi: 0.75 });
  });

  it('uses the degrees of freedom that the interval was made with', () => {
    const { se } = onSymmetricScale({ ...gainOf(0, -1, 1), df: 5 }, POINTS);
    expect(se).toBeCloseTo(1 / 2.015048373, 8);
  });

  it.each([
    ['a ratio of 0', gainOf(-1, -1, 0), UP],
    ['a ratio of infinity', gainOf(Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY), UP],
    ['an open end', gainOf(0.1, -0.2, Number.POSITIVE_INFINITY), UP],
    ['no width', gainOf(0.1, 0.1, 0.1), POINTS],
    ['NaN', gainOf(Number.NaN, Number.NaN, Number.NaN), POINTS],
  ])('has no answer for %s', (_, gain, scale) => {
    expect(onSymmetricScale(gain, scale)).toMatchObject({ status: 'insufficient', se: null });
  });
});

describe('a wider interval', () => {
  it('is wider by the factor on the symmetric scale, about the same estimate', () => {
    const { estimate, lo, hi } = widened(gainOf(1, 0, 3), UP, 2);
    expect([estimate, lo, hi]).toEqual([1, expect.closeTo(-0.5, 12), expect.closeTo(7, 12)]);
    const falling = widened(gainOf(0.5, 0, 0.75), DOWN, 2);
    expect([falling.lo, falling.hi]).toEqual([expect.closeTo(-1, 12), expect.closeTo(0.875, 12)]);
  });

  it('is the same for 1, and no answer for a factor that cannot be', () => {
    const gain = gainOf(1, 0, 3);
    expect(widened(gain, UP, 1)).toBe(gain);
    for (const factor of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(widened(gain, UP, factor).status).toBe('insufficient');
    }
  });
});
