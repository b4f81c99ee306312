import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import {
  betaCdf,
  betaQuantile,
  betaSf,
  binomialCdf,
  binomialPmf,
  binomialQuantile,
  binomialSf,
  chiSquareSf,
  gammaQuantile,
  lnGamma,
  normalCdf,
  normalQuantile,
  normalSf,
  poissonCdf,
  poissonSf,
  tCdf,
  tQuantile,
  tSf,
} from './distributions.ts';

describe('distributions against R', () => {
  it.each(oracleCases('special-functions', 'norm_cdf'))('$id normal', (oracle) => {
    expectClose(normalCdf(oracle.inputs.x), oracle.expected.cdf, oracle);
    expectClose(normalSf(oracle.inputs.x), oracle.expected.sf, oracle);
  });
  it.each(oracleCases('special-functions', 'norm_ppf'))('$id normal quantile', (oracle) => {
    expectClose(normalQuantile(oracle.inputs.p), oracle.expected.x, oracle);
  });
  it.each(oracleCases('special-functions', 'beta_ppf'))('$id beta quantile', (oracle) => {
    expectClose(betaQuantile(oracle.inputs.p, oracle.inputs.a, oracle.inputs.b), oracle.expected.x, oracle);
  });
  it.each(oracleCases('special-functions', 'lgamma'))('$id ln Gamma', (oracle) => {
    expectClose(lnGamma(oracle.inputs.x), oracle.expected.value, oracle);
  });
  it.each(oracleCases('special-functions', 'chi2_sf'))('$id chi-square tail', (oracle) => {
    // Relative only: the suite's absolute tolerance would accept 0 for the far tail.
    expectClose(chiSquareSf(oracle.inputs.x, oracle.inputs.df), oracle.expected.sf, { ...oracle, tol_abs: 0 });
  });

  it.each(oracleCases('special-functions', 'beta_cdf'))('$id beta', (oracle) => {
    expectClose(betaCdf(oracle.inputs.x, oracle.inputs.a, oracle.inputs.b), oracle.expected.cdf, oracle);
  });
  it.each(oracleCases('special-functions', 't_cdf'))('$id t', (oracle) => {
    expectClose(tCdf(oracle.inputs.t, oracle.inputs.df), oracle.expected.cdf, oracle);
  });
  it.each(oracleCases('special-functions', 't_ppf'))('$id t quantile', (oracle) => {
    expectClose(tQuantile(oracle.inputs.p, oracle.inputs.df), oracle.expected.t, oracle);
  });

  it('inverts t in both tails, for fractional, tiny and huge degrees of freedom', () => {
    for (const df of [0.6, 1, 2.2, 7.3, 30, 1e4, 1e8, 1e12]) {
      for (const p of [1e-12, 1e-6, 0.025, 0.49]) {
        const t = tQuantile(p, df);
        expect(tCdf(t, df) / p, `${df} ${p}`).toBeCloseTo(1, 9);
        expect(tSf(-t, df) / p, `${df} ${p}`).toBeCloseTo(1, 9);
        if (p > 1e-3) expect(tQuantile(1 - p, df) / -t).toBeCloseTo(1, 9);
      }
    }
    expect([tQuantile(0, 3), tQuantile(1, 3), tQuantile(0.5, 3)]).toEqual([-Infinity, Infinity, -0]);
    expect(tQuantile(0.025, 1e12)).toBeCloseTo(normalQuantile(0.025), 9);
    expect(tQuantile(Number.NaN, 3)).toBeNaN();
  });

  it('sums Poisson and binomial probabilities', () => {
    // R 4.2.2: ppois(3, 2.5) = 0.7575761, pbinom(3, 10, 0.3) = 0.6496107
    expect(poissonCdf(3, 2.5)).toBeCloseTo(Math.exp(-2.5) * (1 + 2.5 + 2.5 ** 2 / 2 + 2.5 ** 3 / 6), 14);
    expect(poissonCdf(3, 2.5) + poissonSf(3, 2.5)).toBeCloseTo(1, 14);
    expect([poissonCdf(-1, 2), poissonSf(-1, 2), poissonCdf(0, 0), poissonSf(0, 0)]).toEqual([0, 1, 1, 0]);
    const below = [0, 1, 2, 3].reduce((sum, x) => sum + binomialPmf(x, 10, 0.3), 0);
    expect(binomialCdf(3, 10, 0.3)).toBeCloseTo(below, 14);
    expect(binomialSf(3, 10, 0.3)).toBeCloseTo(1 - below, 14);
    expect([binomialCdf(-1, 9, 0.5), binomialCdf(9, 9, 0.5), binomialSf(-1, 9, 0.5), binomialSf(9, 9, 0.5)]).toEqual([
      0, 1, 1, 0,
    ]);
    expect([betaCdf(0, 2, 3), betaCdf(1, 2, 3), betaSf(0, 2, 3), betaSf(1, 2, 3)]).toEqual([0, 1, 1, 0]);
  });

  it('finds the smallest count that reaches a probability', () => {
    // By definition, checked against the sum; 0.5 is exactly P(X <= 1) of three fair coins.
    expect(binomialQuantile(0.5, 3, 0.5)).toBe(1);
    for (const [prob, n, p] of [
      [0.025, 80, 0.5],
      [0.975, 60, 0.99],
      [1e-9, 40, 0.2],
      [0.9, 1, 0.3],
    ] as const) {
      const x = binomialQuantile(prob, n, p);
      expect(binomialCdf(x, n, p)).toBeGreaterThanOrEqual(prob);
      expect(binomialCdf(x - 1, n, p)).toBeLessThan(prob);
    }
  });

  it('inverts the gamma distribution from both ends', () => {
    expect(poissonSf(4, gammaQuantile(0.05, 5))).toBeCloseTo(0.05, 12);
    expect(poissonCdf(4, gammaQuantile(1e-12, 5, true)) / 1e-12).toBeCloseTo(1, 9);
  });

  it('keeps its digits far in the tails', () => {
    // R 4.2.2: pnorm(-30) = 4.906714e-198
    expect(normalSf(30) / 4.906713927148187e-198).toBeCloseTo(1, 9);
  });

  it('sums binomial probabilities to 1, also at p = 0 and 1', () => {
    for (const p of [0, 1e-9, 0.3, 1 - 1e-9, 1]) {
      const total = Array.from({ length: 41 }, (_, x) => binomialPmf(x, 40, p)).reduce(
        (sum, chance) => sum + chance,
        0,
      );
      expect(total).toBeCloseTo(1, 12);
    }
  });
});
