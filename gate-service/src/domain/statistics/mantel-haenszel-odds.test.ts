import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { mantelHaenszelOdds } from './mantel-haenszel-odds.ts';

const stratum = (yA: number, nonA: number, yB: number, nonB: number) => ({
  control: { y: yA, n: yA + nonA },
  treatment: { y: yB, n: yB + nonB },
});

describe('common odds ratio', () => {
  it.each(oracleCases('ratio-cuped-strata', 'mantel_haenszel_or'))('$id', (oracle) => {
    const tables: [number, number, number, number][] = oracle.inputs['strata_[yA,nonA,yB,nonB]'];
    const { oddsRatio, chiSquare, p } = mantelHaenszelOdds(tables.map((table) => stratum(...table)));
    expectClose(1 / oddsRatio, oracle.expected.common_or_A_over_B, oracle);
    expectClose(chiSquare, oracle.expected.chi2, oracle);
    expectClose(p, oracle.expected.p, oracle);
  });

  it('of one table is its odds ratio; tables that could not differ add nothing', () => {
    const one = stratum(10, 90, 20, 60);
    expect(mantelHaenszelOdds([one]).oddsRatio).toBeCloseTo((20 / 60) * 9, 12);
    expect(mantelHaenszelOdds([stratum(0, 5, 0, 9), stratum(1, 0, 0, 0), one])).toEqual(mantelHaenszelOdds([one]));
  });

  it('without events is insufficient, never p = 1; broken counts are invalid', () => {
    for (const strata of [[], [stratum(0, 9, 0, 9)], [stratum(3, 9, 0, 0)]]) {
      expect(mantelHaenszelOdds(strata)).toMatchObject({ status: 'insufficient', p: Number.NaN });
    }
    expect(mantelHaenszelOdds([stratum(0, 9, 3, 9)]).oddsRatio).toBe(Number.POSITIVE_INFINITY);
    for (const bad of [stratum(Number.NaN, 9, 1, 9), stratum(1, -2, 1, 9)]) {
      expect(mantelHaenszelOdds([bad]).status).toBe('invalid');
    }
  });
});
