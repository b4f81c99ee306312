import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { testEstimate, testRatio } from './estimate-test.ts';
import { logRatioOfMeans } from './log-ratio-of-means.ts';
import { cubedArmOf, isMeanArm, type MeanArm, mergeMeanArms } from './mean-arm.ts';
import { skewGuard, skewnessOf } from './skew-guard.ts';
import { stratifiedMeanDifference, stratifiedMeanRatio } from './stratified-means.ts';
import { welchDifference } from './welch-difference.ts';
import { winsorCap, winsorise } from './winsorise.ts';

const flat = (value: number, n: number): MeanArm => ({ n, sum: n * value, sumSq: n * value * value });

describe('Welch against R', () => {
  it.each(oracleCases('means-ranks', 'welch_t_raw'))('$id', (oracle) => {
    const welch = welchDifference(cubedArmOf(oracle.inputs.A), cubedArmOf(oracle.inputs.B), oracle.inputs.conf);
    const test = testEstimate(welch, 0);
    expectClose(test.statistic, oracle.expected.t, oracle);
    expectClose(welch.df, oracle.expected.df, oracle);
    expectClose(test.pTwoSided, oracle.expected.p_two_sided, oracle);
    expectClose(welch.lo, oracle.expected.lo, oracle);
    expectClose(welch.hi, oracle.expected.hi, oracle);
  });
});

describe('ratio of means', () => {
  it('is the log difference of the means with the delta-method variance', () => {
    const [a, b] = [cubedArmOf([9, 10, 11, 12, 8]), cubedArmOf([12, 13, 11, 14])];
    const ratio = logRatioOfMeans(a, b, 0.9);
    // By hand: vA / (nA mA^2) = 2.5 / 500, vB / (nB mB^2) = (5/3) / 625; df from shares of the sum.
    const [partA, partB] = [2.5 / 500, 5 / 3 / 625];
    const df = (partA + partB) ** 2 / (partA ** 2 / 4 + partB ** 2 / 3);
    expect(ratio.estimate).toBeCloseTo(1.25, 14);
    expect(ratio.df).toBeCloseTo(df, 10);
    expect(testRatio(ratio, 0.9, 1).statistic).toBeCloseTo(Math.log(1.25) / Math.sqrt(partA + partB), 10);
    expect(ratio.lo * ratio.hi).toBeCloseTo(1.25 ** 2, 12);
  });

  it('falls back when the baseline is too noisy, zero or negative, or treatment earns nothing', () => {
    const good = cubedArmOf([9, 10, 11, 12, 8]);
    const noisy = cubedArmOf([0, 0, 0, 0, 100]);
    const negative = cubedArmOf([-9, -10, -11]);
    for (const [a, b] of [[noisy, good] as const, [negative, good] as const, [flat(0, 9), good] as const]) {
      expect(logRatioOfMeans(a, b, 0.9)).toMatchObject({ status: 'insufficient', estimate: Number.NaN });
      expect(welchDifference(a, b, 0.9).status).toBe('ok');
    }
    expect(logRatioOfMeans(good, flat(0, 9), 0.9).status).toBe('insufficient');
    expect(logRatioOfMeans(good, negative, 0.9).status).toBe('insufficient');
  });
});

