import { expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { cupedVariance } from './cuped-variance.ts';

it.each(oracleCases('ratio-cuped-strata', 'cuped_diff'))('variance of adjusted values: $id', (oracle) => {
  for (const name of ['A', 'B']) {
    const { n, sum_y: sumY, sumsq_y: sumYY, sum_x: sumX, sumsq_x: sumXX, sum_xy: sumXY } = oracle.inputs[name];
    const variance = cupedVariance({ n, sumY, sumYY, sumX, sumXX, sumXY }, oracle.expected.theta);
    expectClose(variance, oracle.expected[`var_${name}`], oracle);
  }
});

it('of a single unit is missing', () => {
  expect(cupedVariance({ n: 1, sumY: 1, sumYY: 1, sumX: 1, sumXX: 1, sumXY: 1 }, 1)).toBeNaN();
});
