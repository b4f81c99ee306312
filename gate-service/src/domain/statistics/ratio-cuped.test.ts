import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { type CupedArm, cupedDifference, cupedRatio, cupedTheta } from './cuped.ts';
import { designEffect } from './design-effect.ts';
import { logRatioOfMeans } from './log-ratio-of-means.ts';
import { type RatioArm, ratioArmOf, ratioDifference, ratioLogRatio, ratioOfSums } from './ratio-of-sums.ts';
import { welchDifference } from './welch-difference.ts';

const cupedArmOf = (pairs: readonly (readonly [y: number, x: number])[]): CupedArm => {
  const { n, sumX: sumY, sumD: sumX, sumXX: sumYY, sumDD: sumXX, sumXD: sumXY } = ratioArmOf(pairs);
  return { n, sumY, sumYY, sumX, sumXX, sumXY };
};
const meanOf = ({ n, sumY, sumYY }: CupedArm) => ({ n, sum: sumY, sumSq: sumYY });

describe('ratio of sums', () => {
  it.each(oracleCases('ratio-cuped-strata', 'ratio_delta'))('$id', ({ inputs, ...oracle }) => {
    const arm: RatioArm = {
      n: inputs.n,
      sumX: inputs.sum_num,
      sumD: inputs.sum_den,
      sumXX: inputs.sumsq_num,
      sumDD: inputs.sumsq_den,
      sumXD: inputs.sum_num_den,
    };
    const { value, variance } = ratioOfSums(arm);
    expectClose(value, oracle.expected.ratio, { ...oracle, inputs });
    expectClose(Math.sqrt(variance), oracle.expected.se, { ...oracle, inputs });
  });

  const a = ratioArmOf([
    [1, 4],
    [2, 5],
    [0, 3],
    [3, 6],
  ]);
  const b = ratioArmOf([
    [2, 4],
    [4, 5],
    [1, 3],
  ]);

  it('with every denominator 1 is Welch and the log ratio of means', () => {
    const [plainA, plainB] = [
      ratioArmOf([
        [3, 1],
        [4, 1],
        [6, 1],
      ]),
      ratioArmOf([
        [5, 1],
        [6, 1],
        [9, 1],
        [9, 1],
      ]),
    ];
    const mean = ({ n, sumX, sumXX }: RatioArm) => ({ n, sum: sumX, sumSq: sumXX });
    const strata = [{ control: plainA, treatment: plainB }];
    const welch = welchDifference(mean(plainA), mean(plainB), 0.9);
    expect(ratioDifference(strata, 0.9).lo).toBeCloseTo(welch.lo, 10);
    expect(ratioDifference(strata, 0.9).df).toBeCloseTo(welch.df!, 10);
    expect(ratioLogRatio(strata, 0.9).hi).toBeCloseTo(logRatioOfMeans(mean(plainA), mean(plainB), 0.9).hi, 10);
  });

  it('adds the variances of both arms', () => {
    const difference = ratioDifference([{ control: a, treatment: b }], 0.9);
    expect(difference.estimate).toBeCloseTo(7 / 12 - 6 / 18, 12);
    expect(difference.se).toBeCloseTo(Math.sqrt(ratioOfSums(a).variance + ratioOfSums(b).variance), 12);
  });

  it('denominators of 0, one unit or none: insufficient; no variance: as for means; broken sums: invalid', () => {
    const empty = ratioArmOf([
      [0, 0],
      [0, 0],
    ]);
    for (const arm of [empty, ratioArmOf([[1, 2]]), ratioArmOf([])]) {
      for (const one of [
        ratioDifference([{ control: arm, treatment: b }], 0.9),
        ratioLogRatio([{ control: a, treatment: arm }], 0.9),
      ]) {
        expect(one).toMatchObject({ status: 'insufficient', estimate: Number.NaN });
      }
    }
    const half = ratioArmOf([
      [0.1, 0.2],
      [0.3, 0.6],
      [0.7, 1.4],
    ]);
    expect(ratioDifference([{ control: half, treatment: half }], 0.9, 0.01)).toMatchObject({ status: 'degenerate' });
    expect(ratioDifference([{ control: half, treatment: half }], 0.9).status).toBe('insufficient');
    for (const broken of [{ ...a, sumXD: 99 }, { ...a, n: 1.5 }, { ...a, sumD: -18 }, ratioArmOf([[1, Number.NaN]])]) {
      expect(ratioDifference([{ control: broken, treatment: b }], 0.9).status).toBe('invalid');
      expect(ratioLogRatio([{ control: a, treatment: broken }], 0.9).status).toBe('invalid');
      expect(designEffect(broken).status).toBe('invalid');
    }
    expect(ratioDifference([{ control: a, treatment: b }], 1).status).toBe('invalid');
    expect(ratioDifference([{ control: a, treatment: b }], 0.9, -1).status).toBe('invalid');
  });
});

