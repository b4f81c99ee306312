import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { brentRoot } from './brent-root.ts';
import { hodgesLehmann, hodgesLehmannAsR } from './hodges-lehmann.ts';
import { mannWhitney } from './mann-whitney.ts';

describe('Mann-Whitney against R', () => {
  it.each(oracleCases('means-ranks', 'mann_whitney'))('$id', (oracle) => {
    const { A, B, conf } = oracle.inputs;
    const [test, shift, ours] = [mannWhitney(A, B), hodgesLehmannAsR(A, B, conf), hodgesLehmann(A, B, conf)];
    expectClose(test.w, oracle.expected.W_B, oracle);
    expectClose(test.pAsymptotic, oracle.expected.p_asymptotic_continuity, oracle);
    expectClose(shift.estimate, oracle.expected.hodges_lehmann_B_minus_A, oracle);
    expectClose(shift.lo, oracle.expected.ci_lo, oracle);
    expectClose(shift.hi, oracle.expected.ci_hi, oracle);
    if (oracle.expected.p_exact === null) expect(test.pExact).toBeNull();
    else expectClose(test.pExact, oracle.expected.p_exact, oracle);
    expectClose(ours.lo, oracle.expected.ci_lo, oracle);
    expectClose(ours.hi, oracle.expected.ci_hi, oracle);
  });

  it('takes the middle of the two middle differences, where R stops anywhere between them', () => {
    // 03_means_ranks/001: 238 differences; R's root search ends at one side of the gap, 0.012 from the median.
    const [oracle] = oracleCases('means-ranks', 'mann_whitney').filter(({ id }) => id === '03_means_ranks/001');
    const { A, B, conf } = oracle!.inputs as { A: number[]; B: number[]; conf: number };
    const differences = B.flatMap((b) => A.map((a) => b - a)).toSorted((x, y) => x - y);
    const { estimate } = hodgesLehmann(A, B, conf);
    expect(estimate).toBeCloseTo((differences[118]! + differences[119]!) / 2, 12);
    expect(hodgesLehmannAsR(A, B, conf).estimate).toBeGreaterThan(differences[118]! - 1e-4);
    expect(hodgesLehmannAsR(A, B, conf).estimate).toBeLessThan(differences[119]! + 1e-4);
  });
});

describe('exact p-value', () => {
  it('counts every way to deal the ranks', () => {
    const choose = (from: number, size: number): number[][] =>
      size === 0
        ? [[]]
        : Array.from({ length: 7 - from }, (_, i) => from + i).flatMap((first) =>
            choose(first + 1, size - 1).map((rest) => [first, ...rest]),
          );
    const deals = choose(0, 3).map((ranks) => ranks.reduce((sum, rank, i) => sum + rank - i, 0));
    for (const ranks of choose(0, 3)) {
      const a = [0, 1, 2, 3, 4, 5, 6].filter((rank) => !ranks.includes(rank));
      const { w, pExact } = mannWhitney(a, ranks);
      const tail = w > 6 ? deals.filter((deal) => deal >= w) : deals.filter((deal) => deal <= w);
      expect(pExact).toBeCloseTo(Math.min(1, (2 * tail.length) / deals.length), 12);
    }
  });

  it('stays a probability for samples near the limit', () => {
    const rising = (n: number, shift: number) => Array.from({ length: n }, (_, i) => i + shift);
    const { pExact, pAsymptotic } = mannWhitney(rising(49, 0), rising(49, 8.5));
    expect(Math.abs(pExact! / pAsymptotic - 1)).toBeLessThan(0.1);
    // Twice one deal of 98 choose 49 = 2.5478e28.
    expect(mannWhitney(rising(49, 0), rising(49, 100.5)).pExact! * 2.547761225898086e28).toBeCloseTo(2, 9);
    expect(mannWhitney(rising(50, 0), rising(5, 0.5)).pExact).toBeNull();
  });
});

describe('edge cases', () => {
  const zeros = [0, 0, 0, 0];

  it('equal values: p = 1 and no shift said, where Kayenta reads meaning into noise of its own', () => {
    // Kayenta adds noise of 1e-5 to equal values; its own test expects a lower limit above the upper one.
    expect(mannWhitney(zeros, zeros)).toEqual({ w: 8, pAsymptotic: 1, pExact: null });
    expect(hodgesLehmann(zeros, [...zeros, ...zeros], 0.98)).toMatchObject({
      lo: -Infinity,
      hi: Infinity,
      estimate: 0,
    });
    const many = Array.from({ length: 60 }, (_, i) => (i % 20 === 0 ? 1 : 0));
    expect(hodgesLehmann(many, many, 0.98)).toMatchObject({ status: 'degenerate', estimate: 0, lo: -Infinity });
  });

  it('too few values say nothing, broken ones are invalid', () => {
    expect(mannWhitney([], [1]).pAsymptotic).toBeNaN();
    expect(mannWhitney([1], [Number.NaN]).w).toBeNaN();
    expect(hodgesLehmann([], [1], 0.9)).toMatchObject({ status: 'insufficient', lo: -Infinity });
    expect(hodgesLehmann([1], [2], 0.9)).toMatchObject({ status: 'insufficient', estimate: 1, hi: Infinity });
    expect(hodgesLehmann([1, Infinity], [2], 0.9).status).toBe('invalid');
    expect(hodgesLehmann([1], [2], 1).status).toBe('invalid');
  });

  it('root search finds roots and refuses where there is none', () => {
    expect(brentRoot((x) => x ** 3 - 2, 0, 2, 1e-10)).toBeCloseTo(2 ** (1 / 3), 9);
    expect(brentRoot((x) => x - 1, 1, 2, 1e-6)).toBe(1);
    expect(brentRoot((x) => x - 2, 1, 2, 1e-6)).toBe(2);
    expect(brentRoot((x) => x * x + 1, -1, 1, 1e-6)).toBeNaN();
  });
});

describe('properties', () => {
  const sample = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 5, maxLength: 15 });

  it('swapping arms turns it round, order and units change nothing, and it has a width', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const [there, back] = [mannWhitney(a, b), mannWhitney(b, a)];
        expect(there.w + back.w).toBe(a.length * b.length);
        expect(there.pAsymptotic).toBeCloseTo(back.pAsymptotic, 12);
        expect(
          mannWhitney(
            a.toReversed(),
            b.map((value) => value),
          ).pAsymptotic,
        ).toBe(there.pAsymptotic);
        const shift = hodgesLehmann(a, b, 0.9);
        expect(shift.hi).toBeGreaterThan(shift.lo);
        expect(hodgesLehmann(b, a, 0.9).lo).toBeCloseTo(-shift.hi, 12);
        const scaled = hodgesLehmann(
          a.map((v) => v * 8),
          b.map((v) => v * 8),
          0.9,
        );
        expect(scaled).toMatchObject({ status: shift.status, lo: shift.lo * 8, hi: shift.hi * 8 });
      }),
    );
  });
});
