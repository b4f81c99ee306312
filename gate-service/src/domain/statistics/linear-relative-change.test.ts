import { describe, expect, it } from 'vitest';
import { linearRelativeChange } from './linear-relative-change.ts';

const control = { n: 100, value: 10, variance: 0.04, df: 99 };
const treatment = { n: 120, value: 11, variance: 0.05, df: 119 };

describe('relative change on the linear scale', () => {
  it('is the delta method', () => {
    const { estimate, se, lo, hi, df } = linearRelativeChange(control, treatment, 0.95);
    expect(estimate).toBeCloseTo(0.1, 12);
    // √(.05/100 + .04 · 121/10 000), by hand
    expect(se).toBeCloseTo(Math.sqrt(0.0005 + 0.000484), 12);
    expect((lo + hi) / 2).toBeCloseTo(0.1, 12);
    expect(df).toBeGreaterThan(99);
  });

  it('does not depend on the unit, and a baseline below 0 keeps the direction', () => {
    const scaled = (arm: typeof control) => ({ ...arm, value: arm.value * 1000, variance: arm.variance * 1e6 });
    const [plain, large] = [
      linearRelativeChange(control, treatment, 0.9),
      linearRelativeChange(scaled(control), scaled(treatment), 0.9),
    ];
    expect(large.lo).toBeCloseTo(plain.lo, 12);
    expect(linearRelativeChange({ ...control, value: -10 }, { ...treatment, value: -9 }, 0.9).estimate).toBeCloseTo(
      0.1,
      12,
    );
  });

  it.each([
    ['no variance in an arm', { ...control, variance: 0 }, treatment],
    ['a baseline of 0', { ...control, value: 0 }, treatment],
    ['one unit', control, { ...treatment, n: 1 }],
  ])('is insufficient with %s, never a change of 0', (_, a, b) => {
    expect(linearRelativeChange(a, b, 0.9)).toMatchObject({
      status: 'insufficient',
      estimate: Number.NaN,
      hi: Infinity,
    });
  });
});
