import { z } from 'zod';
import { type BacktestStatistic, backtestSpan, backtestStatistic } from '../../domain/statistics/backtest-week.ts';
import { dowRegressionStep } from '../../domain/statistics/peers/dow-regression.ts';
import { placeboPValue } from '../../domain/statistics/placebo-check.ts';
import { ar1WeekVarianceFactor, weekPredictiveT } from '../../domain/statistics/week-predictive-t.ts';
import { finite, list } from './fields.ts';
import { refused, type StatFunction, statFunction } from './stat-function.ts';

const WEEKS = 'Whole weeks, oldest first, so that the day of the week cancels; holidays left out.';
const LONGEST_WINDOW = 10_000;
const weeks = list(finite, 2).max(1_000);

const fieldsOf = ({ delta, se, df, t, pTwoSided }: BacktestStatistic) => ({ delta, se, df, t, p_two: pTwoSided });

export const BEFORE_AFTER_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'backtest_week',
    summary: 'the week after against what the same rule would have predicted: one-week-ahead backtest',
    inputs: z.strictObject({
      weekly_means: weeks,
      post_week_mean: finite,
      m: z.number().int().positive().optional(),
    }),
    compute: ({ weekly_means: means, post_week_mean: post, m = backtestSpan(means.length) }) => {
      if (m >= means.length) throw refused(`m must be below the number of weeks, got m = ${m} of ${means.length}`);
      return fieldsOf(backtestStatistic(means, post, m));
    },
    explain: {
      formula:
        'prediction = mean of the last m weeks; e_w = week w − mean of the m before it; se = √mean(e²); t = (post − prediction)/se on W − m degrees of freedom',
      equations: ['L2', 'L3', 'L4', 'L5'],
      reference: 'independent reference implementation; type-I error .042 to .058 in 16 regimes of noise',
      assumptions: [
        WEEKS,
        'The weeks before are as hard to predict as the week after. Verdicts ask for 6 weeks at least; m is 4, or 2 below 8 weeks.',
      ],
      example: {
        weekly_means: [100.769, 98.673, 102.099, 100.345, 99.491, 97.541, 97.938, 105.209],
        post_week_mean: 96.109,
        m: 2,
      },
    },
  }),
  statFunction({
    fn: 'week_predictive_t',
    summary: 'the week after against all weeks before, for a level known to be stable',
    inputs: z.strictObject({ weekly_means: weeks, post_week_mean: finite }),
    compute: ({ weekly_means, post_week_mean }) => fieldsOf(weekPredictiveT(weekly_means, post_week_mean)),
    explain: {
      formula: 't = (post − mean)/(s·√(1 + 1/W)) on W − 1 degrees of freedom',
      equations: ['L6'],
      reference: 'independent reference implementation',
      assumptions: [
        WEEKS,
        'The level does not drift: where it does, up to 12% false positives at 5%. Never the default.',
      ],
      example: {
        weekly_means: [100.769, 98.673, 102.099, 100.345, 99.491, 97.541, 97.938, 105.209],
        post_week_mean: 96.109,
      },
    },
  }),
  statFunction({
    fn: 'placebo_p_value',
    summary: 'how often past weeks without a deploy looked at least as extreme',
    inputs: z.strictObject({ t_obs: finite, t_placebo: list(finite, 0) }),
    compute: ({ t_obs, t_placebo }) => ({ p_two_sided: placeboPValue(t_obs, t_placebo) }),
    explain: {
      formula: '(1 + #{|placebo t| >= |t|})/(1 + #placebos)',
      equations: ['L8'],
      reference: 'randomisation inference',
      assumptions: ['A week with a deploy is like any other when nothing happened.'],
      example: { t_obs: 2.5, t_placebo: [0.3, -1.2, 0.8, 2.6, -0.4, 1.1, -2.9, 0.2] },
    },
  }),
  statFunction({
    fn: 'dow_regression_step',
    summary: 'step at the end of a daily series by regression on weekdays: a diagnostic',
    inputs: z.strictObject({
      y: list(finite, 15).max(LONGEST_WINDOW),
      first_day_dow: z.number().int().min(0).max(6).default(0),
      post_days: z.number().int().positive().default(7),
      hac_lags: z.number().int().min(0).max(365).default(7),
    }),
    compute: ({ y, post_days, hac_lags }) => {
      if (post_days > y.length - 7) throw refused('a week before the step is needed');
      const { effect, olsSe, hacSe } = dowRegressionStep(y, post_days, hac_lags);
      return { effect, ols_se: olsSe, hac_se: hacSe };
    },
    explain: {
      formula:
        'least squares on seven weekday means and a step over the last post_days; errors ordinary and Newey-West',
      equations: [],
      reference: 'statsmodels 0.13.5 OLS, cov_type HAC with its small-sample factor',
      assumptions: [
        'Days are independent. They are not: 4 to 53% (ordinary) and 22 to 68% (Newey-West) false positives at 5%. In no decision of ours.',
        'On which weekday the series begins changes nothing.',
      ],
      example: {
        y: [
          10.941, 9.894, 7.649, 10.824, 12.387, 6.819, 7.242, 12.067, 10.337, 9.457, 9.523, 12.583, 8.3, 6.209, 13.122,
          8.994, 9.589, 10.455, 10.226, 6.721, 6.646, 12.482, 12.404, 10.261, 10.859, 10.668, 7.089, 6.131, 11.998,
          10.934, 11.005, 10.274, 12.675, 8.07, 5.495,
        ],
        first_day_dow: 0,
        post_days: 7,
        hac_lags: 7,
      },
    },
  }),
  statFunction({
    fn: 'ar1_week_variance_factor',
    summary: 'variance of a mean of days under autocorrelation, over that of one day',
    inputs: z.strictObject({
      rho: z.number().gt(-1).max(1),
      days: z.number().int().positive().max(LONGEST_WINDOW).default(7),
    }),
    compute: ({ rho, days }) => ({ factor: ar1WeekVarianceFactor(rho, days) }),
    explain: {
      formula: '(1/d)·[1 + 2Σ(1 − j/d)ρʲ], j = 1 … d−1',
      equations: ['L7'],
      reference: 'independent reference implementation',
      assumptions: ['First-order autocorrelation, known. For the forecast only.'],
      example: { rho: 0.8, days: 7 },
    },
  }),
];
