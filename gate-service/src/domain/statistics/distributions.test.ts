import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import {
  betaQuantile,
  binomialPmf,
  chiSquareSf,
  lnGamma,
  normalCdf,
  normalQuantile,
  normalSf,
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