describe('edge cases of docs/statistics.md section U', () => {
  const some = cubedArmOf([1, 2, 3, 4]);

  it('fewer than 2 units in an arm: insufficient, nothing excluded', () => {
    for (const arm of [flat(0, 0), cubedArmOf([7])]) {
      for (const estimate of [welchDifference(arm, some, 0.9), welchDifference(some, arm, 0.9)]) {
        expect(estimate).toMatchObject({ status: 'insufficient', lo: -Infinity, hi: Infinity });
        expect(testEstimate(estimate, 0).pTwoSided).toBeNaN();
      }
      expect(logRatioOfMeans(arm, some, 0.9).status).toBe('insufficient');
    }
  });

  it('no variance at all is degenerate or insufficient, never an interval of width 0 with p = 1', () => {
    // GrowthBook answers effect 0, interval (0, 0), p = 1 here, which hides a canary that fails every time.
    const unequal = welchDifference(flat(0, 50), flat(1, 50), 0.9, 0.01);
    expect(unequal).toMatchObject({ status: 'degenerate', estimate: 1, lo: -Infinity, hi: Infinity });
    expect(welchDifference(flat(3, 50), flat(3, 50), 0.9).status).toBe('insufficient');
    const equal = welchDifference(flat(0.1, 1000), flat(0.1, 777), 0.9, 0.01);
    expect(equal).toMatchObject({ status: 'degenerate', estimate: 0, lo: -0.005, hi: 0.005 });
    expect(logRatioOfMeans(flat(2, 9), flat(2, 8), 0.9, 0.1)).toMatchObject({
      status: 'degenerate',
      estimate: 1,
      lo: 0.975,
      hi: 1.025,
    });
    expect(logRatioOfMeans(flat(2, 9), flat(3, 8), 0.9, 0.1)).toMatchObject({ status: 'degenerate', hi: Infinity });
    expect(logRatioOfMeans(flat(2, 9), flat(2, 8), 0.9).status).toBe('insufficient');
  });

  it('sees equal values as equal although their sums are rounded', () => {
    const tenths = cubedArmOf(Array.from({ length: 100_000 }, () => 0.1));
    expect(welchDifference(tenths, cubedArmOf([0.1, 0.1, 0.1]), 0.9, 0.001)).toMatchObject({ status: 'degenerate' });
  });

  it('one variance 0: Welch on the degrees of freedom of the other arm', () => {
    const estimate = welchDifference(flat(2, 50), some, 0.9);
    expect(estimate).toMatchObject({ status: 'ok', df: 3 });
    expect(estimate.se).toBeCloseTo(Math.sqrt(5 / 3 / 4), 12);
  });

  it('broken sums, levels and resolutions are invalid', () => {
    const broken: MeanArm[] = [
      { n: 10, sum: 10, sumSq: 9 },
      { n: 2.5, sum: 1, sumSq: 9 },
      { n: -1, sum: 1, sumSq: 9 },
      { n: 0, sum: 1, sumSq: 1 },
      { n: 3, sum: Number.NaN, sumSq: 1 },
      { n: 3, sum: 1, sumSq: Number.POSITIVE_INFINITY },
      cubedArmOf([1, Number.NaN]),
    ];
    for (const arm of broken) {
      expect(isMeanArm(arm)).toBe(false);
      for (const estimate of [welchDifference(arm, some, 0.9), logRatioOfMeans(some, arm, 0.9)]) {
        expect(estimate).toMatchObject({ status: 'invalid', estimate: Number.NaN, lo: Number.NaN });
      }
    }
    for (const conf of [0, 1, Number.NaN]) expect(welchDifference(some, some, conf).status).toBe('invalid');
    for (const bad of [0, -1, Number.NaN, Infinity])
      expect(welchDifference(some, some, 0.9, bad).status).toBe('invalid');
  });
});

describe('strata', () => {
  it('are not fooled by a ramp with a drifting baseline', () => {
    // Same values in both arms of each phase; more treatment units come in the dear phase.
    const phase = (level: number, nA: number, nB: number) => ({
      control: { n: nA, sum: nA * level, sumSq: nA * (level * level + 1) },
      treatment: { n: nB, sum: nB * level, sumSq: nB * (level * level + 1) },
    });
    const ramp = [phase(10, 950, 50), phase(20, 750, 250), phase(40, 500, 500)];
    const crude = welchDifference(
      mergeMeanArms(ramp.map(({ control }) => control)),
      mergeMeanArms(ramp.map(({ treatment }) => treatment)),
      0.9,
    );
    expect(crude.lo).toBeGreaterThan(10);
    expect(stratifiedMeanDifference(ramp, 0.9).estimate).toBeCloseTo(0, 12);
    expect(stratifiedMeanRatio(ramp, 0.9).estimate).toBeCloseTo(1, 12);
  });

  it('weigh nA nB / (nA + nB), with the variance that gives', () => {
    const strata = [
      { control: cubedArmOf([1, 2, 3]), treatment: cubedArmOf([4, 5, 7]) },
      { control: cubedArmOf([2, 4]), treatment: cubedArmOf([3, 3, 4, 8]) },
    ];
    const parts = strata.map((s) => welchDifference(s.control, s.treatment, 0.9));
    const weights = [1.5, 8 / 6];
    const total = 1.5 + 8 / 6;
    const pooled = stratifiedMeanDifference(strata, 0.9);
    expect(pooled.estimate).toBeCloseTo(parts.reduce((sum, p, i) => sum + weights[i]! * p.estimate, 0) / total, 12);
    expect(pooled.se).toBeCloseTo(Math.hypot(...parts.map((p, i) => weights[i]! * p.se!)) / total, 12);
    const withEmpty = [...strata, { control: flat(0, 0), treatment: flat(5, 9) }];
    expect(stratifiedMeanDifference(withEmpty, 0.9)).toEqual(pooled);
    expect(stratifiedMeanDifference([], 0.9).status).toBe('insufficient');
    expect(stratifiedMeanRatio([...strata, { control: flat(0, -1), treatment: flat(5, 9) }], 0.9).status).toBe(
      'invalid',
    );
  });
});

