import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { mantelHaenszelDifference, mantelHaenszelRatio, type Stratum } from './mantel-haenszel.ts';
import { moverRatio } from './mover-ratio.ts';
import { newcombeDifference } from './newcombe-difference.ts';
import { stratifiedDifference, stratifiedRatio } from './stratified.ts';

const stratum = (yA: number, nA: number, yB: number, nB: number, minutes = 60): Stratum => ({
  control: { y: yA, n: nA },
  treatment: { y: yB, n: nB },
  minutes,
});

describe('Mantel-Haenszel', () => {
  it.each(oracleCases('mantel-haenszel', 'mh_risk_difference'))('$id', (oracle) => {
    const strata = oracle.inputs.strata.map((s: Record<string, number>) => stratum(s.yA!, s.nA!, s.yB!, s.nB!));
    const { estimate, se } = mantelHaenszelDifference(strata);
    expectClose(estimate, oracle.expected.rd, oracle);
    expectClose(se, oracle.expected.se_sato, oracle);
  });

  it('gives the plain ratio and its textbook log variance for one stratum', () => {
    const { estimate, seLog } = mantelHaenszelRatio([stratum(20, 200, 30, 150)]);
    expect(estimate).toBeCloseTo(2, 12);
    // Katz: 1/yA - 1/nA + 1/yB - 1/nB
    expect(seLog).toBeCloseTo(Math.sqrt(1 / 20 - 1 / 200 + 1 / 30 - 1 / 150), 12);
  });
});

describe('stratified decision', () => {
  const one = stratum(12, 400, 25, 410);

  it('uses the plain intervals for one stratum, and ignores strata that compare nothing', () => {
    for (const strata of [[one], [stratum(40, 900, 0, 0, 9999), one, stratum(0, 0, 0, 0)]]) {
      expect(stratifiedDifference(strata, 0.9)).toEqual(newcombeDifference(one.control, one.treatment, 0.9));
      expect(stratifiedRatio(strata, 0.9)).toEqual(moverRatio(one.control, one.treatment, 0.9));
    }
  });

  it('pools several strata and is not fooled by a ramp with a drifting baseline', () => {
    // Equal rates in each phase (4%, 16%, 40%), allocation 5% to 50%: the crude difference is +0.15.
    const ramp = [stratum(38, 950, 2, 50), stratum(120, 750, 40, 250), stratum(200, 500, 200, 500)];
    const difference = stratifiedDifference(ramp, 0.9);
    expect(difference).toMatchObject({ status: 'ok', method: 'mantel_haenszel_difference', n: 3000 });
    expect(difference.estimate).toBeCloseTo(0, 12);
    expect(difference.hi - difference.estimate).toBeCloseTo(1.6448536269514722 * difference.se!, 10);
    const ratio = stratifiedRatio(ramp, 0.9);
    expect(ratio.estimate).toBeCloseTo(1, 12);
    expect(ratio.lo * ratio.hi).toBeCloseTo(1, 12);
  });

  it('falls back to the stratum that tells most under 5 events, or 5 non-events, in an arm', () => {
    const throttled = [stratum(2, 70, 16, 64, 61), stratum(1, 146, 1, 14, 68)];
    expect(stratifiedDifference(throttled, 0.9)).toEqual(newcombeDifference({ y: 2, n: 70 }, { y: 16, n: 64 }, 0.9));
    const few = [stratum(1, 50, 2, 50, 600), stratum(2, 60, 3, 60, 601)];
    expect(stratifiedDifference(few, 0.9)).toEqual(newcombeDifference({ y: 2, n: 60 }, { y: 3, n: 60 }, 0.9));
    expect(stratifiedRatio(few, 0.9)).toEqual(moverRatio({ y: 2, n: 60 }, { y: 3, n: 60 }, 0.9));
    const allSucceed = [stratum(50, 50, 50, 50, 2), stratum(60, 60, 60, 60, 1)];
    expect(stratifiedDifference(allSucceed, 0.9).method).toBe('newcombe');
    expect(stratifiedDifference(allSucceed, 0.9).hi).toBeGreaterThan(0);
  });

  it('answers insufficient without units, invalid for anything broken', () => {
    expect(stratifiedDifference([], 0.9)).toMatchObject({ status: 'insufficient', lo: -1, hi: 1 });
    expect(stratifiedRatio([stratum(3, 9, 0, 0)], 0.9).status).toBe('insufficient');
    for (const bad of [stratum(Number.NaN, 9, 1, 9), stratum(10, 9, 1, 9), stratum(1, 9, 1, 9, Number.NaN)]) {
      expect(stratifiedDifference([one, bad], 0.9).status).toBe('invalid');
      expect(stratifiedRatio([one, bad], 0.9).status).toBe('invalid');
    }
  });

  it('does not depend on the order of strata and never has width 0', () => {
    const arm = fc.integer({ min: 0, max: 300 }).chain((n) => fc.integer({ min: 0, max: n }).map((y) => ({ y, n })));
    const strata = fc.array(fc.record({ control: arm, treatment: arm, minutes: fc.nat(3) }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(strata, (list) => {
        const [there, back] = [stratifiedDifference(list, 0.9), stratifiedDifference(list.toReversed(), 0.9)];
        expect(back.lo).toBeCloseTo(there.lo, 10);
        expect(back.hi).toBeCloseTo(there.hi, 10);
        expect(there.hi).toBeGreaterThan(there.lo);
        const ratio = stratifiedRatio(list, 0.9);
        expect(ratio.hi).toBeGreaterThan(ratio.lo);
      }),
    );
  });
});
