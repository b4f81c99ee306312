import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { normalQuantile } from './distributions.ts';
import { logRatioOfMeans } from './log-ratio-of-means.ts';
import { cubedArmOf, type MeanArm } from './mean-arm.ts';
import { skewBound, skewSafeConfidence } from './skew-bound.ts';

const CAP = 100;

/** Amounts of visitors of whom one in ten buys, with a lognormal amount that is cut off at the cap. */
function visitors(n: number, random: { next(): number }): readonly number[] {
  return Array.from({ length: n }, () =>
    random.next() < 0.1 ? Math.min(CAP, Math.exp(2.5 + normalQuantile(random.next()))) : 0,
  );
}

describe('skewBound', () => {
  const arm = (n: number, seed = 1): MeanArm => cubedArmOf(visitors(n, seededRandom(seed)));

  it('asks for more units the more the arms differ in size, and only in the direction that skewness favours', () => {
    const added = (a: number, b: number, claim: 'higher' | 'lower') =>
      skewBound({ control: arm(a), treatment: arm(b, 2) }, CAP, claim).addedError;
    expect(added(2000, 2000, 'lower')).toBeCloseTo(0, 12);
    expect(added(3600, 400, 'lower')).toBeGreaterThan(added(2200, 1800, 'lower'));
    expect(added(36_000, 4000, 'lower')).toBeLessThan(added(3600, 400, 'lower') / 2);
    expect(added(3600, 400, 'higher')).toBeLessThanOrEqual(0);
    expect(added(400, 3600, 'higher')).toBeGreaterThan(0.01);
  });

  it('does not depend on the unit of the amounts', () => {
    const scaled = ({ n, sum, sumSq }: MeanArm, by: number): MeanArm => ({ n, sum: sum * by, sumSq: sumSq * by * by });
    const [a, b] = [arm(500), arm(800, 2)];
    const plain = skewBound({ control: a, treatment: b }, CAP, 'higher').addedError;
    expect(plain).toBeGreaterThan(0.001);
    const large = { control: scaled(a, 7), treatment: scaled(b, 7) };
    expect(skewBound(large, CAP * 7, 'higher').addedError).toBeCloseTo(plain, 10);
  });

  it('answers nothing for broken sums, single units, no variance or no amount', () => {
    const fine = arm(500);
    for (const broken of [
      { n: 1, sum: 5, sumSq: 25 },
      { n: 5, sum: Number.NaN, sumSq: 1 },
      { n: 10, sum: 100, sumSq: 1 },
      { n: 10, sum: 50, sumSq: 250 },
      { n: 10, sum: 0, sumSq: 0 },
    ]) {
      expect(skewBound({ control: broken, treatment: fine }, CAP, 'higher')).toEqual({
        enough: false,
        addedError: NaN,
      });
    }
  });

  it('where it says enough, a harmless change passes hardly more often than 5%', () => {
    // 800 seeded weeks with a treatment half as large again; four standard errors of .06 are .034.
    const random = seededRandom(11);
    let [enough, passed] = [0, 0];
    for (let week = 0; week < 800; week++) {
      const [control, treatment] = [cubedArmOf(visitors(3000, random)), cubedArmOf(visitors(4500, random))];
      if (!skewBound({ control, treatment }, CAP, 'higher').enough) continue;
      enough++;
      if (logRatioOfMeans(control, treatment, 0.9).lo > 1) passed++;
    }
    expect(enough).toBeGreaterThan(600);
    expect(passed / enough).toBeLessThan(0.06 + 0.034);
  });
});

describe('skewSafeConfidence', () => {
  it('takes off the error what skewness may add, down to a fifth, and nothing where it adds little', () => {
    const at = (addedError: number, confidence = 0.9) =>
      skewSafeConfidence(confidence, { enough: addedError <= 0.01, addedError });
    expect([at(-0.2), at(0.01), at(Number.NaN)]).toEqual([0.9, 0.9, 0.9]);
    expect(at(0.02)).toBeCloseTo(1 - 2 * 0.03, 12);
    expect(at(0.2)).toBeCloseTo(1 - 2 * 0.01, 12);
    // Further out the same skewness adds less, but more of what there is.
    expect(at(0.02, 0.98)).toBeGreaterThan(0.98);
    expect(at(0.02, 0.98)).toBeLessThanOrEqual(1 - 2 * 0.002 + 1e-12);
  });

  it('keeps a small treatment from being found worse by chance', () => {
    const random = seededRandom(21);
    let [plain, safe] = [0, 0];
    for (let week = 0; week < 800; week++) {
      const [control, treatment] = [cubedArmOf(visitors(1800, random)), cubedArmOf(visitors(200, random))];
      const bound = skewBound({ control, treatment }, CAP, 'lower');
      if (logRatioOfMeans(control, treatment, 0.9).hi < 1) plain++;
      if (logRatioOfMeans(control, treatment, skewSafeConfidence(0.9, bound)).hi < 1) safe++;
    }
    expect(plain / 800).toBeGreaterThan(0.06);
    expect(safe / 800).toBeLessThan(0.05);
  });
});
