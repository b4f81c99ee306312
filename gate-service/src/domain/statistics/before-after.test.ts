import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { backtestSpan, backtestStatistic, backtestWeek } from './backtest-week.ts';
import { differenceInDifferences } from './difference-in-differences.ts';
import { normalQuantile } from './distributions.ts';
import { checkPlacebos, type Placebo, placeboPValue, placeboStatistics } from './placebo-check.ts';
import { replayPrediction } from './replay-prediction.ts';
import { judgeRule } from './verdict-rule.ts';
import { ar1WeekVarianceFactor, weekPredictiveT } from './week-predictive-t.ts';
import { changeFromScale, type DayTotal, weeklyHistory } from './weekly-history.ts';

const WEEKS = [95.7, 95.25, 98.972, 96.895, 100.837, 99.683, 99.756, 109.309, 106.846, 104.191, 101.172, 101.204];
const FIELDS = [
  ['delta', 'delta'],
  ['se', 'se'],
  ['df', 'df'],
  ['t', 't'],
  ['p_two', 'pTwoSided'],
] as const;

describe('before/after against the reference implementation', () => {
  it.each(oracleCases('before-after', 'backtest_week'))('backtest of a week: $id', (oracle) => {
    const { weekly_means, post_week_mean, m } = oracle.inputs;
    const got = backtestStatistic(weekly_means, post_week_mean, m);
    for (const [wire, field] of FIELDS) expectClose(got[field], oracle.expected[wire], oracle);
  });

  it.each(oracleCases('before-after', 'week_predictive_t'))('stable level: $id', (oracle) => {
    const got = weekPredictiveT(oracle.inputs.weekly_means, oracle.inputs.post_week_mean);
    for (const [wire, field] of FIELDS) expectClose(got[field], oracle.expected[wire], oracle);
  });

  it.each(oracleCases('before-after', 'ar1_week_variance_factor'))('autocorrelation: $id', (oracle) => {
    const { rho, days } = oracle.inputs;
    expectClose(ar1WeekVarianceFactor(rho, days), oracle.expected.factor, oracle);
  });

  it.each(oracleCases('before-after', 'placebo_p_value'))('placebo p: $id', (oracle) => {
    const { t_obs, t_placebo } = oracle.inputs;
    expectClose(placeboPValue(t_obs, t_placebo), oracle.expected.p_two_sided, oracle);
  });
});

