import { describe, expect, it } from 'vitest';
import { normalQuantile } from './distributions.ts';
import { gammaTail, gammaTailQuantile } from './incomplete-gamma.ts';

/** |got - expected| / expected. */
function off(got: number, expected: number): number {
  return Math.abs(got - expected) / Math.abs(expected);
}

describe('incomplete gamma of large arguments', () => {
  it.each([
    // mpmath 1.3, 60 digits
    [2400, 2500, true, 0.0216739892003061],
    [2400, 2500, false, 0.9783260107996939],
    [1001, 1100, true, 0.001175230568136555],
    [1100, 1001, false, 0.001072445354944243],
    [10_000, 9000, false, 2.073299202433928e-25],
    [4843.5, 7155.069, true, 8.51750511581339e-186],
    [2_000_000, 2_010_000, true, 8.35197954145172e-13],
    [893_666, 889_280.7256705815, false, 1.69139356183384e-6],
    // scipy 1.17 gammaincc and gammainc
    [1.5e8, 149_963_257.65385824, false, 0.0013489332370540423],
    [1.5e8, 150_000_012.2474487, true, 0.49959019996904236],
    [1.5e8, 150_036_742.34614176, true, 0.0013508631512026406],
    [1e12, 999_997_000_000, false, 0.001349886213392038],
    [1e12, 1_000_003_000_000, true, 0.0013499098499169027],
  ])('shape %d at %d, upper %s', (shape, x, upper, expected) => {
    expect(off(gammaTail(x, shape, upper), expected)).toBeLessThan(1e-10);
    expect(gammaTail(x, shape, upper) + gammaTail(x, shape, !upper)).toBeCloseTo(1, 14);
  });

  it('has no step where the library ends, nor where the sum does', () => {
    for (const [shape, x] of [
      [960, 1000],
      [1000, 1000],
      [1060, 1000],
    ] as const) {
      expect(off(gammaTail(x * (1 + 1e-12), shape, true), gammaTail(x, shape, true))).toBeLessThan(1e-9);
    }
    for (const z of [-3, -1, 0.01, 2]) {
      const [below, above] = [1e8 - 1, 1e8].map((shape) => gammaTail(shape + z * Math.sqrt(shape), shape, z > 0));
      expect(off(above ?? Number.NaN, below ?? Number.NaN)).toBeLessThan(1e-9);
    }
  });

  it.each([
    [0.005, 1501, true],
    [0.05, 1_000_001, true],
    [0.0776, 1113.7, false],
    [1e-9, 0.2, false],
    [1e-9, 40, true],
    [0.95, 5e9, false],
  ])('quantile of %d at shape %d, upper %s, is where the tail is that', (p, shape, upper) => {
    expect(off(gammaTail(gammaTailQuantile(p, shape, upper), shape, upper), p)).toBeLessThan(1e-9);
  });
});

describe('normal quantile of a tiny p', () => {
  it.each([
    // scipy 1.17 norm.ppf
    [1e-6, -4.753424308822899],
    [1e-20, -9.262340089798409],
    [1e-300, -37.0470962993612],
  ])('%d', (p, expected) => {
    expect(off(normalQuantile(p), expected)).toBeLessThan(1e-13);
  });
});
