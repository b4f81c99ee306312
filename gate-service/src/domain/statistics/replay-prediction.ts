import { type BacktestWeek, backtestWeek, FEWEST_WEEKS } from './backtest-week.ts';
import type { VerdictOutcome } from './verdict-rule.ts';

/** How the rule would have judged past weeks with the prediction put into them. Shares sum to 1. */
export interface PredictionReplay {
  readonly status: 'ok' | 'insufficient' | 'invalid';
  /** Past weeks judged. */
  readonly weeks: number;
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
}

/**
 * Replays a predicted effect on past weeks (docs/statistics.md N7): each of the last W - 6 weeks gets the effect and is
 * judged by the real rule on the weeks before it.
 * @param weeks  usable weekly values, oldest first, without the effect
 * @param inject the predicted week, from the real one: `(week) => week + 2`, or `week * 1.05`
 * @param judge  the rule of the verdict
 * @returns      `insufficient` with NaN shares for fewer than 7 weeks; `invalid` for a week or an effect that is not
 *               finite
 */
export function replayPrediction(
  weeks: readonly number[],
  inject: (week: number) => number,
  judge: (result: BacktestWeek) => VerdictOutcome,
): PredictionReplay {
  const nothing = { weeks: 0, pass: Number.NaN, fail: Number.NaN, inconclusive: Number.NaN };
  if (!weeks.every((week) => Number.isFinite(week) && Number.isFinite(inject(week)))) {
    return { status: 'invalid', ...nothing };
  }
  const outcomes = weeks
    .slice(FEWEST_WEEKS)
    .map((week, i) => judge(backtestWeek(weeks.slice(0, FEWEST_WEEKS + i), inject(week))));
  if (outcomes.length === 0) return { status: 'insufficient', ...nothing };
  const share = (wanted: VerdictOutcome) => outcomes.filter((outcome) => outcome === wanted).length / outcomes.length;
  return {
    status: 'ok',
    weeks: outcomes.length,
    pass: share('pass'),
    fail: share('fail'),
    inconclusive: share('inconclusive'),
  };
}