describe('winsorising and skew', () => {
  it('caps at the 99.9% quantile of the baseline and counts what it touched', () => {
    const baseline = Array.from({ length: 1001 }, (_, i) => i);
    expect(winsorCap(baseline)).toBeCloseTo(999, 9);
    expect(winsorise([-5, 10, 2000, 999], 999)).toEqual({ values: [-5, 10, 999, 999], clipped: 1, clippedShare: 0.25 });
    expect(winsorCap([1, Number.NaN])).toBeNaN();
    expect(winsorCap([])).toBeNaN();
  });

  it('asks for 355 x skewness^2 units in both arms', () => {
    // One success of 10: skewness (1 - 2p) / sqrt(p q) = 0.8 / 0.3, so 355 x 7.11 = 2525 units.
    const rare = (n: number) => ({ n, sum: n / 10, sumSq: n / 10, sumCube: n / 10 });
    expect(skewnessOf(rare(1000))).toBeCloseTo(0.8 / 0.3, 12);
    expect(skewGuard(rare(3000), rare(2520))).toMatchObject({ status: 'ok', enough: false, unitsNeeded: 2525 });
    expect(skewGuard(rare(3000), rare(2530)).enough).toBe(true);
  });

  it('never says enough without knowing', () => {
    const arm = cubedArmOf([1, 2, 9]);
    const none = { ...flat(1, 5), sumCube: 5 };
    expect(skewGuard(none, none)).toMatchObject({ status: 'degenerate', enough: false });
    expect(skewGuard(cubedArmOf([1]), arm)).toMatchObject({ status: 'insufficient', enough: false });
    expect(skewGuard({ ...arm, sumCube: Number.NaN }, arm)).toMatchObject({ status: 'invalid', enough: false });
  });
});

describe('properties', () => {
  const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 30 });

  it('order of values and of merging is irrelevant', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const whole = welchDifference(cubedArmOf([...a, ...b]), cubedArmOf(c), 0.9);
        const merged = welchDifference(mergeMeanArms([cubedArmOf(b), cubedArmOf(a)]), cubedArmOf(c.toReversed()), 0.9);
        expect(merged).toEqual(whole);
      }),
    );
  });

  it('other units change nothing, and swapping the arms turns the answer round', () => {
    fc.assert(
      fc.property(values, values, fc.constantFrom(1e-90, 1e-6, 3, 1e9), (a, b, unit) => {
        const scale = (list: number[]) => cubedArmOf(list.map((value) => value * unit));
        const [plain, scaled] = [
          welchDifference(cubedArmOf(a), cubedArmOf(b), 0.9),
          welchDifference(scale(a), scale(b), 0.9),
        ];
        expect(scaled.status).toBe(plain.status);
        const [ratio, same] = [
          logRatioOfMeans(cubedArmOf(a), cubedArmOf(b), 0.9),
          logRatioOfMeans(scale(a), scale(b), 0.9),
        ];
        expect(same.status).toBe(ratio.status);
        if (plain.status !== 'ok') return;
        expect(scaled.lo / unit).toBeCloseTo(plain.lo, 6);
        expect(scaled.df).toBeCloseTo(plain.df!, 6);
        expect(welchDifference(cubedArmOf(b), cubedArmOf(a), 0.9).hi).toBeCloseTo(-plain.lo, 9);
        if (ratio.status === 'ok') expect(same.hi).toBeCloseTo(ratio.hi, 6);
      }),
    );
  });

  it('has a width wherever it has an estimate', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        for (const one of [
          welchDifference(cubedArmOf(a), cubedArmOf(b), 0.9),
          logRatioOfMeans(cubedArmOf(a), cubedArmOf(b), 0.9),
        ]) {
          expect(one.hi).toBeGreaterThan(one.lo);
          if (one.status !== 'insufficient') {
            expect(one.lo).toBeLessThan(one.estimate);
            expect(one.estimate).toBeLessThan(one.hi);
          }
        }
      }),
    );
  });
});
