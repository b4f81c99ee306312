import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PSI } from './candidates.ts';
import { conditionalIncrements } from './conditional-bets.ts';

/** C(n, k) exactly, for small n. */
const ways = (n: number, k: number): number => (k === 0 ? 1 : (ways(n - 1, k - 1) * n) / k);

/** Mean e-value of each candidate when the odds of a bad event are `odds` times as high in B as in A, given the events. */
function meanGiven(nA: number, nB: number, events: number, odds: number): number[] {
  const from = Math.max(0, events - nA);
  const splits = Array.from({ length: Math.min(events, nB) - from + 1 }, (_, i) => from + i);
  const weight = (yB: number) => ways(nB, yB) * ways(nA, events - yB) * odds ** yB;
  const total = splits.reduce((sum, yB) => sum + weight(yB), 0);
  return splits.reduce(
    (means, yB) => {
      const logs = conditionalIncrements(DEFAULT_PSI, { nA, yA: events - yB, nB, yB });
      return means.map((mean, k) => mean + (weight(yB) / total) * Math.exp(logs[k]!));
    },
    DEFAULT_PSI.map(() => 0),
  );
}

/** The increment from all terms, in exact whole numbers (psi a whole number). */
function exactIncrement(psi: bigint, nA: bigint, yA: bigint, nB: bigint, yB: bigint): number {
  const events = yA + yB;
  const choose = (n: bigint, k: bigint) => {
    let result = 1n;
    for (let i = 0n; i < k; i += 1n) result = (result * (n - i)) / (i + 1n);
    return result;
  };
  let [plain, tilted] = [0n, 0n];
  for (let j = events > nA ? events - nA : 0n; j <= events && j <= nB; j += 1n) {
    const term = choose(nB, j) * choose(nA, events - j);
    plain += term;
    tilted += term * psi ** j;
  }
  return Number(yB) * Math.log(Number(psi)) + lnOf(plain) - lnOf(tilted);
}

/** ln of a whole number of any length. */
function lnOf(whole: bigint): number {
  const digits = whole.toString();
  return Math.log(Number(digits.slice(0, 20))) + Math.max(0, digits.length - 20) * Math.LN10;
}

const blocks = fc
  .tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 }), fc.nat(28))
  .map(([nA, nB, events]) => ({ nA, nB, events: events % (nA + nB + 1) }));

describe('conditional bets', () => {
  it('are worth exactly 1 on average with equal rates, whatever the sizes, events and candidate', () => {
    fc.assert(
      fc.property(blocks, ({ nA, nB, events }) => {
        for (const mean of meanGiven(nA, nB, events, 1)) expect(mean).toBeCloseTo(1, 10);
      }),
    );
  });

  it('are worth at most 1 when the treatment is better, and more than 1 when it is worse', () => {
    fc.assert(
      fc.property(blocks, fc.double({ min: 0.01, max: 0.99, noNaN: true }), ({ nA, nB, events }, odds) => {
        for (const mean of meanGiven(nA, nB, events, odds)) expect(mean).toBeLessThanOrEqual(1 + 1e-10);
      }),
    );
    for (const mean of meanGiven(10, 10, 6, 25)) expect(mean).toBeGreaterThan(1);
  });

  it('rise with the bad events of the treatment', () => {
    fc.assert(
      fc.property(blocks, ({ nA, nB, events }) => {
        const from = Math.max(0, events - nA);
        const to = Math.min(events, nB);
        for (let yB = from; yB < to; yB += 1) {
          const less = conditionalIncrements(DEFAULT_PSI, { nA, yA: events - yB, nB, yB });
          const more = conditionalIncrements(DEFAULT_PSI, { nA, yA: events - yB - 1, nB, yB: yB + 1 });
          less.forEach((log, k) => {
            expect(more[k]! - log).toBeCloseTo(Math.log(DEFAULT_PSI[k]!), 9);
          });
        }
      }),
    );
  });

  it.each<[number, number, number, number]>([
    [3, 0, 3, 3],
    [5000, 60, 5000, 47],
    [500, 250, 500, 260],
    [950, 10, 90, 80],
    [400, 399, 350, 350],
    [2, 1, 4000, 3999],
  ])('agree with exact whole numbers: A %d with %d bad, B %d with %d', (nA, yA, nB, yB) => {
    const psi = [2, 4, 8, 25];
    const logs = conditionalIncrements(psi, { nA, yA, nB, yB });
    psi.forEach((one, k) => {
      const exact = exactIncrement(BigInt(one), BigInt(nA), BigInt(yA), BigInt(nB), BigInt(yB));
      expect(Math.abs(logs[k]! - exact)).toBeLessThan(1e-8);
    });
  });

  it('bet nothing on a block that can have come out in one way only', () => {
    expect(conditionalIncrements([2, 8], { nA: 5, yA: 0, nB: 5, yB: 0 })).toEqual([0, 0]);
    expect(conditionalIncrements([2, 8], { nA: 5, yA: 5, nB: 5, yB: 5 })).toEqual([0, 0]);
  });

  it('stay finite in the largest blocks', () => {
    for (const [yA, yB] of [
      [0, 500_000],
      [250_000, 250_000],
      [499_999, 1],
      [1, 0],
    ] as const) {
      const logs = conditionalIncrements(DEFAULT_PSI, { nA: 500_000, yA, nB: 500_000, yB });
      expect(logs.every(Number.isFinite)).toBe(true);
    }
  });
});
