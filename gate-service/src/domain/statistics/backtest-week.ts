import { tSf, twoSidedT } from './distributions.ts';
import { type Estimate, insufficientEstimate, invalidEstimate, isProbabilityLevel } from './estimate.ts';

/** A before/after comparison; effects are in the unit of the weekly values. */
export interface BacktestWeek extends Estimate {
  /** What the history lets one expect for the week after. */
  readonly predicted: number;
  readonly t: number;
  readonly pTwoSided: number;
  /** Weeks averaged by the prediction. */
  readonly m: number;
}

/** The numbers of L2-L5, without a judgement whether they are enough. */
export interface BacktestStatistic {
  readonly predicted: number;
  readonly delta: number;
  readonly se: number;
  readonly df: number;
  readonly t: number;
  readonly pTwoSided: number;
}

const METHOD = 'backtest_week';
/** Fewer weeks leave too few forecast errors to judge by (docs/statistics.md L1). */
export const FEWEST_WEEKS = 6;
const WEEKS_FOR_LONG_MEAN = 8;

/** Weeks to average: 4, or 2 where the history is shorter than 8 weeks (docs/statistics.md L2). */
export function backtestSpan(weeks: number): number {
  return weeks < WEEKS_FOR_LONG_MEAN ? 2 : 4;
}

/**
 * One-week-ahead backtest (docs/statistics.md L2-L5): the week after against the mean of the last m weeks, in units of
 * the errors that the same rule made on past weeks. Autocorrelation, drift and week effects are in those errors, so the
 * false positives stay near alpha where standard errors from daily residuals give up to ten times as many.
 * @param weeks weekly values before the deploy, oldest first, more than m
 * @param post  the week after
 */
export function backtestStatistic(weeks: readonly number[], post: number, m: number): BacktestStatistic {
  const predicted = mean(weeks.slice(-m));
  const errors = weeks.slice(m).map((week, i) => week - mean(weeks.slice(i, i + m)));
  const se = Math.sqrt(mean(errors.map((error) => error ** 2)));
  return { predicted, ...tTest(post - predicted, se, weeks.length - m) };
}

/** t statistic of a difference and its two-sided p; se = 0 gives an infinite or NaN t. */
export function tTest(delta: number, se: number, df: number): Omit<BacktestStatistic, 'predicted'> {
  const t = delta / se;
  return { delta, se, df, t, pTwoSided: Number.isFinite(t) ? Math.min(1, 2 * tSf(Math.abs(t), df)) : Number.NaN };
}

/**
 * The before/after verdict's estimate (docs/statistics.md L1-L5): interval delta +- t_df se.
 * @param weeks usable weekly values before the deploy, oldest first (docs/statistics.md L1)
 * @param widen factor >= 1 on the standard error, from the placebo check (docs/statistics.md L8)
 * @returns     fewer than 6 weeks: `insufficient`; a history without any error: `degenerate`, interval unbounded; NaN
 *              or Infinity anywhere: `invalid`
 */
export function backtestWeek(
  weeks: readonly number[],
  post: number,
  { conf = 0.9, widen = 1 }: { readonly conf?: number; readonly widen?: number } = {},
): BacktestWeek {
  const m = backtestSpan(weeks.length);
  const nothing = { predicted: Number.NaN, t: Number.NaN, pTwoSided: Number.NaN, m };
  const isUsable = [...weeks, post].every(Number.isFinite) && widen >= 1 && Number.isFinite(widen);
  if (!isUsable || !isProbabilityLevel(conf)) return { ...invalidEstimate(METHOD), ...nothing };
  const n = weeks.length;
  if (n < FEWEST_WEEKS) {
    return { ...insufficientEstimate(METHOD, n, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), ...nothing };
  }
  const raw = backtestStatistic(weeks, post, m);
  const { predicted, delta, df } = raw;
  const common = { estimate: delta, df, method: METHOD, n, predicted, m };
  if (raw.se === 0) {
    const [lo, hi] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    return { status: 'degenerate', ...common, lo, hi, se: null, t: Number.NaN, pTwoSided: Number.NaN };
  }
  const { se, t, pTwoSided } = tTest(delta, raw.se * widen, df);
  const half = twoSidedT(conf, df) * se;
  return { status: 'ok', ...common, lo: delta - half, hi: delta + half, se, t, pTwoSided };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
