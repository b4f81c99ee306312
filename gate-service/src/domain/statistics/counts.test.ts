import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, type OracleCase, oracleCases } from '../../../test/support/oracle-cases.ts';
import { dispersionOf } from './dispersion.ts';
import { binomialPmf } from './distributions.ts';
import { logStandardError } from './estimate-test.ts';
import { exactBinomialTest } from './exact-binomial-test.ts';
import { poissonRate } from './poisson-rate.ts';
import { poissonTests } from './poisson-tests.ts';
import type { RateArm } from './rate-arm.ts';
import { rateDifference } from './rate-difference.ts';
import { rateRatio } from './rate-ratio.ts';
import { rateRatioExact, rateRatioExactTest } from './rate-ratio-exact.ts';
import { rateRatioQuasi } from './rate-ratio-quasi.ts';

const rate = (count: number, exposure: number): RateArm => ({ count, exposure });
const armsOf = ({ inputs }: OracleCase) =>
  [rate(inputs.countA, inputs.expA), rate(inputs.countB, inputs.expB)] as const;

describe('counts against R, statsmodels and numpy', () => {
  it.each(oracleCases('counts', 'poisson_rate_exact'))('$id Garwood', (oracle) => {
    const { estimate, lo, hi } = poissonRate(oracle.inputs, oracle.inputs.conf);
    expectClose(estimate, oracle.expected.rate, oracle);
    expectClose(lo, oracle.expected.lo, oracle);
    expectClose(hi, oracle.expected.hi, oracle);
  });

  it.each(oracleCases('counts', 'poisson_rate_ratio_exact'))('$id exact ratio', (oracle) => {
    const [a, b] = armsOf(oracle);
    const { estimate, lo, hi } = rateRatioExact(a, b, oracle.inputs.conf);
    // R leaves open what x / 0 is; ours is Infinity, so that lo alone can decide.
    if (a.count === 0) expect(estimate).toBe(Number.POSITIVE_INFINITY);
    else expectClose(estimate, oracle.expected.ratio_B_over_A, oracle);
    expectClose(lo, oracle.expected.lo, oracle);
    expectClose(hi, oracle.expected.hi, oracle);
    expectClose(rateRatioExactTest(a, b).pTwoSided, oracle.expected.p_two_sided, oracle);
  });

  it.each(oracleCases('counts', 'rate_ratio_quasi'))('$id quasi-Poisson', (oracle) => {
    const { conf, dispersion } = oracle.inputs;
    const quasi = rateRatioQuasi(...armsOf(oracle), conf, dispersion);
    expectClose(quasi.estimate, oracle.expected.ratio, oracle);
    expectClose(quasi.lo, oracle.expected.lo, oracle);
    expectClose(quasi.hi, oracle.expected.hi, oracle);
    expectClose(logStandardError(quasi, conf), oracle.expected.se_log, oracle);
  });

  it.each(oracleCases('counts', 'poisson_2indep_tests'))('$id score and E-test', (oracle) => {
    const { z, pScore, pEtest } = poissonTests(...armsOf(oracle));
    expectClose(z, oracle.expected.score_z, oracle);
    expectClose(pScore, oracle.expected.score_p_two, oracle);
    expectClose(pEtest, oracle.expected.etest_p_two, oracle);
  });
});

describe('exact binomial test', () => {
  it('adds up every count that is no more likely, on both sides', () => {
    for (const [n, p] of [
      [12, 0.3],
      [25, 0.5],
      [7, 0.9],
      [40, 0.02],
    ] as const) {
      const chances = Array.from({ length: n + 1 }, (_, x) => binomialPmf(x, n, p));
      for (let x = 0; x <= n; x++) {
        const rare = chances.filter((chance) => chance <= chances[x]! * (1 + 1e-7)).reduce((a, b) => a + b, 0);
        expect(exactBinomialTest(x, n, p).pTwoSided, `${x} of ${n} at ${p}`).toBeCloseTo(rare, 10);
      }
    }
  });
});

describe('which method', () => {
  it('exact for few Poisson events, log scale for many or bursty ones', () => {
    expect(rateRatio(rate(60, 10), rate(80, 10), 0.9, 1.1)).toEqual(rateRatioExact(rate(60, 10), rate(80, 10), 0.9));
    expect(rateRatio(rate(60, 10), rate(80, 10), 0.9, 1.2).method).toBe('rate_ratio_quasi');
    expect(rateRatio(rate(120, 10), rate(80, 10), 0.9, 1).method).toBe('rate_ratio_quasi');
  });

  it('a count of 0 keeps one finite limit, wider when events come in bursts', () => {
    const [none, some] = [rate(0, 100), rate(24, 100)];
    const plain = rateRatio(none, some, 0.9, 1);
    expect(plain).toMatchObject({ status: 'ok', estimate: Infinity, hi: Infinity, se: null });
    expect(rateRatio(none, some, 0.9, 4).lo).toBeLessThan(plain.lo);
    expect(rateRatio(none, some, 0.9, 4).lo).toBeGreaterThan(0);
    expect(rateRatio(some, none, 0.9, 1)).toMatchObject({ status: 'ok', estimate: 0, lo: 0 });
    expect(rateRatio(some, none, 0.9, 1).hi).toBeCloseTo(1 / plain.lo, 10);
  });
});

