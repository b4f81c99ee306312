import { describe, expect, it } from 'vitest';
import { type Estimate, insufficientEstimate, invalidEstimate } from './estimate.ts';
import { heterogeneity } from './heterogeneity.ts';

const groupOf = (estimate: number, se: number): Estimate => ({
  status: 'ok',
  estimate,
  lo: estimate - se,
  hi: estimate + se,
  se,
  df: null,
  method: 'test',
  n: 10,
});

describe('heterogeneity', () => {
  it('is Q over chi-square, worked out by hand', () => {
    const equal = heterogeneity([groupOf(0.1, 0.1), groupOf(0.3, 0.1), groupOf(0.5, 0.1)]);
    expect(equal.statistic).toBeCloseTo(8, 12);
    expect(equal.p).toBeCloseTo(Math.exp(-4), 12);
    // Weights 100 and 25, pooled 0.18: 100 x 0.08^2 + 25 x 0.32^2 = 3.2.
    const two = heterogeneity([groupOf(0.1, 0.1), groupOf(0.5, 0.2)]);
    expect([two.statistic, two.df]).toEqual([expect.closeTo(3.2, 12), 1]);
    expect(two.p).toBeCloseTo(0.07363827, 8);
  });

  it('is 1 for groups that agree, in any order of any scale', () => {
    expect(heterogeneity([groupOf(0.2, 0.1), groupOf(0.2, 3)]).p).toBe(1);
    const groups = [groupOf(1, 2), groupOf(3, 1), groupOf(-4, 5)];
    const times = (factor: number) => groups.map(({ estimate, se }) => groupOf(estimate * factor, (se ?? 0) * factor));
    expect(heterogeneity(times(1e-6)).p).toBeCloseTo(heterogeneity(groups.toReversed()).p, 12);
  });

  it('leaves out what is no answer, and is none for a single group', () => {
    const broken = [
      invalidEstimate('test'),
      insufficientEstimate('test', 3, -1, 1),
      groupOf(Number.NaN, 1),
      groupOf(1, 0),
    ];
    const pair = [groupOf(0, 1), groupOf(3, 1)];
    expect(heterogeneity([...broken, ...pair])).toEqual(heterogeneity(pair));
    for (const groups of [[], [groupOf(1, 1)], [groupOf(1, 1), ...broken]]) expect(heterogeneity(groups).p).toBeNaN();
  });
});
