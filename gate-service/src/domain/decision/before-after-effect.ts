import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Tally } from '../model/tally.ts';
import { type EpochMinute, WEEK_MINUTES } from '../model/time.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { type BacktestWeek, backtestSpan, backtestWeek } from '../statistics/backtest-week.ts';
import { type DifferenceInDifferences, differenceInDifferences } from '../statistics/difference-in-differences.ts';
import { twoSidedT } from '../statistics/distributions.ts';
import { type Estimate, insufficientEstimate, invalidEstimate } from '../statistics/estimate.ts';
import { checkPlacebos, type PlaceboCheck, placeboStatistics } from '../statistics/placebo-check.ts';
import type { ExcludedDays } from './before-after-design.ts';
import { usableWeeks, type WeekSpan, weeksOfDays, weekValue } from './before-after-weeks.ts';
import { gainOfDifference, VERDICT_CONFIDENCE } from './effect-scale.ts';
import { finiteOrNull, levelOf } from './metric-levels.ts';

/** One KPI with its own past and its own trials in the window. */
export interface BeforeAfterSeries {
  readonly kpi: Pick<Kpi, 'measure'>;
  readonly data: Pick<MetricEvidence, 'history' | 'own' | 'ownDays'>;
}

export interface BeforeAfterInput extends BeforeAfterSeries {
  readonly direction: Kpi['direction'];
  readonly scale: Effect['kind'];
  /** A KPI that the change cannot touch; null for a plain backtest. */
  readonly comparison: BeforeAfterSeries | null;
  readonly excluded: readonly ExcludedDays[];
  /** Whole weeks, 1 or more. */
  readonly windowWeeks: number;
  /** Two-sided. */
  readonly confidence?: number;
}

export interface BeforeAfterEffect {
  /** On the effect's own scale, gain-oriented. */
  readonly gain: Estimate;
  /** Levels in the KPI's unit: what the weeks before let one expect, and what came; null when there is none. */
  readonly levels: { readonly control: number | null; readonly treatment: number | null };
  /** The weeks that were compared with, oldest first. */
  readonly weeks: readonly WeekSpan[];
  /** What past weeks without the change say about the test; null without daily history. */
  readonly placebo: PlaceboCheck | null;
}

/** Value of a week, with the KPI's and, if there is one, the comparison's trials. */
interface Pair {
  readonly week: WeekSpan;
  readonly y: number;
  readonly x: number;
}

type Backtest = Pick<DifferenceInDifferences, 'beta' | 'correlation'> & BacktestWeek;

const DAYS_PER_WEEK = 7;
const METHOD = 'backtest_week';

/**
 * The gain of a change that everybody got, against the weeks before it (docs/statistics.md L1-L5, L8, L9): a one-week-ahead
 * backtest on the logarithm of the weekly level (log odds for absolute effects), wider where past weeks without a change
 * were rejected too often. A window of several weeks counts as a whole against single weeks, with the larger of the
 * errors that the prediction made one week and that many weeks ahead.
 * @returns the gain's status is `insufficient` with fewer than 6 usable weeks, without trials in the window, where a level
 *          has no logarithm, or for a comparison that does not move alike; `degenerate` when the past has no error
 */
export function beforeAfterEffect(input: BeforeAfterInput): BeforeAfterEffect {
  const { scale, data, excluded, comparison, windowWeeks } = input;
  const conf = input.confidence ?? VERDICT_CONFIDENCE;
  const pairs = pairWeeks(input, data.history.weeks, comparison?.data.history.weeks ?? []);
  const post = postOf(input);
  const weeks = pairs.map(({ week }) => week);
  const treatment = data.own ? levelOf(input.kpi, data.own) : null;
  const noAnswer = (gain: Estimate) => ({ gain, levels: { control: null, treatment }, weeks, placebo: null });
  if (!(Number.isInteger(windowWeeks) && windowWeeks >= 1)) return noAnswer(invalidEstimate(METHOD));
  if (post === null || pairs.some(({ y, x }) => Number.isNaN(y + x))) return noAnswer(insufficient(weeks.length));
  const first = backtest(pairs, post, comparison !== null, { conf, widen: 1 });
  if (first.status !== 'ok') return noAnswer(unbounded(first));
  const adjusted = pairs.map(({ y, x }) => y - first.beta * x);
  const horizon = horizonWiden(adjusted, windowWeeks, conf);
  if (horizon === null) return noAnswer(insufficient(weeks.length));
  const placebo = data.ownDays ? checkPlacebos(first.t, placebosOf(input, first.beta, excluded)) : null;
  const widen = Math.max(1, placebo?.widen ?? 1) * horizon * slopeWiden(pairs, post, first);
  const result = backtest(pairs, post, comparison !== null, { conf, widen });
  const from = result.predicted + first.beta * post.x;
  const gain = gainOfWeek(result, scale, input.direction, from);
  return { gain, levels: { control: finiteOrNull(levelAt(scale, from)), treatment }, weeks, placebo };
}

/** The value of the window, of the comparison too; null when either has none. */
function postOf({ kpi, data, comparison, scale }: BeforeAfterInput): { y: number; x: number } | null {
  const value = (series: BeforeAfterSeries, kind: Effect['kind']) =>
    series.data.own ? weekValue(series.kpi.measure, kind, series.data.own) : Number.NaN;
  const y = value({ kpi, data }, scale);
  const x = comparison ? value(comparison, scaleFor(comparison, scale)) : 0;
  return Number.isFinite(y) && Number.isFinite(x) ? { y, x } : null;
}

