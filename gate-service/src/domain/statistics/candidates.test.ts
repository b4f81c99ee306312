import { describe, expect, it } from 'vitest';
import { DEFAULT_PSI, pruneCandidates, weightsByTraffic } from './candidates.ts';
import { nullLine } from './null-line.ts';

const line = nullLine('none', 0, 'increase');
const traffic = { thetaA: 0.01, treatmentShare: 0.5, unitsPerWeek: 100 * 10_080 };
const largest = (weights: readonly number[]) => DEFAULT_PSI[weights.indexOf(Math.max(...weights))];

describe('weights by traffic', () => {
  it('are positive and sum to 1, whatever the traffic', () => {
    for (const unitsPerWeek of [0, 1, 60, 1e4, 1e9, 1e15]) {
      const weights = weightsByTraffic(DEFAULT_PSI, { ...traffic, unitsPerWeek }, line);
      expect(weights.every((weight) => weight > 0)).toBe(true);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    }
  });

  it('move to small harm where a look shows the large, and to large harm where a week hardly shows the small', () => {
    const at = (unitsPerWeek: number) => weightsByTraffic(DEFAULT_PSI, { ...traffic, unitsPerWeek }, line);
    expect(largest(at(60))).toBe(25);
    expect(largest(at(traffic.unitsPerWeek))).toBe(2.5);
    expect(largest(at(1e11))).toBe(1.1);
  });

  it('follow the formula: 1% of 100 a minute, twice the odds', () => {
    // Nats a unit against the pooled rate, for odds of 1.2 and 2.5 times those of 1%.
    const nats = (psi: number) => {
      const pB = (psi * 0.01) / (0.99 + psi * 0.01);
      const c = (0.01 + pB) / 2;
      const kl = (p: number) => p * Math.log(p / c) + (1 - p) * Math.log((1 - p) / (1 - c));
      return (kl(0.01) + kl(pB)) / 2;
    };
    const raw = (psi: number) => {
      const bell = Math.exp(-((Math.log(Math.log(psi) / Math.log(2.5)) / 1.5) ** 2) / 2);
      const found = 1 - Math.exp((-1_008_000 * nats(psi)) / 6);
      return (found * bell) / (1 + ((100 * nats(psi)) / 3) ** 2);
    };
    const weights = weightsByTraffic([1.2, 2.5], traffic, line);
    expect(weights[0]! / weights[1]!).toBeCloseTo(raw(1.2) / raw(2.5), 6);
  });

  it('know of the margin: the same harm is harder to show beyond one', () => {
    const beyond = nullLine('ratio', 0.5, 'increase');
    const psi = pruneCandidates(DEFAULT_PSI, { ...traffic, alpha: 0.05 }, beyond);
    const weights = weightsByTraffic(psi, traffic, beyond);
    expect(weights).not.toEqual(weightsByTraffic(psi, traffic, line));
    expect(weights.every((weight) => weight > 0)).toBe(true);
  });
});
