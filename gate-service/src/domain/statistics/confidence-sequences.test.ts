import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { asymptoticHalfWidth, isBandShown } from './asymptotic-interval.ts';
import { normalBound, oneArmBound, twoArmBound } from './detection-bound.ts';
import { displayPValue } from './mixture-wealth.ts';
import { proportionLogEvidence, proportionSequence } from './proportion-sequence.ts';
import { quantileSequence } from './quantile-sequence.ts';

describe('asymptotic band', () => {
  it.each(oracleCases('confidence-sequences', 'asymptotic_cs_half_width'))('$id', (oracle) => {
    const { V, N, tuning_N, alpha, two_sided } = oracle.inputs;
    const sides = two_sided ? 2 : 1;
    const got = asymptoticHalfWidth({ variance: V, n: N, tuningN: tuning_N, alpha, sides });
    expectClose(got, oracle.expected.half_width, oracle);
  });

  it.each([
    ['no variance', { variance: 0 }],
    ['no unit', { n: 0 }],
    ['NaN', { tuningN: Number.NaN }],
    ['alpha of 0', { alpha: 0 }],
    ['alpha of 1', { alpha: 1 }],
  ])('has no width with %s', (_, part) => {
    const input = { variance: 1, n: 100, tuningN: 100, alpha: 0.05, sides: 2 as const, ...part };
    expect(asymptoticHalfWidth(input)).toBeNaN();
  });

  it('is shown from 100 units and 10 events an arm on', () => {
    expect(isBandShown(100, 10, 10)).toBe(true);
    expect(isBandShown(99, 10, 10)).toBe(false);
    expect(isBandShown(100, 10, 9)).toBe(false);
    expect(isBandShown(Number.NaN, 10, 10)).toBe(false);
  });
});

describe('proportion sequence', () => {
  it.each(oracleCases('confidence-sequences', 'beta_binomial_cs'))('$id', (oracle) => {
    const { x, n, alpha, prior_a, prior_b } = oracle.inputs;
    const got = proportionSequence({ y: x, n }, alpha, { a: prior_a, b: prior_b });
    expectClose(got.lo, oracle.expected.lo, oracle);
    expectClose(got.hi, oracle.expected.hi, oracle);
  });

  it('has a limit at 0 without events and at 1 without others, and never no width', () => {
    expect(proportionSequence({ y: 0, n: 50 }, 0.05)).toMatchObject({ status: 'ok', lo: 0 });
    expect(proportionSequence({ y: 50, n: 50 }, 0.05)).toMatchObject({ status: 'ok', hi: 1 });
    const large = proportionSequence({ y: 3e14, n: 1e15 }, 0.05);
    expect(large.hi).toBeGreaterThan(large.lo);
  });

  it.each<[string, ReturnType<typeof proportionSequence>['status'], number, number, number]>([
    ['an empty arm', 'insufficient', 0, 0, 0.05],
    ['more events than units', 'invalid', 2, 1, 0.05],
    ['NaN', 'invalid', Number.NaN, 1, 0.05],
    ['a level of 1', 'invalid', 1, 2, 1],
  ])('answers %s as %s', (_, status, y, n, alpha) => {
    expect(proportionSequence({ y, n }, alpha).status).toBe(status);
  });

  it('misses the rate at any of a thousand looks in at most alpha of runs', () => {
    const random = seededRandom(41);
    const runs = 200;
    let misses = 0;
    for (let run = 0; run < runs; run++) {
      let y = 0;
      for (let n = 1; n <= 1000; n++) {
        y += random.next() < 0.1 ? 1 : 0;
        if (proportionLogEvidence({ y, n }, 0.1) >= Math.log(20)) {
          misses++;
          break;
        }
      }
    }
    expect(misses / runs).toBeLessThanOrEqual(0.05 + 4 * Math.sqrt((0.05 * 0.95) / runs));
  });
});

describe('quantile sequence', () => {
  it.each(oracleCases('quantile-sequence', 'histogram_quantile_cs'))('$id', (oracle) => {
    const { bucket_upper_edges, cum_counts, q, alpha } = oracle.inputs;
    const n = cum_counts.at(-1);
    const got = quantileSequence({ upperEdges: bucket_upper_edges, cumulative: cum_counts, n }, q, alpha);
    expectClose(got.lo, oracle.expected.lo, oracle);
    expectClose(got.hi, oracle.expected.hi, oracle);
  });

  it('is open where no edge is sure, and without values', () => {
    const histogram = { upperEdges: [50, 100], cumulative: [2, 4], n: 4 };
    expect(quantileSequence(histogram, 0.5, 0.05)).toMatchObject({ lo: -Infinity, hi: Infinity });
    const empty = { upperEdges: [50, 100], cumulative: [0, 0], n: 0 };
    expect(quantileSequence(empty, 0.5, 0.05)).toEqual({ status: 'insufficient', lo: -Infinity, hi: Infinity, n: 0 });
  });

  it.each([
    ['a level of 1', { q: 1 }],
    ['counts that fall', { cumulative: [4, 2] }],
    ['counts above n', { cumulative: [4, 9] }],
    ['NaN', { cumulative: [Number.NaN, 4] }],
  ])('is invalid with %s', (_, part) => {
    const { q, ...histogram } = { upperEdges: [50, 100], cumulative: [2, 4], n: 4, q: 0.5, ...part };
    expect(quantileSequence(histogram, q, 0.05).status).toBe('invalid');
  });
});

describe('detection bounds', () => {
  it.each(oracleCases('confidence-sequences', 'wald_bounds'))('$id', (oracle) => {
    const { p0, p1, fraction_B, alpha } = oracle.inputs;
    expectClose(twoArmBound(p0, p1, fraction_B, alpha), oracle.expected.arrivals_two_arm, oracle);
    expectClose(oneArmBound(p0, p1, alpha), oracle.expected.arrivals_B_one_sample, oracle);
  });

  it('of a normal shift of one standard deviation is 8 ln(1/alpha) arrivals, half and half', () => {
    expect(normalBound(2, 2, 0.5, 0.05)).toBeCloseTo(8 * Math.log(20), 12);
  });

  it('is never reached without a difference, and unknown for broken input', () => {
    expect(twoArmBound(0.1, 0.1, 0.5, 0.05)).toBe(Infinity);
    expect(oneArmBound(0.1, 0.2, 0)).toBeNaN();
    expect(twoArmBound(0.1, 1.2, 0.5, 0.05)).toBeNaN();
  });
});

describe('p-value for display', () => {
  it.each([
    [Math.log(20), 0.05],
    [0, 1],
    [-3, 1],
    [5000, 0],
  ])('of a largest ln wealth of %d is %d', (log, p) => {
    expect(displayPValue(log)).toBeCloseTo(p, 12);
  });
});
