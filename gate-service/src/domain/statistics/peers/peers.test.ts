import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../../test/support/oracle-cases.ts';
import { howardBernoulliInterval } from './beta-binomial-mixture.ts';
import { dkwTypeBand } from './dkw-type-band.ts';
import { dowRegressionStep } from './dow-regression.ts';
import { gammaPoissonLogMixture } from './gamma-poisson-mixture.ts';
import { normalLogMixture, normalMixtureBound } from './normal-mixture.ts';
import { quantileAbP } from './quantile-ab-test.ts';
import { doubleStitchingBound, polyStitchingBound, zeta } from './stitching.ts';

const sequences = (fn: string) => oracleCases('confidence-sequences', fn);
const tuningOf = ({ v_opt, alpha_opt, one_sided }: { v_opt: number; alpha_opt: number; one_sided: boolean }) => ({
  vOpt: v_opt,
  alphaOpt: alpha_opt,
  sides: one_sided ? (1 as const) : (2 as const),
});

describe("peers' rules give the numbers of their own implementations", () => {
  it.each(sequences('normal_log_mixture'))('normal mixture: $id', (oracle) => {
    const { s, v } = oracle.inputs;
    expectClose(normalLogMixture(s, v, tuningOf(oracle.inputs)), oracle.expected.log_e, oracle);
  });

  it.each(sequences('normal_mixture_bound'))('normal mixture bound: $id', (oracle) => {
    const { v, alpha } = oracle.inputs;
    expectClose(normalMixtureBound(v, alpha, tuningOf(oracle.inputs)), oracle.expected.bound, oracle);
  });

  it.each(sequences('gamma_poisson_log_mixture'))('gamma-Poisson mixture: $id', (oracle) => {
    const { s, v, c, v_opt, alpha_opt } = oracle.inputs;
    const got = gammaPoissonLogMixture(s, v, { c, vOpt: v_opt, alphaOpt: alpha_opt });
    expectClose(got, oracle.expected.log_e, oracle);
  });

  it.each(sequences('howard_bernoulli_ci'))('Bernoulli interval: $id', (oracle) => {
    const { x, n, alpha, t_opt, alpha_opt } = oracle.inputs;
    const got = howardBernoulliInterval(x, n, alpha, { tOpt: t_opt, alphaOpt: alpha_opt });
    expectClose(got.lo, oracle.expected.lo, oracle);
    expectClose(got.hi, oracle.expected.hi, oracle);
  });

  it.each(sequences('howard_quantile_ab_p'))('A/B test of a quantile: $id', (oracle) => {
    const { A, B, q, t_opt, alpha_opt } = oracle.inputs;
    const got = quantileAbP(series(A), series(B), q, { tOpt: t_opt, alphaOpt: alpha_opt });
    expectClose(got, oracle.expected.p, oracle);
  });

  it.each(sequences('poly_stitching'))('stitched bound: $id', (oracle) => {
    const { v, alpha, v_min, c } = oracle.inputs;
    expectClose(polyStitchingBound(v, alpha, v_min, c), oracle.expected.bound, oracle);
  });

  it.each(sequences('quantile_double_stitching'))('doubly stitched bound: $id', (oracle) => {
    const { q, t, alpha, t_opt } = oracle.inputs;
    expectClose(doubleStitchingBound(q, t, alpha, t_opt), oracle.expected.bound_counts, oracle);
  });

  it.each(sequences('dkw_type_band'))('band of a distribution function: $id', (oracle) => {
    const { t, alpha, t_min, A } = oracle.inputs;
    expectClose(dkwTypeBand(t, alpha, t_min, A), oracle.expected.half_width, oracle);
  });

  it.each(oracleCases('before-after', 'dow_regression_step'))('regression on weekdays: $id', (oracle) => {
    const { y, post_days, hac_lags } = oracle.inputs;
    const got = dowRegressionStep(y, post_days, hac_lags);
    expectClose(got.effect, oracle.expected.effect, oracle);
    expectClose(got.olsSe, oracle.expected.ols_se, oracle);
    expectClose(got.hacSe, oracle.expected.hac_se, oracle);
  });

  it('rest on a zeta function that is right', () => {
    expect(zeta(2)).toBeCloseTo(Math.PI ** 2 / 6, 10);
    expect(zeta(1.4)).toBeCloseTo(3.105547, 5);
  });
});

/** Reads the fixture's notation `a_i=(i*37)%200+20, i=0..199`. */
function series(notation: string): number[] {
  const found = /=\(i\*(\d+)\)%(\d+)(?:\+(\d+))?, i=0\.\.(\d+)$/.exec(notation);
  if (found === null) throw new Error(`not a series: ${notation}`);
  const [factor, modulus, shift, last] = found.slice(1).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return Array.from({ length: last + 1 }, (_, i) => ((i * factor) % modulus) + shift);
}
