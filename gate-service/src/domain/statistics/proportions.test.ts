import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { clopperPearson, clopperPearsonLower, clopperPearsonUpper } from './clopper-pearson.ts';
import { asGain, asRelativeChange, type Estimate, type ProportionArm } from './estimate.ts';
import { fisherExact } from './fisher-exact.ts';
import { moverRatio } from './mover-ratio.ts';
import { newcombeDifference } from './newcombe-difference.ts';
import { twoProportionZ } from './two-proportion-z.ts';
import { wilson } from './wilson.ts';

const armsOf = ({ xA, nA, xB, nB }: Record<string, number>): [ProportionArm, ProportionArm] => [
  { y: xA!, n: nA! },
  { y: xB!, n: nB! },
];

describe('proportions against R, statsmodels and the reference implementation', () => {
  it.each(oracleCases('proportions', 'wilson'))('$id wilson', (oracle) => {
    const { lo, hi } = wilson(oracle.inputs.x, oracle.inputs.n, oracle.inputs.conf);
    expectClose(lo, oracle.expected.lo, oracle);
    expectClose(hi, oracle.expected.hi, oracle);
  });

  it.each(oracleCases('proportions', 'clopper_pearson'))('$id Clopper-Pearson', (oracle) => {
    const { lo, hi } = clopperPearson(oracle.inputs.x, oracle.inputs.n, oracle.inputs.conf);
    expectClose(lo, oracle.expected.lo, oracle);
    expectClose(hi, oracle.expected.hi, oracle);
  });

  it.each(oracleCases('proportions', 'newcombe_diff'))('$id Newcombe', (oracle) => {
    const { estimate, lo, hi } = newcombeDifference(...armsOf(oracle.inputs), oracle.inputs.conf);
    expectClose(estimate, oracle.expected.diff, oracle);
    expectClose(lo, oracle.expected.lo, oracle);
    expectClose(hi, oracle.expected.hi, oracle);
  });

  it.each(oracleCases('proportions', 'mover_ratio'))('$id MOVER-R', (oracle) => {
    const { estimate, lo, hi } = moverRatio(...armsOf(oracle.inputs), oracle.inputs.conf);
    expectClose(estimate, oracle.expected.ratio, oracle);
    expectClose(lo, oracle.expected.lo, oracle);
    expectClose(hi, oracle.expected.hi, oracle);
  });

  it.each(oracleCases('proportions', 'two_proportion_z'))('$id score z', (oracle) => {
    const test = twoProportionZ(...armsOf(oracle.inputs));
    expectClose(test.z, oracle.expected.z_B_minus_A, oracle);
    expectClose(test.pTwoSided, oracle.expected.p_two_sided, oracle);
    expect(test.method).toBe('pooled_score_z');
  });

  it.each(oracleCases('proportions', 'fisher_exact'))('$id Fisher', (oracle) => {
    const [badA, okA, badB, okB] = oracle.inputs['table_rows_A_then_B_[bad,ok]'];
    const tails = fisherExact({ y: badA, n: badA + okA }, { y: badB, n: badB + okB });
    expectClose(tails.pTwoSided, oracle.expected.p_two_sided, oracle);
    // R speaks of the odds of A over B, we of the treatment's rate: its "greater" is our "less".
    expectClose(tails.pLess, oracle.expected.p_greater, oracle);
    expectClose(tails.pGreater, oracle.expected.p_less, oracle);
  });
});

