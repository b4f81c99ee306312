import { type BacktestWeek, backtestSpan, backtestWeek, FEWEST_WEEKS } from './backtest-week.ts';
import { insufficientEstimate, invalidEstimate } from './estimate.ts';

/** Weekly values before the deploy, oldest first, and the week after. */
export interface WeeklySeries {
  readonly weeks: readonly number[];
  readonly post: number;
}

/** A backtest of y - beta x. `beta` and `correlation` are NaN when they can't be computed. */
export interface DifferenceInDifferences extends BacktestWeek {
  readonly beta: number;
  readonly correlation: number;
}

const METHOD = 'difference_in_differences';
/** Below this the comparison adds more noise than it takes away (docs/statistics.md L9). */
const LEAST_CORRELATION = 0.5;

/**
 * Before/after with a comparison series that was not exposed, such as another region (docs/statistics.md L9): the
 * backtest of y - beta x, where beta is the slope of the weekly changes of y on those of x. What moves both, a holiday
 * included, drops out.
 * @param changed    the series with the deploy
 * @param comparison the same weeks of the series without
 * @returns          as `backtestWeek`; `insufficient` also when the weekly changes correlate by less than .5; `invalid`
 *                   also for series of different length
 */
export function differenceInDifferences(
  changed: WeeklySeries,
  comparison: WeeklySeries,
  options: { readonly conf?: number; readonly widen?: number } = {},
): DifferenceInDifferences {
  const n = changed.weeks.length;
  const nothing = { predicted: Number.NaN, t: Number.NaN, pTwoSided: Number.NaN, m: backtestSpan(n) };
  const isUsable = [changed, comparison].every(({ weeks, post }) => [...weeks, post].every(Number.isFinite));
  if (!isUsable || comparison.weeks.length !== n) {
    return { ...invalidEstimate(METHOD), ...nothing, beta: Number.NaN, correlation: Number.NaN };
  }
  const { beta, correlation } = slope(changes(comparison.weeks), changes(changed.weeks));
  if (n < FEWEST_WEEKS || !(Math.abs(correlation) > LEAST_CORRELATION)) {
    const [lo, hi] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    return { ...insufficientEstimate(METHOD, n, lo, hi), ...nothing, beta, correlation };
  }
  const adjusted = changed.weeks.map((week, i) => week - beta * (comparison.weeks[i] ?? Number.NaN));
  const result = backtestWeek(adjusted, changed.post - beta * comparison.post, options);
  return { ...result, method: METHOD, beta, correlation };
}

function changes(weeks: readonly number[]): number[] {
  return weeks.slice(1).map((week, i) => week - (weeks[i] ?? Number.NaN));
}

/** Ordinary least squares of y on x with an intercept. */
function slope(x: readonly number[], y: readonly number[]): { beta: number; correlation: number } {
  const [xMean, yMean] = [x, y].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  let [xx, xy, yy] = [0, 0, 0];
  x.forEach((value, i) => {
    const [dx, dy] = [value - (xMean ?? Number.NaN), (y[i] ?? Number.NaN) - (yMean ?? Number.NaN)];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  });
  return { beta: xy / xx, correlation: xy / Math.sqrt(xx * yy) };
}
