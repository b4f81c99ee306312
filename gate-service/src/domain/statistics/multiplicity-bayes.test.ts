import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { type AdjustMethod, adjustPValues } from './adjust-p-values.ts';
import { compareBetas } from './beta-comparison.ts';
import { betaQuantile, binomialPmf } from './distributions.ts';
import { integrate } from './integrate.ts';
import {
  judgeSmallSample,
  type SmallSampleAdvice,
  type SmallSampleInput,
  smallSampleAdvice,
} from './small-sample-advice.ts';

const METHODS: readonly AdjustMethod[] = ['bonferroni', 'holm', 'hommel', 'bh'];

describe('adjusted p-values', () => {
  it.each(oracleCases('multiplicity-bayes', 'p_adjust'))('$id', (oracle) => {
    for (const method of METHODS) {
      const adjusted = adjustPValues(oracle.inputs.p, method);
      expect(adjusted.length).toBe(oracle.expected[method].length);
      for (const [i, p] of adjusted.entries()) expectClose(p, oracle.expected[method][i], oracle);
    }
  });

  it('of one test is the p-value itself, of none is nothing', () => {
    for (const method of METHODS) {
      expect(adjustPValues([0.03], method)).toEqual([0.03]);
      expect(adjustPValues([], method)).toEqual([]);
    }
  });

  it('a missing p-value leaves no claim standing', () => {
    for (const bad of [Number.NaN, -0.1, 1.1])
      expect(adjustPValues([0.001, bad], 'holm')).toEqual([Number.NaN, Number.NaN]);
  });

  it('never falls below the p-value, keeps order, and Hommel lies between BH and Holm', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 9 }), (p) => {
        const [bonferroni, holm, hommel, bh] = METHODS.map((method) => adjustPValues(p, method));
        for (const i of p.keys()) {
          expect(p[i]).toBeLessThanOrEqual(bh![i]! + 1e-12);
          expect(bh![i]).toBeLessThanOrEqual(hommel![i]! + 1e-12);
          expect(hommel![i]).toBeLessThanOrEqual(holm![i]! + 1e-12);
          expect(holm![i]).toBeLessThanOrEqual(bonferroni![i]! + 1e-12);
        }
        for (const method of METHODS) {
          expect(adjustPValues(p.toReversed(), method).toReversed()).toEqual(adjustPValues(p, method));
        }
      }),
    );
  });

  it('Hommel is the closed test with Simes on every subset', () => {
    // By its definition: the largest Simes p-value over all subsets that hold the hypothesis.
    const closed = (p: readonly number[], i: number) => {
      let worst = 0;
      for (let mask = 1; mask < 1 << p.length; mask++) {
        if (!(mask & (1 << i))) continue;
        const subset = p.filter((_, j) => mask & (1 << j)).toSorted((a, b) => a - b);
        worst = Math.max(worst, Math.min(...subset.map((value, rank) => (subset.length * value) / (rank + 1))));
      }
      return worst;
    };
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }), (p) => {
        const adjusted = adjustPValues(p, 'hommel');
        for (const i of p.keys()) expect(adjusted[i]).toBeCloseTo(Math.min(1, closed(p, i)), 12);
      }),
    );
  });
});

