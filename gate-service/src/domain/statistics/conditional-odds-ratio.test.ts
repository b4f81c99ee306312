import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { conditionalOddsRatio } from './conditional-odds-ratio.ts';

describe('conditional odds ratio', () => {
  it.each(oracleCases('proportions', 'fisher_exact'))('$id as R', (oracle) => {
    const [badA, okA, badB, okB] = oracle.inputs['table_rows_A_then_B_[bad,ok]'];
    const ratio = conditionalOddsRatio({ y: badB, n: badB + okB }, { y: badA, n: badA + okA });
    expectClose(ratio, oracle.expected.odds_ratio_conditional_mle, oracle);
  });

  it('turns round with the arms, and is nearer to 1 than the odds ratio of the table', () => {
    const arm = fc.record({ y: fc.integer({ min: 1, max: 30 }), rest: fc.integer({ min: 1, max: 30 }) });
    fc.assert(
      fc.property(arm, arm, (a, b) => {
        const [control, treatment] = [
          { y: a.y, n: a.y + a.rest },
          { y: b.y, n: b.y + b.rest },
        ];
        const log = Math.log(conditionalOddsRatio(control, treatment));
        const plain = Math.log((b.y * a.rest) / (b.rest * a.y));
        expect(Math.abs(log + Math.log(conditionalOddsRatio(treatment, control)))).toBeLessThan(0.02);
        expect(Math.abs(log)).toBeLessThanOrEqual(Math.abs(plain) + 0.02);
      }),
    );
  });
});