describe('dispersion of the baseline', () => {
  it('is Pearson chi-square over df and at least 1', () => {
    const calm = Array.from({ length: 20 }, (_, i) => 100 + (i % 2));
    expect(dispersionOf(calm)).toEqual({ status: 'ok', phi: 1 });
    const bursts = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0 : 10));
    expect(dispersionOf(bursts).phi).toBeCloseTo((20 * 25) / 5 / 19, 12);
  });

  it('is not known from fewer than 20 blocks or without events', () => {
    expect(dispersionOf(Array.from({ length: 19 }, () => 3)).status).toBe('insufficient');
    expect(dispersionOf(Array.from({ length: 30 }, () => 0)).status).toBe('insufficient');
    expect(dispersionOf([])).toEqual({ status: 'insufficient', phi: Number.NaN });
    expect(dispersionOf([...Array.from({ length: 30 }, () => 1), Number.NaN]).status).toBe('invalid');
  });
});

describe('edge cases of docs/statistics.md section U', () => {
  it('no events in either arm: ratio insufficient, p = 1, difference 0 with a width', () => {
    const [a, b] = [rate(0, 30), rate(0, 20)];
    expect(rateRatio(a, b, 0.9, 1)).toMatchObject({
      status: 'insufficient',
      lo: 0,
      hi: Infinity,
      estimate: Number.NaN,
    });
    expect(rateRatioExactTest(a, b).pTwoSided).toBe(1);
    expect(poissonTests(a, b)).toMatchObject({ z: 0, pScore: 1, pEtest: 1 });
    const difference = rateDifference(a, b, 0.9, 1);
    expect(difference).toMatchObject({ status: 'ok', estimate: 0 });
    expect(difference.hi).toBeGreaterThan(difference.lo);
  });

  it('no exposure is insufficient, broken input invalid', () => {
    const [none, some] = [rate(0, 0), rate(3, 9)];
    expect(poissonRate(none, 0.9)).toMatchObject({ status: 'insufficient', lo: 0, hi: Infinity });
    expect(rateRatio(none, some, 0.9, 1).status).toBe('insufficient');
    expect(rateDifference(some, none, 0.9, 1)).toMatchObject({ status: 'insufficient', lo: -Infinity });
    expect(rateRatioExactTest(none, some).pTwoSided).toBeNaN();
    for (const bad of [rate(1, 0), rate(1.5, 9), rate(-1, 9), rate(1, Number.NaN), rate(Number.NaN, 9), rate(1, -1)]) {
      expect(poissonRate(bad, 0.9)).toMatchObject({ status: 'invalid', lo: Number.NaN });
      expect(rateRatio(bad, some, 0.9, 1).status).toBe('invalid');
      expect(rateRatioQuasi(some, bad, 0.9, 1).status).toBe('invalid');
      expect(rateDifference(some, bad, 0.9, 1).status).toBe('invalid');
      expect(poissonTests(bad, some).pScore).toBeNaN();
      expect(rateRatioExactTest(bad, some).pTwoSided).toBeNaN();
    }
    for (const phi of [0.9, Number.NaN, Infinity]) {
      expect(rateRatio(some, some, 0.9, phi).status).toBe('invalid');
      expect(rateDifference(some, some, 0.9, phi).status).toBe('invalid');
    }
    expect(rateRatio(some, some, 1, 1).status).toBe('invalid');
  });
});

describe('properties', () => {
  const arm = fc.record({ count: fc.nat(2000), exposure: fc.double({ min: 0.01, max: 1e6, noNaN: true }) });
  const phi = fc.constantFrom(1, 1.1, 3);

  it('never has width 0, and contains its estimate', () => {
    fc.assert(
      fc.property(arm, arm, phi, (a, b, dispersion) => {
        for (const one of [
          poissonRate(a, 0.9),
          rateDifference(a, b, 0.9, dispersion),
          rateRatio(a, b, 0.9, dispersion),
        ]) {
          expect(one.hi).toBeGreaterThan(one.lo);
          if (one.status !== 'ok') continue;
          expect(one.lo).toBeLessThanOrEqual(one.estimate);
          expect(one.hi).toBeGreaterThanOrEqual(one.estimate);
        }
      }),
    );
  });

  it('swapping the arms inverts the ratio, and another unit of exposure changes nothing', () => {
    const close = (got: number, wanted: number) =>
      Number.isFinite(wanted) && wanted !== 0 ? expect(got / wanted).toBeCloseTo(1, 7) : expect(got).toBe(wanted);
    fc.assert(
      fc.property(arm, arm, phi, (a, b, dispersion) => {
        const there = rateRatio(a, b, 0.9, dispersion);
        if (there.status !== 'ok') return;
        close(rateRatio(b, a, 0.9, dispersion).hi, 1 / there.lo);
        const hours = (one: RateArm) => rate(one.count, one.exposure / 3600);
        close(rateRatio(hours(a), hours(b), 0.9, dispersion).hi, there.hi);
      }),
    );
  });
});
