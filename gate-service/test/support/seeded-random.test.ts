import { describe, expect, it } from 'vitest';
import { seededRandom } from './seeded-random.ts';

const DRAWS = 20_000;

/** Mean and variance of a generator's draws. */
function moments(draw: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / DRAWS };
}

describe('seededRandom', () => {
  it('repeats its stream for the same seed only', () => {
    const stream = (seed: number) => Array.from({ length: 5 }, seededRandom(seed).next);
    expect(stream(7)).toEqual(stream(7));
    expect(stream(7)).not.toEqual(stream(8));
  });

  it.each([0.05, 3, 50, 450])('draws Poisson(%d) with its mean and variance', (lambda) => {
    const random = seededRandom(1);
    const { mean, variance } = moments(() => random.poisson(lambda));
    expect(Math.abs(mean - lambda)).toBeLessThan(5 * Math.sqrt(lambda / DRAWS));
    expect(variance / lambda).toBeCloseTo(1, 0);
  });

  it.each([
    [50, 0.01],
    [30, 0.6],
    [2000, 0.3],
    [5, 0.999],
  ])('draws Binomial(%d, %d) with its mean and variance', (n, p) => {
    const random = seededRandom(2);
    const { mean, variance } = moments(() => random.binomial(n, p));
    expect(Math.abs(mean - n * p)).toBeLessThan(5 * Math.sqrt((n * p * (1 - p)) / DRAWS));
    expect(variance / (n * p * (1 - p))).toBeCloseTo(1, 0);
  });

  it('draws integers below n', () => {
    const random = seededRandom(3);
    expect(new Set(Array.from({ length: 200 }, () => random.int(3)))).toEqual(new Set([0, 1, 2]));
  });
});
