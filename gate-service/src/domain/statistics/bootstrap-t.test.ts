import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { bootstrapT } from './bootstrap-t.ts';
import { cubedArmOf } from './mean-arm.ts';
import { welchDifference } from './welch-difference.ts';

const skewed = (n: number, seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => Math.exp(2.5 * (random.next() + random.next() + random.next() - 1.5)));
};

describe('bootstrap-t', () => {
  const [a, b] = [skewed(60, 1), skewed(240, 2)];

  it('is the same for the same seed, and moves a little with another', () => {
    const [first, other] = [bootstrapT(a, b, 0.9, 11), bootstrapT(a, b, 0.9, 12)];
    expect(bootstrapT(a, b, 0.9, 11)).toEqual(first);
    expect(other.lo).not.toBe(first.lo);
    expect(Math.abs(other.lo - first.lo)).toBeLessThan(0.2 * first.se!);
  });

  it('keeps the estimate of Welch and leans away from the long tail of the smaller arm', () => {
    const [boot, welch] = [bootstrapT(a, b, 0.9, 3), welchDifference(cubedArmOf(a), cubedArmOf(b), 0.9)];
    expect(boot).toMatchObject({ status: 'ok', method: 'bootstrap_t', estimate: welch.estimate, se: welch.se });
    // The control's mean is more likely to be underestimated, so the true difference may be further down.
    expect(boot.lo).toBeLessThan(welch.lo);
  });

  it('is close to Welch for values without skew', () => {
    const random = seededRandom(5);
    const even = (n: number) => Array.from({ length: n }, () => random.next() + random.next() + random.next());
    const [x, y] = [even(400), even(300)];
    const [boot, welch] = [bootstrapT(x, y, 0.9, 7), welchDifference(cubedArmOf(x), cubedArmOf(y), 0.9)];
    expect(Math.abs(boot.lo - welch.lo)).toBeLessThan(0.2 * welch.se!);
    expect(Math.abs(boot.hi - welch.hi)).toBeLessThan(0.2 * welch.se!);
  });

  it('answers nothing where Welch does, and where a handful of units decides', () => {
    expect(bootstrapT([1], b, 0.9, 1)).toMatchObject({ status: 'insufficient', method: 'bootstrap_t' });
    expect(bootstrapT([1, Number.NaN], b, 0.9, 1).status).toBe('invalid');
    expect(bootstrapT([1, 1], [2, 2], 0.9, 1).status).toBe('degenerate');
    expect(bootstrapT([0, 0, 0, 1], [0, 0, 1, 0], 0.9, 1).status).toBe('insufficient');
    expect(bootstrapT(a, b, 0.9, 0.5).status).toBe('invalid');
  });
});