/** Weeks that both series have, at the same time. */
function pairWeeks(
  { kpi, scale, comparison, excluded }: BeforeAfterInput,
  own: readonly WeekSpan[],
  others: readonly WeekSpan[],
): readonly Pair[] {
  const other = new Map(usableWeeks(others, excluded).map((week) => [week.firstMinute, week.total]));
  return usableWeeks(own, excluded).flatMap((week) => {
    const y = weekValue(kpi.measure, scale, week.total);
    if (comparison === null) return [{ week, y, x: 0 }];
    const total = other.get(week.firstMinute);
    return total ? [{ week, y, x: weekValue(comparison.kpi.measure, scaleFor(comparison, scale), total) }] : [];
  });
}

/** The log odds are for shares; any other comparison is taken by its logarithm. */
function scaleFor({ kpi }: BeforeAfterSeries, scale: Effect['kind']): Effect['kind'] {
  return kpi.measure.type === 'proportion' ? scale : 'relative';
}

function backtest(
  pairs: readonly Pair[],
  post: { y: number; x: number },
  isCompared: boolean,
  options: { conf: number; widen: number },
): Backtest {
  const changed = { weeks: pairs.map(({ y }) => y), post: post.y };
  if (!isCompared) return { ...backtestWeek(changed.weeks, changed.post, options), beta: 0, correlation: 1 };
  return differenceInDifferences(changed, { weeks: pairs.map(({ x }) => x), post: post.x }, options);
}

/** The backtest on every past week that ends on a past day (docs/statistics.md L8). */
function placebosOf(input: BeforeAfterInput, beta: number, excluded: readonly ExcludedDays[]) {
  const { data, comparison } = input;
  const newest = data.history.weeks.at(-1);
  if (!newest || !data.ownDays) return [];
  const end: EpochMinute = newest.firstMinute + WEEK_MINUTES;
  const known = data.history.weeks.length * DAYS_PER_WEEK;
  const others = comparison?.data.ownDays ?? [];
  return Array.from({ length: DAYS_PER_WEEK }, (_, skipped) => {
    const weeks = (days: readonly Tally[]) => usableWeeks(weeksOfDays(days.slice(-known), end, skipped), excluded);
    const pairs = pairWeeks(input, weeks(data.ownDays ?? []), weeks(others));
    return placeboStatistics(
      pairs.map(({ y, x }) => y - beta * x),
      1,
    );
  }).flat();
}

/**
 * How much wider the interval must be for a window of k weeks: the prediction strays further the longer it has to hold, and
 * there are fewer such errors to judge by.
 * @returns 1 for one week; null when the history has no error that many weeks ahead
 */
function horizonWiden(weeks: readonly number[], k: number, confidence: number): number | null {
  if (k === 1) return 1;
  const m = backtestSpan(weeks.length);
  const df = weeks.length - m - (k - 1);
  if (df < 1) return null;
  const rms = (horizon: number) => {
    const errors = weeks.slice(m, weeks.length - horizon + 1).map((_, i) => {
      const start = i + m;
      return mean(weeks.slice(start, start + horizon)) - mean(weeks.slice(i, start));
    });
    return Math.sqrt(mean(errors.map((error) => error ** 2)));
  };
  const critical = twoSidedT(confidence, df) / twoSidedT(confidence, weeks.length - m);
  const widen = Math.max(1, rms(k) / rms(1)) * critical;
  return Number.isFinite(widen) ? widen : null;
}

/**
 * A comparison that leaves its usual range, as in a holiday, is taken out with a slope that is only estimated: that slope's
 * error, beta sqrt((1 / r^2 - 1) / (N - 2)) over N weekly changes, times the distance is added to the error.
 * @returns 1 without a comparison
 */
function slopeWiden(pairs: readonly Pair[], post: { x: number }, { beta, correlation, m, se }: Backtest): number {
  const slopeError = Math.abs(beta) * Math.sqrt(Math.max(0, 1 / correlation ** 2 - 1) / (pairs.length - 3));
  const distance = post.x - mean(pairs.slice(-m).map(({ x }) => x));
  return Math.hypot(1, (slopeError * distance) / (se ?? Number.NaN));
}

/**
 * A backtest as a gain on the effect's own scale.
 * @param from value of the week that was expected, on the scale of `weekValue`
 */
export function gainOfWeek(
  result: BacktestWeek,
  scale: Effect['kind'],
  direction: Kpi['direction'],
  from: number = result.predicted,
): Estimate {
  return gainOfDifference(onEffectScale(result, scale, from), direction);
}

/** From the scale of the weeks to the effect's own, starting at the level that was expected. */
function onEffectScale(result: BacktestWeek, scale: Effect['kind'], from: number): Estimate {
  const { status, method, n, df } = result;
  const [estimate, lo, hi] = [result.estimate, result.lo, result.hi].map((change) =>
    scale === 'relative' ? Math.expm1(change) : levelAt(scale, from + change) - levelAt(scale, from),
  ) as [number, number, number];
  // The error that the interval implies, as if it were symmetric.
  const critical = result.se === null ? Number.NaN : (result.hi - result.lo) / (2 * result.se);
  return { status, method, n, df, estimate, lo, hi, se: (hi - lo) / (2 * critical) };
}

function levelAt(scale: Effect['kind'], value: number): number {
  return scale === 'relative' ? Math.exp(value) : 1 / (1 + Math.exp(-value));
}

function unbounded(result: BacktestWeek): Estimate {
  const { status, method, n, df } = result;
  return {
    status,
    method,
    n,
    df,
    estimate: Number.NaN,
    lo: Number.NEGATIVE_INFINITY,
    hi: Number.POSITIVE_INFINITY,
    se: null,
  };
}

function insufficient(weeks: number): Estimate {
  return insufficientEstimate(METHOD, weeks, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
