import { backtestSpan, backtestStatistic, FEWEST_WEEKS } from './backtest-week.ts';
import { twoSidedT } from './distributions.ts';

/** The backtest on a week in which nothing was deployed. */
export interface Placebo {
  readonly t: number;
  readonly df: number;
}

/** What past weeks say about the test itself. */
export interface PlaceboCheck {
  /** Share of placebos, the real week counted with them, at least as extreme; 1 without placebos. */
  readonly p: number;
  /** Share of placebos that the test rejects at 5%; NaN without placebos. */
  readonly rejectedShare: number;
  /** Factor >= 1 for the standard error: above 1 when history disagrees with the test. */
  readonly widen: number;
  readonly placebos: number;
}

const ALPHA = 0.05;
const FEWEST_PLACEBOS = 20;
const MOST_WEEKS = 12;

/**
 * The backtest of every past week (docs/statistics.md L8), each on the weeks before it.
 * @param values         the metric before the deploy, oldest first, one value a period
 * @param periodsPerWeek 1 for weekly values; 7 for daily ones, which gives a placebo a day (they overlap)
 * @returns              oldest first; periods with fewer than 6 weeks before them, or with errors of 0, give none
 */
export function placeboStatistics(values: readonly number[], periodsPerWeek: 1 | 7): Placebo[] {
  const placebos: Placebo[] = [];
  for (let end = (FEWEST_WEEKS + 1) * periodsPerWeek; end <= values.length; end++) {
    const past = Math.min(MOST_WEEKS, Math.floor(end / periodsPerWeek) - 1);
    const first = end - (past + 1) * periodsPerWeek;
    const weeks = Array.from({ length: past + 1 }, (_, week) => {
      const from = first + week * periodsPerWeek;
      return values.slice(from, from + periodsPerWeek).reduce((sum, value) => sum + value, 0) / periodsPerWeek;
    });
    const post = weeks.pop() ?? Number.NaN;
    const { t, df } = backtestStatistic(weeks, post, backtestSpan(past));
    if (Number.isFinite(t)) placebos.push({ t, df });
  }
  return placebos;
}

/** (1 + #{|placebo t| >= |t|}) / (1 + #placebos) (docs/statistics.md L8); NaN for a NaN t. */
export function placeboPValue(t: number, placeboTs: readonly number[]): number {
  if (Number.isNaN(t)) return Number.NaN;
  const asExtreme = placeboTs.filter((placebo) => Math.abs(placebo) >= Math.abs(t)).length;
  return (1 + asExtreme) / (1 + placeboTs.length);
}

/**
 * Whether the test keeps its promise on weeks without a deploy (docs/statistics.md L8): shown next to t, and if at
 * least 20 placebos are rejected more than twice as often as they should be, the standard error is multiplied by the
 * 95% quantile of |t| / critical t.
 */
export function checkPlacebos(t: number, placebos: readonly Placebo[]): PlaceboCheck {
  const ratios = placebos.map(({ t: one, df }) => Math.abs(one) / twoSidedT(1 - ALPHA, df));
  const rejectedShare = ratios.filter((ratio) => ratio > 1).length / ratios.length;
  const disagrees = ratios.length >= FEWEST_PLACEBOS && rejectedShare > 2 * ALPHA;
  return {
    p: placeboPValue(
      t,
      placebos.map(({ t: one }) => one),
    ),
    rejectedShare,
    widen: disagrees ? Math.max(1, upperQuantile(ratios)) : 1,
    placebos: placebos.length,
  };
}

/** The ceil(.95 (k+1))-th smallest: with one more draw, it is exceeded in at most 5%. */
function upperQuantile(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const rank = Math.min(sorted.length, Math.ceil((1 - ALPHA) * (sorted.length + 1)));
  return sorted[rank - 1] ?? Number.NaN;
}
