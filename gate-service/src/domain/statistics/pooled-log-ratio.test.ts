import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { twoSidedZ } from './distributions.ts';
import { insufficientEstimate, invalidEstimate } from './estimate.ts';
import { logStandardError } from './estimate-test.ts';
import { pairedLogRatio, poolLogRatios } from './pooled-log-ratio.ts';
import { logInterval } from './weighted-arms.ts';

const ratio = (estimate: number, seLog: number) => logInterval('one', 100, estimate, seLog, twoSidedZ(0.9));
const NONE = insufficientEstimate('one', 5, 0, Number.POSITIVE_INFINITY);

describe('poolLogRatios', () => {
  it('weighs by precision', () => {
    const pooled = poolLogRatios([ratio(1.1, 0.1), ratio(1.3, 0.2)], 0.9, 'several');
    expect(Math.log(pooled.estimate)).toBeCloseTo((4 * Math.log(1.1) + Math.log(1.3)) / 5, 10);
    expect(logStandardError(pooled, 0.9)).toBeCloseTo(Math.sqrt(1 / 125), 10);
    expect(pooled).toMatchObject({ method: 'several', n: 200 });
  });

  it('leaves out what has no answer, and has none without any', () => {
    expect(poolLogRatios([NONE, ratio(1.1, 0.1)], 0.9, 'several')).toEqual(ratio(1.1, 0.1));
    expect(poolLogRatios([NONE, NONE], 0.9, 'several').status).toBe('insufficient');
    expect(poolLogRatios([], 0.9, 'several').status).toBe('insufficient');
    expect(poolLogRatios([ratio(1.1, 0.1), invalidEstimate('one')], 0.9, 'several').status).toBe('invalid');
  });
});

describe('pairedLogRatio', () => {
  it('is the one-sample t interval of the logarithms', () => {
    // By hand: mean .125, standard deviation .0645497, t(.95, 3) = 2.353363, half-width 2.353363 x .0645497 / 2.
    const { estimate, lo, hi, df } = pairedLogRatio([0.1, 0.2, 0.15, 0.05], 400, 0.9);
    expect([Math.log(estimate), Math.log(lo), Math.log(hi)]).toEqual([
      expect.closeTo(0.125, 10),
      expect.closeTo(0.125 - 0.0759545, 6),
      expect.closeTo(0.125 + 0.0759545, 6),
    ]);
    expect(df).toBe(3);
  });

  it('covers the truth nine times in ten with seven days', () => {
    const random = seededRandom(4);
    const noise = () => random.next() + random.next() + random.next() - 1.5;
    const covered = Array.from({ length: 2000 }, () => {
      const { lo, hi } = pairedLogRatio(
        Array.from({ length: 7 }, () => 0.1 + noise()),
        7,
        0.9,
      );
      return lo <= Math.exp(0.1) && Math.exp(0.1) <= hi;
    }).filter(Boolean).length;
    // Four standard errors of 2000 draws.
    expect(Math.abs(covered / 2000 - 0.9)).toBeLessThan(0.027);
  });

  it('answers nothing for two pairs, pairs that are all alike, or broken ones', () => {
    expect(pairedLogRatio([0.1, 0.2], 10, 0.9).status).toBe('insufficient');
    expect(pairedLogRatio([0.1, 0.1, 0.1, 0.1], 10, 0.9).status).toBe('insufficient');
    expect(pairedLogRatio([0.1, Number.NaN, 0.2], 10, 0.9).status).toBe('invalid');
    expect(pairedLogRatio([0.1, Number.NEGATIVE_INFINITY, 0.2], 10, 0.9).status).toBe('invalid');
  });
});
