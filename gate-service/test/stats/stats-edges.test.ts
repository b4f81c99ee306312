import { describe, expect, test } from 'vitest';
import { ask } from './stats-runner.ts';

const GAMMA = 'gamma';

describe('edge cases', () => {
  test.each([
    ['no unit', 'wilson', { x: 0, n: 0 }, { lo: 0, hi: 1, status: 'insufficient' }],
    ['no unit, exact', 'clopper_pearson', { x: 0, n: 0 }, { lo: 0, hi: 1, status: 'insufficient' }],
    ['an empty arm', 'newcombe_diff', { xA: 0, nA: 0, xB: 1, nB: 5 }, { diff: 'NaN', lo: -1, hi: 1 }],
    ['no event', 'mover_ratio', { xA: 0, nA: 30, xB: 0, nB: 25 }, { ratio: 'NaN', lo: 0, hi: 'Infinity' }],
    ['nothing can differ', 'two_proportion_z', { xA: 0, nA: 9, xB: 0, nB: 9 }, { z_B_minus_A: 0, p_two_sided: 1 }],
    [
      'a table with one possible value',
      'fisher_exact',
      { 'table_rows_A_then_B_[bad,ok]': [0, 10, 0, 12] },
      { p_two_sided: 1, odds_ratio_conditional_mle: 0 },
    ],
    [
      'every event in A',
      'fisher_exact',
      { 'table_rows_A_then_B_[bad,ok]': [4, 6, 0, 12] },
      { odds_ratio_conditional_mle: 'Infinity' },
    ],
    ['no exposure', 'poisson_rate_exact', { count: 0, exposure: 0 }, { rate: 'NaN', lo: 0, hi: 'Infinity' }],
    [
      'no event in both',
      'poisson_rate_ratio_exact',
      { countA: 0, expA: 1, countB: 0, expB: 1 },
      { lo: 0, p_two_sided: 1 },
    ],
    [
      'no event in A',
      'rate_ratio_quasi',
      { countA: 0, expA: 1, countB: 3, expB: 1 },
      { ratio: 'Infinity', hi: 'Infinity' },
    ],
    ['one value an arm', 'welch_t_raw', { A: [1], B: [2] }, { t: 'NaN', lo: '-Infinity', status: 'insufficient' }],
    ['no value', 'welch_t_raw', { A: [], B: [] }, { t: 'NaN', hi: 'Infinity', status: 'insufficient' }],
    ['an empty sample', 'mann_whitney', { A: [], B: [1] }, { W_B: 'NaN', ci_lo: '-Infinity', p_exact: null }],
    [
      'a denominator of 0',
      'ratio_delta',
      { n: 2, sum_num: 0, sum_den: 0, sumsq_num: 0, sumsq_den: 0, sum_num_den: 0 },
      { ratio: 'NaN', se: 'NaN', status: 'insufficient' },
    ],
    ['too few values', 'woodruff_log_se', { x: [1, 2, 3], q: 0.5 }, { quantile: 2, se_log: 'NaN', lo: '-Infinity' }],
    ['a rank beyond the last', 'quantile_order_stat_ci', { x: [1, 2, 3, 4], q: 0.9 }, { hi: 'Infinity' }],
    [
      'an empty histogram',
      'histogram_quantile_cs',
      { bucket_upper_edges: [1, 2], cum_counts: [0, 0], q: 0.5 },
      { lo: '-Infinity', hi: 'Infinity', status: 'insufficient' },
    ],
    ['no unit in any arm', 'srm_chi2', { observed: [0, 0], weights: [1, 1] }, { chi2: 'NaN', status: 'insufficient' }],
    ['units where none are meant', 'srm_chi2', { observed: [9, 1], weights: [1, 0] }, { chi2: 'Infinity', p: 0 }],
    ['no unit, sequential', 'srm_log_bayes_factor', { counts: [0, 0], weights: [1, 1] }, { log_bf: 0 }],
    ['equal rates', 'n_prop_unequal', { pA: 0.1, pB: 0.1 }, { nA: 'Infinity', nB: 'Infinity' }],
    [
      'equal rates in the bound',
      'wald_bounds',
      { p0: 0.1, p1: 0.1, fraction_B: 0.5 },
      { arrivals_two_arm: 'Infinity' },
    ],
    ['no unit in a sequence', 'beta_binomial_cs', { x: 0, n: 0 }, { lo: 0, hi: 1, status: 'insufficient' }],
    ['ends of the normal', 'norm_ppf', { p: 0 }, { x: '-Infinity' }],
    ['a history without error', 'week_predictive_t', { weekly_means: [5, 5], post_week_mean: 6 }, { t: 'Infinity' }],
    ['no placebo', 'placebo_p_value', { t_obs: 2, t_placebo: [] }, { p_two_sided: 1 }],
    ['a missing estimate', 'verdict', { estimate: null, lo: 'NaN', hi: 'NaN' }, { reason: 'insufficient_data' }],
    ['an infinite estimate', 'verdict', { estimate: 'Infinity', lo: 0.2, hi: 'Infinity' }, { verdict: 'PASS' }],
    ['x of n = 0 pooled', 'mh_risk_difference', { strata: [{ yA: 0, nA: 0, yB: 0, nB: 0 }] }, { rd: 'NaN' }],
    [
      'a design of no units',
      'exact_small_sample_verdict_probabilities',
      { pA: 0.4, pB: 0.5, nA: 0, nB: 0 },
      { PASS: 0 },
    ],
  ])('%s: %s', async (_, fn, inputs, expected) => {
    expect(await ask(fn, inputs)).toMatchObject({ fn, result: expected });
  });

  test.each([
    ['none', { safety: null }, 'PASS', 'ok'],
    ['said to be none', { safety: 'none' }, 'PASS', 'ok'],
    ['a rollback', { safety: 'rolled_back' }, 'FAIL', 'safety_rollback'],
    ['a rollback, as true', { safety: true }, 'FAIL', 'safety_rollback'],
    [
      'with bad data',
      { safety: 'rolled_back', data_quality_failures: ['srm'] },
      'INCONCLUSIVE',
      'data_quality+rolled_back',
    ],
    [
      'with data that went bad later',
      { safety: { data_quality_failed_before: false }, data_quality_failures: ['srm'] },
      'FAIL',
      'safety_rollback',
    ],
    [
      'a guardrail that must be shown harmless',
      { guardrails: [{ name: GAMMA, harm_lo: -0.1, harm_hi: 0.1, noninf_required: true }] },
      'INCONCLUSIVE',
      'guardrail_unproven:gamma',
    ],
    ['a guardrail with harm', { guardrails: [{ name: GAMMA, harm_lo: 0.1, harm_hi: 0.2 }] }, 'FAIL', 'guardrail:gamma'],
    [
      'a guardrail without data',
      { guardrails: [{ name: GAMMA, harm_lo: null }] },
      'INCONCLUSIVE',
      'data_quality:guardrail_without_data:gamma',
    ],
  ])('safety and guardrails: %s', async (_, extra, verdict, reason) => {
    const { result } = await ask('verdict', { min_effect: 0.05, estimate: 0.06, lo: 0.01, hi: 0.11, ...extra });
    expect(result).toEqual({ verdict, reason });
  });

  test('defaults are those of the product', async () => {
    expect(await ask('wilson', { x: 3, n: 9 })).toEqual(await ask('wilson', { x: 3, n: 9, conf: 0.9 }));
    const batches = [[9, 1, 9, 5]];
    const grid = [1.1, 1.2, 1.4, 1.8, 2.5, 4, 8, 25];
    expect(await ask('egate_bernoulli', { batches_nA_yA_nB_yB: batches })).toEqual(
      await ask('egate_bernoulli', { batches_nA_yA_nB_yB: batches, grid, n_min: 3, alpha: 0.05, margin_ratio: 1 }),
    );
    const { result } = await ask('lan_demets_power2_bounds', { looks: 7 });
    // spotify-confidence, one-sided .05, seven looks
    [3.084, 2.707, 2.465, 2.272, 2.105, 1.956, 1.82].forEach((z, i) => {
      expect(result.z[i]).toBeCloseTo(z, 2);
    });
    expect(await ask('lan_demets_power2_bounds', { fractions: [0.25, 0.5, 0.75, 1] })).toEqual(
      await ask('lan_demets_power2_bounds', { looks: 4 }),
    );
  });

  test('a history without a whole number of events weighs the same as a whole one', async () => {
    const batches_nA_yA_nB_yB = [
      [40, 2, 41, 5],
      [39, 1, 40, 6],
    ];
    for (const direction of ['increase', 'decrease']) {
      const logs = async (theta_hist: number) => {
        const { result } = await ask('egate_bernoulli', { batches_nA_yA_nB_yB, theta_hist, n_hist: 500, direction });
        return result.log_wealth_after_each_batch as number[];
      };
      const [whole, next] = [await logs(0.05), await logs(0.05 + 1e-7)];
      whole.forEach((log, i) => {
        expect(next[i]).toBeCloseTo(log, 5);
      });
      expect(next).not.toEqual(whole);
    }
  });
});