describe('edge cases of docs/statistics.md section U', () => {
  it('n = 0 in an arm: widest interval, insufficient', () => {
    expect(wilson(0, 0, 0.9)).toMatchObject({ status: 'insufficient', lo: 0, hi: 1 });
    expect(clopperPearson(0, 0, 0.9)).toMatchObject({ status: 'insufficient', lo: 0, hi: 1 });
    expect(newcombeDifference({ y: 0, n: 0 }, { y: 1, n: 5 }, 0.9)).toMatchObject({
      status: 'insufficient',
      lo: -1,
      hi: 1,
    });
    expect(moverRatio({ y: 1, n: 5 }, { y: 0, n: 0 }, 0.9)).toMatchObject({ status: 'insufficient', lo: 0 });
    expect(twoProportionZ({ y: 0, n: 0 }, { y: 1, n: 5 })).toMatchObject({
      status: 'insufficient',
      pTwoSided: Number.NaN,
    });
  });

  it('n = 1 gives a usable interval', () => {
    const one = wilson(1, 1, 0.9);
    expect(one.status).toBe('ok');
    expect(one.lo).toBeGreaterThan(0);
    expect(one.hi).toBe(1);
  });

  it('0 events in both arms: difference 0 with width, ratio insufficient, p = 1', () => {
    const [a, b] = [
      { y: 0, n: 30 },
      { y: 0, n: 25 },
    ];
    const difference = newcombeDifference(a, b, 0.9);
    expect(difference.estimate).toBe(0);
    expect(difference.lo).toBeLessThan(0);
    expect(difference.hi).toBeGreaterThan(0);
    expect(moverRatio(a, b, 0.9)).toMatchObject({ status: 'insufficient', estimate: Number.NaN });
    expect(twoProportionZ(a, b)).toMatchObject({ status: 'ok', pTwoSided: 1 });
  });

  it('0 events in control only: hi is Infinity, lo finite, and gains keep that', () => {
    const ratio = moverRatio({ y: 0, n: 20 }, { y: 5, n: 20 }, 0.9);
    expect(ratio).toMatchObject({
      status: 'ok',
      estimate: Number.POSITIVE_INFINITY,
      hi: Number.POSITIVE_INFINITY,
      se: null,
    });
    const gain = asGain(asRelativeChange(ratio), 'down_is_good');
    expect(gain.hi).toBe(1 - ratio.lo);
    expect(gain.lo).toBe(Number.NEGATIVE_INFINITY);
  });

  it('a small expected cell takes Fisher mid-p: half the observed table less in each tail', () => {
    const [a, b] = [
      { y: 1, n: 12 },
      { y: 4, n: 11 },
    ];
    const [test, exact] = [twoProportionZ(a, b), fisherExact(a, b)];
    expect(test.method).toBe('fisher_mid_p');
    expect(test.pGreater + test.pLess).toBeCloseTo(1, 10);
    expect(test.pTwoSided).toBeCloseTo(exact.pTwoSided - exact.pObserved / 2, 12);
  });

  it('one-sided bounds are the ends of the two-sided interval at twice the error', () => {
    const { lo, hi } = clopperPearson(7, 90, 0.998);
    expect(clopperPearsonLower(7, 90, 0.999)).toBeCloseTo(lo, 12);
    expect(clopperPearsonUpper(7, 90, 0.999)).toBeCloseTo(hi, 12);
    expect(clopperPearsonLower(0, 0, 0.999)).toBe(0);
    expect(clopperPearsonUpper(0, 0, 0.999)).toBe(1);
  });
});

const arm = fc.integer({ min: 1, max: 1e6 }).chain((n) => fc.integer({ min: 0, max: n }).map((y) => ({ y, n })));
const level = fc.constantFrom(0.5, 0.9, 0.95, 0.999);

describe('properties', () => {
  it('keeps the lower limit of a ratio finite when a large control has no events', () => {
    for (const n of [999_998, 50_000_000]) {
      const { estimate, lo, hi } = moverRatio({ y: 0, n }, { y: 1, n: 1 }, 0.9);
      expect([estimate, hi]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
      expect(lo).toBeGreaterThan(1);
      expect(lo).toBeLessThan(n);
    }
  });

  it('never returns an interval of width 0, NaN or that leaves out its estimate, for n > 0', () => {
    fc.assert(
      fc.property(arm, arm, level, (a, b, conf) => {
        const all: Estimate[] = [
          wilson(a.y, a.n, conf),
          clopperPearson(a.y, a.n, conf),
          newcombeDifference(a, b, conf),
        ];
        const ratio = moverRatio(a, b, conf);
        for (const one of ratio.status === 'ok' ? [...all, ratio] : all) {
          expect(one.hi).toBeGreaterThan(one.lo);
          expect(one.lo).toBeLessThanOrEqual(one.estimate + 1e-12);
          expect(one.hi).toBeGreaterThanOrEqual(one.estimate - 1e-12);
        }
      }),
    );
  });

  it('answers invalid for NaN, Infinity, negatives, fractions and y > n anywhere', () => {
    const broken = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 1e16);
    const brokenArm = fc.oneof(
      broken.map((y) => ({ y, n: 10 })),
      broken.map((n) => ({ y: 0, n })),
      fc.constant({ y: 11, n: 10 }),
    );
    fc.assert(
      fc.property(arm, brokenArm, (good, bad) => {
        for (const one of [
          wilson(bad.y, bad.n, 0.9),
          clopperPearson(bad.y, bad.n, 0.9),
          newcombeDifference(good, bad, 0.9),
          newcombeDifference(bad, good, 0.9),
          moverRatio(good, bad, 0.9),
          moverRatio(bad, good, 0.9),
        ]) {
          expect(one).toMatchObject({ status: 'invalid', estimate: Number.NaN, lo: Number.NaN, hi: Number.NaN });
        }
        expect(twoProportionZ(good, bad).status).toBe('invalid');
        expect(clopperPearsonLower(bad.y, bad.n, 0.99)).toBeNaN();
      }),
    );
    for (const conf of [0, 1, Number.NaN])
      expect(newcombeDifference({ y: 1, n: 2 }, { y: 1, n: 2 }, conf).status).toBe('invalid');
  });

  it('is antisymmetric: swapping the arms turns the difference round', () => {
    fc.assert(
      fc.property(arm, arm, (a, b) => {
        const [there, back] = [newcombeDifference(a, b, 0.9), newcombeDifference(b, a, 0.9)];
        expect(there.lo).toBeCloseTo(-back.hi, 12);
      }),
    );
  });
});
