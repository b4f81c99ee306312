import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { tSf } from './distributions.ts';
import { noncentralTSf } from './noncentral-t.ts';
import { type MeanDesign, tTestPower, tTestSampleSize } from './power-means.ts';

describe('power of the t test against R', () => {
  it.each(oracleCases('power', 'power_t'))('$id', (oracle) => {
    expectClose(tTestPower(oracle.inputs, oracle.inputs.n_per_arm), oracle.expected.power, oracle);
  });

  it.each(oracleCases('power', 'power_t_n'))('$id', (oracle) => {
    expectClose(tTestSampleSize(oracle.inputs, oracle.inputs.power), oracle.expected.n_per_arm, oracle);
  });
});

describe('noncentral t', () => {
  it('with noncentrality 0 is Student, for few and for many degrees of freedom', () => {
    for (const df of [1, 2, 7.3, 100, 1e6]) {
      for (const t of [-3, -0.5, 0, 1, 4]) expect(noncentralTSf(t, df, 0), `${t} ${df}`).toBeCloseTo(tSf(t, df), 9);
    }
  });
});

describe('a design', () => {
  const design: MeanDesign = { delta: 0.3, sd: 1, alpha: 0.05, sides: 1 };

  it('comes back from size to power, whatever the sign and the unit', () => {
    const n = tTestSampleSize(design, 0.8);
    expect(tTestPower(design, n)).toBeCloseTo(0.8, 9);
    expect(tTestSampleSize({ ...design, delta: -300, sd: 1000 }, 0.8)).toBeCloseTo(n, 6);
  });

  it('has no answer for no difference, a broken design or less than two units', () => {
    expect(tTestSampleSize({ ...design, delta: 0 }, 0.8)).toBe(Number.POSITIVE_INFINITY);
    expect(tTestSampleSize({ ...design, delta: 1000 }, 0.8)).toBe(2);
    for (const bad of [{ sd: 0 }, { sd: Number.NaN }, { alpha: 0 }, { delta: Number.NaN }]) {
      expect(tTestPower({ ...design, ...bad }, 10)).toBeNaN();
      expect(tTestSampleSize({ ...design, ...bad }, 0.8)).toBeNaN();
    }
    expect(tTestPower(design, 1)).toBeNaN();
    expect(tTestSampleSize(design, 1)).toBeNaN();
  });
});
