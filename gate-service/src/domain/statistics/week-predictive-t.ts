import { sampleStandardDeviation } from 'simple-statistics';
import { type BacktestStatistic, tTest } from './backtest-week.ts';

/**
 * The week after against all weeks before, for a level known to be stable (docs/statistics.md L6): se = s sqrt(1 +
 * 1/W), df = W - 1. More power than the backtest, but up to 12% false positives where the level drifts, so never the
 * default.
 * @param weeks weekly values before the deploy, at least 2
 * @returns     NaN in everything for fewer
 */
export function weekPredictiveT(weeks: readonly number[], post: number): BacktestStatistic {
  const count = weeks.length;
  const predicted = weeks.reduce((sum, week) => sum + week, 0) / count;
  const sd = count < 2 ? Number.NaN : sampleStandardDeviation([...weeks]);
  return { predicted, ...tTest(post - predicted, sd * Math.sqrt(1 + 1 / count), count - 1) };
}

/**
 * Var(mean of `days` daily values) / daily variance under first-order autocorrelation (docs/statistics.md L7):
 * (1/d) [1 + 2 sum (1 - j/d) rho^j]. For the forecast only: rho is estimated too badly for a verdict.
 * @param rho in (-1, 1]
 */
export function ar1WeekVarianceFactor(rho: number, days: number): number {
  let sum = 1;
  for (let lag = 1; lag < days; lag++) sum += 2 * (1 - lag / days) * rho ** lag;
  return sum / days;
}
