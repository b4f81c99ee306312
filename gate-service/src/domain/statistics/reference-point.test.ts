import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { bernoulliDivergence } from './bernoulli-divergence.ts';
import { candidateRate, DEFAULT_PSI, pruneCandidates } from './candidates.ts';
import { predictControlRate } from './control-rate.ts';
import { nullLine } from './null-line.ts';
import { scheduledMass } from './onset-schedule.ts';
import { referencePoint } from './reference-point.ts';

describe('reference point (K4)', () => {
  it.each(oracleCases('harm-monitor', 'ripr_ratio_margin'))('$id', (oracle) => {
    const { f, theta_A, theta_B, margin_ratio: r } = oracle.inputs;
    // An alternative below the line is harm = decrease: we see it from the other side, in bad events.
    const below = theta_B < r * theta_A;
    const point = below
      ? referencePoint(f, 1 - theta_A, 1 - theta_B, nullLine('ratio', 1 - r, 'decrease'))
      : referencePoint(f, theta_A, theta_B, nullLine('ratio', r - 1, 'increase'));
    expectClose(below ? 1 - point.a : point.a, oracle.expected.a, oracle);
    expectClose(below ? 1 - point.b : point.b, oracle.expected.b, oracle);
  });

  it('is on the edge of the null and no neighbour on the edge is closer, for every margin', () => {
    const rate = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    const lines = fc.constantFrom(
      nullLine('none', 0, 'increase'),
      nullLine('ratio', 0.05, 'increase'),
      nullLine('ratio', 0.2, 'decrease'),
      nullLine('difference', 0.005, 'increase'),
    );
    fc.assert(
      fc.property(rate, rate, rate, lines, (f, thetaA, thetaB, line) => {
        const { a, b } = referencePoint(f, thetaA, thetaB, line);
        if (thetaB <= line.intercept + line.slope * thetaA) {
          expect({ a, b }).toEqual({ a: thetaA, b: thetaB });
          return;
        }
        expect(b).toBeCloseTo(line.intercept + line.slope * a, 12);
        const distance = (x: number) =>
          (1 - f) * bernoulliDivergence(thetaA, x) + f * bernoulliDivergence(thetaB, line.intercept + line.slope * x);
        for (const step of [-1e-4, 1e-4]) {
          const moved = distance(a * (1 + step));
          if (Number.isFinite(moved)) expect(moved).toBeGreaterThanOrEqual(distance(a) - 1e-12);
        }
      }),
    );
  });
});

describe('parts of the monitor', () => {
  it('moves 70% of the reserve at once and the rest by 24, 72 and 168 h (K6)', () => {
    [0.7, 0.775, 0.85, 0.925].forEach((mass, i) => {
      expect(scheduledMass('mixture', [0, 720, 1440, 4320][i]!)).toBeCloseTo(mass, 12);
    });
    expect(scheduledMass('mixture', 10_080)).toBe(1);
    expect(scheduledMass('mixture', 99_999)).toBe(1);
    expect(scheduledMass('immediate', 0)).toBe(1);
  });

  it('weighs history by at most 1000 units and clips (K2)', () => {
    expect(predictControlRate({ y: 500, n: 10_000 }, { y: 0, n: 0 })).toBeCloseTo(50.5 / 1001, 12);
    expect(predictControlRate(null, { y: 0, n: 0 })).toBe(0.5);
    expect(predictControlRate({ y: 0, n: 0 }, { y: 0, n: 0 })).toBe(0.5);
    expect(predictControlRate(null, { y: 0, n: 1e9 })).toBe(1e-6);
  });

  it('puts candidates beyond the edge of the null (K3)', () => {
    const theta = candidateRate(2, 0.1, nullLine('none', 0, 'increase'));
    expect(theta / (1 - theta)).toBeCloseTo(2 / 9, 12);
    expect(candidateRate(25, 0.9, nullLine('ratio', 0.2, 'increase'))).toBe(1 - 1e-6);
  });

  it('prunes candidates that a week cannot detect, but keeps three (K3)', () => {
    const line = nullLine('none', 0, 'increase');
    const traffic = { thetaA: 0.4, treatmentShare: 0.5, alpha: 0.05 };
    expect(pruneCandidates(DEFAULT_PSI, { ...traffic, unitsPerWeek: 1e6 }, line)).toEqual(DEFAULT_PSI);
    expect(pruneCandidates(DEFAULT_PSI, { ...traffic, unitsPerWeek: 60 }, line)).toEqual([2.5, 4, 8, 25]);
    expect(pruneCandidates(DEFAULT_PSI, { ...traffic, unitsPerWeek: 1 }, line)).toEqual([4, 8, 25]);
  });
});