describe('where a peer is wrong, our answer to the same data', () => {
  test('an arm without failures is not "no effect" (gbstats: 0 with interval (0, 0) and p = 1)', async () => {
    const arms = { xA: 0, nA: 50, xB: 7, nB: 52, conf: 0.95 };
    const { result: difference } = await ask('newcombe_diff', arms);
    expect(difference.diff).toBeCloseTo(7 / 52, 12);
    expect(difference.lo).toBeGreaterThan(0);
    expect((await ask('mover_ratio', arms)).result).toMatchObject({ ratio: 'Infinity', hi: 'Infinity', status: 'ok' });
    expect((await ask('two_proportion_z', { xA: 0, nA: 50, xB: 7, nB: 52 })).result.p_used).toBeLessThan(0.02);
  });

  test('a canary in which everything fails is found at once', async () => {
    const outage = await ask('newcombe_diff', { xA: 1, nA: 50, xB: 9, nB: 9 });
    expect(outage.result.lo).toBeGreaterThan(0.6);
    const batches_nA_yA_nB_yB = Array.from({ length: 5 }, () => [27, 1, 3, 3]);
    const { result } = await ask('egate_bernoulli', { batches_nA_yA_nB_yB, theta_hist: 0.02, n_hist: 1000 });
    expect(result.alarm_batch_1based).toBeLessThanOrEqual(2);
  });

  test('arms without variance are no proof of no effect', async () => {
    const flat = { A: { n: 5, sum: 5, sum_squares: 5 }, B: { n: 5, sum: 10, sum_squares: 20 } };
    for (const difference_type of ['absolute', 'relative']) {
      const { result } = await ask('gb_two_sided_t', { ...flat, difference_type });
      expect(result).toMatchObject({ lo: '-Infinity', hi: 'Infinity', p: 'NaN', status: 'degenerate' });
    }
  });

  test('tied zeros give no interval, instead of one of invented noise (Kayenta: high, by noise of 1e-5)', async () => {
    const { result } = await ask('mann_whitney', { A: [0, 0, 0, 0, 0], B: [0, 0, 0, 0, 0] });
    expect(result).toMatchObject({
      p_asymptotic_continuity: 1,
      ci_lo: '-Infinity',
      ci_hi: 'Infinity',
      status: 'degenerate',
    });
  });

  test('a slope that takes the effect for a covariate (gbstats pools it over both arms together)', async () => {
    // y = 2x + noise in both arms, and an effect of 10 where x happens to be larger.
    const arm = (xs: readonly number[], effect: number) => {
      const pairs = xs.map((x, i) => [x, 2 * x + effect + (i % 2 === 0 ? 0.1 : -0.1)] as const);
      const sum = (f: (x: number, y: number) => number) => pairs.reduce((total, [x, y]) => total + f(x, y), 0);
      return {
        n: xs.length,
        sum_y: sum((_, y) => y),
        sumsq_y: sum((_, y) => y * y),
        sum_x: sum((x) => x),
        sumsq_x: sum((x) => x * x),
        sum_xy: sum((x, y) => x * y),
      };
    };
    const arms = { A: arm([1, 2, 3, 4], 0), B: arm([3, 4, 5, 6], 10) };
    const { result } = await ask('cuped_diff', arms);
    expect(Math.abs(result.theta - 2)).toBeLessThan(0.1);
    expect(Math.abs(result.diff - 10)).toBeLessThan(0.1);
  });
});