describe('two Beta beliefs', () => {
  it('integrates polynomials exactly', () => {
    expect(integrate((x) => 5 * x ** 4, [0, 0.3, 2])).toBeCloseTo(32, 12);
    expect(integrate(Math.exp, [0, 1])).toBeCloseTo(Math.E - 1, 14);
    expect(integrate(Math.exp, [1, 1])).toBe(0);
  });

  it.each(oracleCases('multiplicity-bayes', 'beta_binomial_posterior'))('$id', (oracle) => {
    const { aA, bA, aB, bB } = oracle.inputs;
    const comparison = compareBetas({ a: aA, b: bA }, { a: aB, b: bB });
    expectClose(comparison.pGreater, oracle.expected.p_B_gt_A, oracle);
    expectClose(comparison.lossOfB, oracle.expected.expected_loss_keep_B, oracle);
    expectClose(comparison.lossOfA, oracle.expected.expected_loss_revert, oracle);
    expectClose(betaQuantile(0.05, aB, bB), oracle.expected.B_q05, oracle);
    expectClose(betaQuantile(0.95, aB, bB), oracle.expected.B_q95, oracle);
  });

  it('agrees with closed forms, also when one belief is a thousand times sharper', () => {
    // P(B > A) for Beta(a, b) against Beta(1, 1) is 1 - E[pA]; the losses differ by the difference of the means.
    const parameter = fc.double({ min: 0.5, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(parameter, parameter, parameter, parameter, (aA, bA, aB, bB) => {
        const flat = compareBetas({ a: aA, b: bA }, { a: 1, b: 1 });
        expect(flat.pGreater).toBeCloseTo(bA / (aA + bA), 8);
        const { lossOfA, lossOfB, pGreater } = compareBetas({ a: aA, b: bA }, { a: aB, b: bB });
        expect(lossOfB - lossOfA).toBeCloseTo(aA / (aA + bA) - aB / (aB + bB), 8);
        expect(pGreater + compareBetas({ a: aB, b: bB }, { a: aA, b: bA }).pGreater).toBeCloseTo(1, 7);
      }),
      { numRuns: 40 },
    );
  });

  it('answers NaN for broken beliefs', () => {
    for (const bad of [
      { a: 0, b: 1 },
      { a: 1, b: Number.NaN },
      { a: Infinity, b: 1 },
    ]) {
      expect(compareBetas(bad, { a: 1, b: 1 }).pGreater).toBeNaN();
    }
  });
});

describe('advice for a handful of jobs', () => {
  const week = (y: number, n = 30, history = { y: 96, n: 240 }): SmallSampleInput => ({
    history,
    treatment: { y, n },
    direction: 'up_is_good',
    jobsPerWeek: n,
  });

  it('has the operating characteristics of docs/statistics.md section J, enumerated', () => {
    // Rate .40 in 240 jobs of history, 30 jobs this week. Every third history stands for its neighbours.
    const histories = Array.from({ length: 21 }, (_, i) => 66 + 3 * i);
    const mass = histories.reduce((sum, h) => sum + binomialPmf(h, 240, 0.4), 0);
    const cells = histories.flatMap((h) =>
      Array.from({ length: 31 }, (_, y) => ({
        y,
        weight: binomialPmf(h, 240, 0.4) / mass,
        advice: smallSampleAdvice(week(y, 30, { y: h, n: 240 })),
      })),
    );
    const chance = (rate: number, holds: (advice: SmallSampleAdvice) => boolean) =>
      cells.reduce((sum, { y, weight, advice }) => sum + (holds(advice) ? weight * binomialPmf(y, 30, rate) : 0), 0);
    for (const [rate, keep, sure] of [
      [0.4, 0.49, 0.07],
      [0.5, 0.84, 0.33],
      [0.6, 0.98, 0.73],
      [0.3, 0.13, 0],
      [0.2, 0.01, 0],
    ] as const) {
      expect(Math.abs(chance(rate, ({ advice }) => advice === 'keep') - keep), `keep at ${rate}`).toBeLessThan(0.01);
      expect(Math.abs(chance(rate, ({ pGain }) => pGain > 0.9) - sure), `sure at ${rate}`).toBeLessThan(0.01);
    }
  });

  it('says losses in jobs a week, and turns round for rates that should fall', () => {
    const [up, down] = [smallSampleAdvice(week(18)), smallSampleAdvice({ ...week(18), direction: 'down_is_good' })];
    expect(up).toMatchObject({ status: 'ok', advice: 'keep' });
    expect(down).toMatchObject({ status: 'ok', advice: 'revert' });
    expect(down.pGain).toBeCloseTo(1 - up.pGain, 12);
    expect(down.lossKeepJobs).toBeCloseTo(up.lossRevertJobs, 12);
    expect(up.lossRevertJobs - up.lossKeepJobs).toBeCloseTo(30 * ((4 + 18) / 40 - 96.5 / 241), 8);
    expect(up.lo).toBeLessThan(0.55);
    expect(up.hi).toBeGreaterThan(0.55);
  });

  it('more successes never turn keep into revert', () => {
    const advices = Array.from({ length: 31 }, (_, y) => smallSampleAdvice(week(y)));
    for (let y = 1; y <= 30; y++) expect(advices[y]!.pGain).toBeGreaterThan(advices[y - 1]!.pGain);
    expect(advices.findIndex(({ advice }) => advice === 'keep')).toBe(
      advices.findLastIndex(({ advice }) => advice === 'revert') + 1,
    );
  });

  it('decides only where it is configured to, when sure and cheap', () => {
    expect(judgeSmallSample(smallSampleAdvice(week(20)), 1)).toBe('pass');
    expect(judgeSmallSample(smallSampleAdvice(week(20)), 0)).toBe('inconclusive');
    expect(judgeSmallSample(smallSampleAdvice(week(12)), 1)).toBe('inconclusive');
    expect(judgeSmallSample(smallSampleAdvice(week(4)), 1)).toBe('fail');
  });

  it('survives a history of only failures, and says nothing without one', () => {
    expect(smallSampleAdvice(week(3, 10, { y: 0, n: 40 }))).toMatchObject({ status: 'ok', advice: 'keep' });
    expect(smallSampleAdvice(week(9, 10, { y: 40, n: 40 }))).toMatchObject({ status: 'ok', advice: 'revert' });
    for (const input of [week(0, 0), week(3, 10, { y: 0, n: 0 })]) {
      const none = smallSampleAdvice(input);
      expect(none).toMatchObject({ status: 'insufficient', advice: null, pGain: Number.NaN });
      expect(judgeSmallSample(none, 1)).toBe('inconclusive');
    }
    for (const input of [week(31), week(Number.NaN), week(3, 30, { y: 5, n: 4 }), { ...week(3), jobsPerWeek: -1 }]) {
      expect(smallSampleAdvice(input)).toMatchObject({ status: 'invalid', advice: null });
    }
  });
});