describe('design effect', () => {
  it('is n / (n - 1) for single events and about the cluster size for clusters that agree', () => {
    const single = ratioArmOf(Array.from({ length: 100 }, (_, i) => [i % 4 === 0 ? 1 : 0, 1] as const));
    expect(designEffect(single).deff).toBeCloseTo(100 / 99, 12);
    const agreeing = ratioArmOf(Array.from({ length: 100 }, (_, i) => [i % 4 === 0 ? 5 : 0, 5] as const));
    expect(designEffect(agreeing).deff).toBeCloseTo((5 * 100) / 99, 12);
  });

  it('is not known for a rate of 0 or 1, nor for one cluster', () => {
    for (const arm of [
      ratioArmOf([
        [0, 5],
        [0, 4],
      ]),
      ratioArmOf([
        [5, 5],
        [4, 4],
      ]),
      ratioArmOf([[1, 5]]),
      ratioArmOf([]),
    ]) {
      expect(designEffect(arm)).toEqual({ status: 'insufficient', deff: Number.NaN });
    }
    expect(
      designEffect(
        ratioArmOf([
          [6, 5],
          [4, 4],
        ]),
      ).status,
    ).toBe('invalid');
  });
});

describe('CUPED', () => {
  it.each(oracleCases('ratio-cuped-strata', 'cuped_diff'))('$id', (oracle) => {
    const arm = (s: Record<string, number>): CupedArm => ({
      n: s.n!,
      sumY: s.sum_y!,
      sumYY: s.sumsq_y!,
      sumX: s.sum_x!,
      sumXX: s.sumsq_x!,
      sumXY: s.sum_xy!,
    });
    const strata = [{ control: arm(oracle.inputs.A), treatment: arm(oracle.inputs.B) }];
    const { estimate, se } = cupedDifference(strata, 0.9);
    expectClose(cupedTheta(strata), oracle.expected.theta, oracle);
    expectClose(estimate, oracle.expected.diff, oracle);
    expectClose(se, oracle.expected.se, oracle);
  });

  const control = cupedArmOf([
    [10, 9],
    [12, 12],
    [9, 8],
    [14, 13],
    [11, 9],
  ]);
  const treatment = cupedArmOf([
    [13, 10],
    [15, 13],
    [10, 8],
    [12, 10],
  ]);

  it('with a constant covariate is the plain comparison', () => {
    const flat = (arm: CupedArm): CupedArm => ({
      ...arm,
      sumX: 0.1 * arm.n,
      sumXX: 0.01 * arm.n,
      sumXY: 0.1 * arm.sumY,
    });
    const strata = [{ control: flat(control), treatment: flat(treatment) }];
    expect(cupedTheta(strata)).toBe(0);
    expect(cupedDifference(strata, 0.9).lo).toBeCloseTo(
      welchDifference(meanOf(control), meanOf(treatment), 0.9).lo,
      10,
    );
    expect(cupedRatio(strata, 0.9).hi).toBeCloseTo(logRatioOfMeans(meanOf(control), meanOf(treatment), 0.9).hi, 10);
  });

  it('narrows the interval, and the ratio is 1 + difference / control mean', () => {
    const strata = [{ control, treatment }];
    const [difference, ratio] = [cupedDifference(strata, 0.9), cupedRatio(strata, 0.9)];
    expect(difference.se!).toBeLessThan(welchDifference(meanOf(control), meanOf(treatment), 0.9).se! / 2);
    expect(ratio.estimate).toBeCloseTo(1 + difference.estimate / 11.2, 12);
    expect(Math.log(ratio.hi / ratio.lo)).toBeCloseTo((difference.hi - difference.lo) / 11.2, 1);
  });

  it('the variance of the ratio is the numerical delta method', () => {
    const strata = [{ control, treatment }];
    const theta = cupedTheta(strata);
    const mean = (arm: CupedArm) => [arm.sumY / arm.n, arm.sumX / arm.n] as const;
    const logRatio = ([yA, xA]: readonly [number, number], [yB, xB]: readonly [number, number]) =>
      Math.log((yA + yB - theta * xB - yA + theta * xA) / yA);
    const [a, b] = [mean(control), mean(treatment)];
    const h = 1e-6;
    const slope = (dyA: number, dxA: number, dyB: number, dxB: number) =>
      (logRatio([a[0] + dyA * h, a[1] + dxA * h], [b[0] + dyB * h, b[1] + dxB * h]) - logRatio(a, b)) / h;
    const part = (arm: CupedArm, gy: number, gx: number) => {
      const [y, x] = mean(arm);
      const sum = (s: number, m: number, k: number) => s - arm.n * m * k;
      const total =
        gy * gy * sum(arm.sumYY, y, y) + gx * gx * sum(arm.sumXX, x, x) + 2 * gy * gx * sum(arm.sumXY, x, y);
      return total / (arm.n - 1) / arm.n;
    };
    const variance =
      part(control, slope(1, 0, 0, 0), slope(0, 1, 0, 0)) + part(treatment, slope(0, 0, 1, 0), slope(0, 0, 0, 1));
    const ratio = cupedRatio(strata, 0.9);
    const se = welchDifference(meanOf(control), meanOf(treatment), 0.9).se!;
    expect(se).toBeGreaterThan(0);
    expect(ratio.se! / ratio.estimate).toBeCloseTo(Math.sqrt(variance), 2);
    expect(Math.log(ratio.hi / ratio.estimate) ** 2 / variance).toBeCloseTo(
      Math.log(ratio.estimate / ratio.lo) ** 2 / variance,
      8,
    );
  });

  it('edge cases: few units, noisy baseline, no variance left, broken sums', () => {
    const one = cupedArmOf([[3, 2]]);
    expect(cupedDifference([{ control: one, treatment }], 0.9).status).toBe('insufficient');
    expect(cupedRatio([{ control: one, treatment }], 0.9).status).toBe('insufficient');
    expect(
      cupedRatio(
        [
          {
            control: cupedArmOf([
              [0, 1],
              [0, 2],
              [50, 1],
            ]),
            treatment,
          },
        ],
        0.9,
      ).status,
    ).toBe('insufficient');
    const [same, shifted] = [
      cupedArmOf([
        [3, 3],
        [5, 5],
        [9, 9],
      ]),
      cupedArmOf([
        [4, 3],
        [6, 5],
        [9, 8],
      ]),
    ];
    expect(cupedDifference([{ control: same, treatment: shifted }], 0.9)).toMatchObject({
      status: 'degenerate',
      lo: -Infinity,
      hi: Infinity,
    });
    expect(cupedRatio([{ control: same, treatment: shifted }], 0.9).status).toBe('insufficient');
    for (const broken of [
      { ...control, sumXY: 1e9 },
      { ...control, sumYY: 0 },
      { ...control, n: Number.NaN },
    ]) {
      expect(cupedDifference([{ control: broken, treatment }], 0.9).status).toBe('invalid');
      expect(cupedRatio([{ control, treatment: broken }], 0.9).status).toBe('invalid');
    }
  });

  it('has a width, and order of strata and units of y and x change nothing', () => {
    const pair = fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 99 }));
    const arm = fc.array(pair, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(arm, arm), { minLength: 1, maxLength: 3 }), (list) => {
        const strata = (unitY: number, unitX: number) =>
          list.map((arms) => {
            const [a, b] = arms.map((pairs) => cupedArmOf(pairs.map(([y, x]) => [y * unitY, x * unitX] as const)));
            return { control: a!, treatment: b! };
          });
        const plain = cupedDifference(strata(1, 1), 0.9);
        expect(plain.hi).toBeGreaterThan(plain.lo);
        const scaled = cupedDifference(strata(1e4, 1e-3), 0.9);
        const turned = cupedDifference(strata(1, 1).toReversed(), 0.9);
        const ratio = cupedRatio(strata(1, 1), 0.9);
        expect(ratio.hi).toBeGreaterThan(ratio.lo);
        if (plain.status !== 'ok') return;
        expect(scaled.lo / 1e4).toBeCloseTo(plain.lo, 6);
        expect(turned.lo).toBeCloseTo(plain.lo, 9);
      }),
    );
  });
});