describe('backtest of a week', () => {
  it('gives the interval delta +- t se, and a wider one when history disagrees', () => {
    const got = backtestWeek(WEEKS, 128.69);
    expect(got).toMatchObject({ status: 'ok', m: 4, df: 8, n: 12 });
    // qt(.95, 8) of R 4.2.2
    expect(got.hi - got.estimate).toBeCloseTo(1.8595480375308984 * got.se!, 9);
    const wide = backtestWeek(WEEKS, 128.69, { widen: 2 });
    expect(wide.se).toBeCloseTo(2 * got.se!, 12);
    expect(wide.t).toBeCloseTo(got.t / 2, 12);
    expect(wide.hi - wide.lo).toBeCloseTo(2 * (got.hi - got.lo), 9);
  });

  it.each<[string, ReturnType<typeof backtestWeek>['status'], number[], number]>([
    ['five weeks', 'insufficient', WEEKS.slice(0, 5), 100],
    ['no history', 'insufficient', [], 100],
    ['a history without errors', 'degenerate', [5, 5, 5, 5, 5, 5], 5],
    ['a NaN week', 'invalid', [...WEEKS, Number.NaN], 100],
    ['an infinite week after', 'invalid', WEEKS, Number.POSITIVE_INFINITY],
  ])('answers %s as %s, without a finite interval', (_, status, weeks, post) => {
    const got = backtestWeek(weeks, post);
    expect(got.status).toBe(status);
    expect(got.hi - got.lo).not.toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('averages two weeks of a short history', () => {
    expect(backtestSpan(7)).toBe(2);
    expect(backtestSpan(8)).toBe(4);
  });

  it('says the same in another unit', () => {
    const cents = backtestWeek(
      WEEKS.map((week) => week * 100),
      11_000,
    );
    expect(cents.t).toBeCloseTo(backtestWeek(WEEKS, 110).t, 9);
  });
});

const AR = (rho: number) => ({ rho, walk: 0, weekEffect: 0 });
const REGIMES = [
  ['independent days', AR(0)],
  ['AR1 .3', AR(0.3)],
  ['AR1 .6', AR(0.6)],
  ['AR1 .8', AR(0.8)],
  ['level walks .1 a day', { rho: 0, walk: 0.1, weekEffect: 0 }],
  ['level walks .3 a day', { rho: 0, walk: 0.3, weekEffect: 0 }],
  ['week effect .5', { rho: 0, walk: 0, weekEffect: 0.5 }],
  ['week effect 1', { rho: 0, walk: 0, weekEffect: 1 }],
] as const;

describe('type I error of the backtest (nominal .05, two-sided)', () => {
  it.each(REGIMES)('%s: within .07', (_, { rho, walk, weekEffect }) => {
    const random = seededRandom(61);
    const normal = () => normalQuantile(random.next() || 0.5);
    const runs = 1500;
    let rejections = 0;
    for (let run = 0; run < runs; run++) {
      const history = run % 2 === 0 ? 8 : 12;
      let [noise, level] = [normal(), 0];
      const weeks = Array.from({ length: history + 1 }, () => {
        const shared = weekEffect * normal();
        let sum = 0;
        for (let day = 0; day < 7; day++) {
          noise = rho * noise + Math.sqrt(1 - rho ** 2) * normal();
          level += walk * normal();
          sum += noise + level;
        }
        return sum / 7 + shared;
      });
      const post = weeks.pop()!;
      if (backtestWeek(weeks, post).pTwoSided < 0.05) rejections++;
    }
    expect(rejections / runs).toBeLessThanOrEqual(0.07);
  });
});

describe('placebo check', () => {
  const calm: Placebo[] = Array.from({ length: 40 }, (_, i) => ({ t: ((i % 20) - 10) / 10, df: 8 }));

  it('leaves the standard error alone when history agrees, or is short', () => {
    expect(checkPlacebos(1.5, calm)).toMatchObject({ widen: 1, rejectedShare: 0, placebos: 40 });
    const wild = calm.slice(0, 19).map(({ df }) => ({ t: 9, df }));
    expect(checkPlacebos(1.5, wild)).toMatchObject({ widen: 1, rejectedShare: 1 });
    expect(checkPlacebos(1.5, [])).toMatchObject({ widen: 1, p: 1, rejectedShare: Number.NaN });
  });

  it('widens by the 95% quantile of |t| / critical t when placebos are rejected too often', () => {
    const wild = calm.map(({ df }, i) => ({ t: i < 8 ? 3 + i : 0.5, df }));
    // ceil(.95 * 41) = the 39th of 40, t = 9; qt(.975, 8) of R 4.2.2
    expect(checkPlacebos(1.5, wild).widen).toBeCloseTo(9 / 2.306004135204166, 9);
  });

  it('takes each past week with six weeks before it, or each past day', () => {
    const weekly = placeboStatistics(WEEKS, 1);
    expect(weekly).toHaveLength(6);
    expect(weekly.at(-1)!.t).toBeCloseTo(backtestWeek(WEEKS.slice(0, 11), WEEKS[11]!).t, 12);
    const daily = placeboStatistics(
      Array.from({ length: 70 }, (_, day) => Math.sin(day * day)),
      7,
    );
    expect(daily).toHaveLength(70 - 48);
    expect(placeboStatistics(WEEKS.slice(0, 6), 1)).toEqual([]);
  });

  it('has no p for a statistic that is none', () => {
    expect(placeboPValue(Number.NaN, [1, 2])).toBeNaN();
  });
});

describe('difference in differences', () => {
  const comparison = { weeks: [10, 12, 9, 14, 11, 8, 13, 10], post: 20 };
  const noise = [0.1, -0.2, 0.15, 0, -0.1, 0.2, -0.05, 0.1];
  const changed = { weeks: comparison.weeks.map((week, i) => 3 + 2 * week + noise[i]!), post: 3 + 40 + 5 };

  it('takes out what moves both series', () => {
    const got = differenceInDifferences(changed, comparison);
    expect(got).toMatchObject({ status: 'ok', method: 'difference_in_differences' });
    expect(Math.abs(got.beta - 2)).toBeLessThan(0.1);
    expect(Math.abs(got.estimate - 5)).toBeLessThan(0.6);
    expect(got.lo).toBeGreaterThan(4);
    expect(backtestWeek(changed.weeks, changed.post).se!).toBeGreaterThan(10 * got.se!);
  });

  it.each<[string, string, typeof changed, typeof changed]>([
    ['unrelated series', 'insufficient', { weeks: [1, 2, 1, 2, 2, 1, 1, 2], post: 1 }, comparison],
    ['a constant comparison', 'insufficient', changed, { weeks: comparison.weeks.map(() => 1), post: 1 }],
    ['five weeks', 'insufficient', { weeks: [1, 2, 3, 4, 6], post: 1 }, { weeks: [1, 2, 3, 4, 6], post: 1 }],
    ['series of different length', 'invalid', changed, { weeks: [1], post: 1 }],
    ['NaN', 'invalid', changed, { ...comparison, post: Number.NaN }],
  ])('answers %s as %s', (_, status, one, other) => {
    expect(differenceInDifferences(one, other).status).toBe(status);
  });
});

describe('weekly history', () => {
  const day = (sum: number, n = 100, excluded: string | null = null): DayTotal => ({ n, sum, excluded });
  const week = (sum: number, n?: number) => Array.from({ length: 7 }, () => day(sum, n));

  it('takes complete weeks back from the deploy and leaves out holidays and gaps, saying which', () => {
    const holiday = [...week(40).slice(1), day(40, 100, 'Thanksgiving')];
    const gap = [...week(50).slice(1), null];
    const got = weeklyHistory([day(1), ...week(10), ...holiday, ...week(20), ...gap, ...week(30)], week(60), 'mean');
    expect(got).toMatchObject({ status: 'ok', scale: 'identity', weeks: [0.1, 0.2, 0.3], post: 0.6, postFlag: null });
    expect(got.excluded).toEqual([
      { weeksBefore: 2, reason: 'missing' },
      { weeksBefore: 4, reason: 'Thanksgiving' },
    ]);
  });

  it('flags a week after with a holiday, and waits for a complete one', () => {
    expect(weeklyHistory(week(1), [...week(1).slice(1), day(1, 100, 'Easter')], 'mean').postFlag).toBe('Easter');
    expect(weeklyHistory(week(1), week(1).slice(1), 'mean').status).toBe('insufficient');
    expect(weeklyHistory(week(1), [...week(1).slice(1), null], 'mean').status).toBe('insufficient');
  });

  it('compares small rates by their odds and counts by their logarithm, and takes changes back', () => {
    const small = weeklyHistory(week(2), week(4), 'rate');
    expect(small.scale).toBe('logit');
    const change = changeFromScale('logit', small.weeks[0]!, small.post - small.weeks[0]!);
    expect(change.absolute).toBeCloseTo(0.02, 4);
    expect(change.relative).toBeCloseTo(1, 1);
    expect(weeklyHistory(week(20), week(30), 'rate').scale).toBe('identity');
    const counts = weeklyHistory(week(20, 0), week(30, 0), 'count');
    expect(counts.scale).toBe('log_count');
    expect(changeFromScale('log_count', counts.weeks[0]!, counts.post - counts.weeks[0]!).relative).toBeCloseTo(0.5, 2);
    expect(changeFromScale('identity', 2, 1)).toEqual({ absolute: 1, relative: 0.5 });
  });

  it('keeps the last twelve usable weeks', () => {
    expect(weeklyHistory(Array.from({ length: 20 }, () => week(1)).flat(), week(1), 'mean').weeks).toHaveLength(12);
  });

  it.each<[string, DayTotal, 'mean' | 'rate' | 'count']>([
    ['NaN', day(Number.NaN), 'mean'],
    ['a negative count', day(-1), 'count'],
    ['more events than units', day(101), 'rate'],
    ['negative units', day(1, -1), 'mean'],
  ])('is invalid with %s', (_, broken, kind) => {
    expect(weeklyHistory([broken], week(1), kind).status).toBe('invalid');
  });
});

describe('replay of a prediction', () => {
  const judge = ({ estimate, lo, hi }: { estimate: number; lo: number; hi: number }) =>
    judgeRule({ rule: 'meets_minimum', minEffect: 5, margin: 0, estimate, lo, hi }).verdict;

  it('judges every past week with six before it, with the effect put in', () => {
    const large = replayPrediction(WEEKS, (week) => week + 60, judge);
    expect(large).toEqual({ status: 'ok', weeks: 6, pass: 1, fail: 0, inconclusive: 0 });
    const none = replayPrediction(WEEKS, (week) => week, judge);
    expect(none.pass + none.fail + none.inconclusive).toBeCloseTo(1, 12);
    expect(none.pass).toBeLessThan(0.5);
  });

  it('needs seven weeks and finite numbers', () => {
    expect(replayPrediction(WEEKS.slice(0, 6), (week) => week, judge).status).toBe('insufficient');
    expect(replayPrediction(WEEKS, () => Number.NaN, judge).status).toBe('invalid');
  });
});
