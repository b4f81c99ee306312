import { describe, expect, it } from 'vitest';
import { historyOf, START } from '../../../test/support/decision/evidence.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { DAY_MINUTES, hourOfWeek, startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import { coverageOf, eligibleShare } from './coverage.ts';
import { expectedTrials, historyTotal, makeKpiHistory, minuteOfExpected } from './history.ts';

const HOUR = START / 60;

/** Hours of `weeks` whole weeks before START, with as many trials as `trials` says for the hour of the week. */
function hoursOf(weeks: number, trials: (hourOfTheWeek: number, week: number) => number) {
  return Array.from({ length: weeks * 168 }, (_, i) => {
    const hour = HOUR - weeks * 168 + i;
    const n = trials(hourOfWeek(hour * 60), Math.floor(i / 168));
    return { hour, n, y: Math.round(n / 4) };
  }).filter(({ n }) => n > 0);
}

const make = (hours: ReturnType<typeof hoursOf>, withinMinutes = 0, now = startOfMinute(START + 5)) =>
  makeKpiHistory({ kpiId: 'k', withinMinutes, hours, now });

describe('makeKpiHistory', () => {
  it('takes complete spans of 168 h that end at the last full hour, twelve at most', () => {
    const history = make(hoursOf(15, () => 20));
    expect(history.weeks).toHaveLength(12);
    expect(historyTotal(history)?.n).toBe(8 * 20 * 168);
    expect(history.weeks.at(-1)).toEqual({ firstMinute: START - WEEK_MINUTES, total: { n: 20 * 168, y: 5 * 168 } });
  });

  it('knows the hours of the week by the median of the last four, so that one odd week says nothing', () => {
    const history = make(hoursOf(4, (hour, week) => (week === 2 ? 5000 : 10 + hour)));
    expect(history.hourOfWeek).toHaveLength(168);
    expect(history.hourOfWeek[0]).toBeCloseTo(10, 6);
    expect(history.hourOfWeek[100]).toBeCloseTo(110, 6);
  });

  it('does not lose the sparse hours of a quiet shop: a hundred jobs stay a hundred', () => {
    const quiet = make(hoursOf(4, (hour, week) => ((hour * 7 + week * 3) % 5 === 0 ? 3 : 0)));
    const perWeek = (historyTotal(quiet)?.n ?? 0) / 4;
    expect(perWeek).toBeGreaterThan(90);
    expect(expectedTrials(quiet, START, START + WEEK_MINUTES)).toBeCloseTo(perWeek, 6);
  });

  it.each([
    ['nothing', [], 0],
    ['less than a week', hoursOf(1, () => 20).slice(30), 0],
    ['a week whose first event came in its first day', hoursOf(1, () => 20).slice(10), 1],
    ['three weeks and a half', hoursOf(4, () => 20).slice(84), 3],
  ])('%s', (_, hours, weeks) => {
    expect(make(hours).weeks).toHaveLength(weeks);
    expect(make(hours).hourOfWeek).toHaveLength(weeks === 0 ? 0 : 168);
  });

  it('carries sums and histograms of a week', () => {
    const sums = { yy: 5, d: 2, dd: 3, yd: 4, clipped: 1, missing: 0 };
    const histogram = { zeros: 1, buckets: [[7, 2]] } as const;
    const hours = hoursOf(2, () => 3).map((hour) => ({ ...hour, sums, histogram }));
    const history = make(hours);
    expect(history.weeks[0]!.total).toEqual({
      n: 3 * 168,
      y: 168,
      sums: { yy: 5 * 168, d: 2 * 168, dd: 3 * 168, yd: 4 * 168, clipped: 168, missing: 0 },
      histogram: { zeros: 168, buckets: [[7, 2 * 168]] },
    });
    expect(historyTotal(history)?.histogram).toEqual({ zeros: 336, buckets: [[7, 4 * 168]] });
    expect(history.dispersion).toBeUndefined();
  });

  it('knows how the counts of a rate spread, given the exposure', () => {
    const spread = (events: (hour: number) => number, n: (hour: number) => number = () => 20) =>
      makeKpiHistory({
        kpiId: 'k',
        type: 'rate',
        withinMinutes: 0,
        hours: Array.from({ length: 336 }, (_, i) => ({ hour: HOUR - 336 + i, n: n(i), y: events(i) })),
        now: startOfMinute(START + 5),
      }).dispersion;
    const random = seededRandom(3);
    const poisson = spread(() => random.poisson(4))!;
    expect(poisson).toBeGreaterThanOrEqual(1);
    expect(poisson).toBeLessThan(1.25);
    expect(spread(() => 5 * random.poisson(1))).toBeGreaterThan(4);
    expect(spread(() => 4)).toBe(1);
    const daily = (hour: number) => (hour % 24 < 12 ? 10 : 100);
    expect(spread((hour) => random.poisson(daily(hour) / 5), daily)).toBeLessThan(1.25);
    const late = (hour: number) => (hour % 2 === 0 ? 40 : 0);
    expect(spread(() => random.poisson(4), late)).toBeLessThan(1.25);
    expect([spread(() => 0), spread(() => Number.NaN), spread(() => 1.5)]).toEqual([null, null, null]);
    expect(
      spread(
        () => 4,
        (hour) => (hour % 40 === 0 ? 20 : 0),
      ),
    ).toBeNull();
  });

  it('leaves out the trials whose outcome may still come', () => {
    const history = make(
      hoursOf(4, () => 20),
      DAY_MINUTES,
    );
    expect(history.weeks.at(-1)?.firstMinute).toBe(START - WEEK_MINUTES - DAY_MINUTES);
  });
});

describe('expectedTrials and minuteOfExpected', () => {
  const history = historyOf('k', 60, 0.3);

  it('are inverse to each other', () => {
    expect(expectedTrials(history, START + 30, START + 90)).toBeCloseTo(60);
    expect(minuteOfExpected(history, START + 30, 60)).toBe(START + 90);
  });

  it('are null without history, and never wait longer than two weeks', () => {
    expect(expectedTrials(historyOf('k', 60, 0.3, 0), START, START + 60)).toBeNull();
    expect(minuteOfExpected(historyOf('k', 60, 0.3, 0), START, 10)).toBeNull();
    expect(minuteOfExpected(historyOf('k', 0, 0.3), START, 10)).toBeNull();
    expect(minuteOfExpected(historyOf('k', 0.001, 0.3), START, 10)).toBe(START + 2 * WEEK_MINUTES);
  });
});

describe('coverageOf', () => {
  const hours = (n: number, skip: (hour: number) => boolean = () => false) =>
    Array.from({ length: 168 }, (_, i) => ({ hour: HOUR + i, n })).filter((_, i) => !skip(i));
  const of = (
    perHour: number,
    activeHours: ReturnType<typeof hours>,
    heartbeatHours: readonly number[] = [],
    weeks = 4,
  ) =>
    coverageOf({
      history: historyOf('k', perHour, 0.3, weeks),
      from: START,
      to: START + WEEK_MINUTES,
      activeHours,
      heartbeatHours,
    });

  it.each([
    ['full', of(60, hours(60)), 1],
    [
      'a day is missing',
      of(
        60,
        hours(60, (i) => i < 24),
      ),
      6 / 7,
    ],
    [
      'a day is missing, but the source was alive',
      of(
        60,
        hours(60, (i) => i < 24),
        Array.from({ length: 24 }, (_, i) => HOUR + i),
      ),
      1,
    ],
    [
      'heartbeats in some hours of a gap are not enough',
      of(
        60,
        hours(60, (i) => i < 24),
        [HOUR],
      ),
      1 - 23 / 168,
    ],
    ['nothing at all', of(60, []), 0],
    [
      'without history days count: one hour makes a day',
      of(
        0,
        hours(1, (i) => i % 24 !== 3),
        [],
        0,
      ),
      1,
    ],
    [
      'without history two days are missing',
      of(
        0,
        hours(60, (i) => i < 48),
        [],
        0,
      ),
      5 / 7,
    ],
    ['a change on a tenth of the traffic is not held to all of it', of(60, hours(6)), 1],
    [
      'a hundred jobs a week come in some hours only',
      of(
        100 / 168,
        hours(4, (i) => i % 7 !== 0),
      ),
      1,
    ],
  ])('%s', (_, { share }, expected) => {
    expect(share).toBeCloseTo(expected, 6);
  });

  it('does not guess: no window, or broken numbers, is no answer', () => {
    expect(of(Number.NaN, hours(60)).share).toBeNull();
    expect(
      of(60, [
        { hour: HOUR, n: Number.NaN },
        { hour: HOUR, n: 5 },
      ]).share,
    ).toBeNull();
    const empty = { history: historyOf('k', 60, 0.3), from: START, to: START, activeHours: [], heartbeatHours: [] };
    expect(coverageOf(empty).share).toBeNull();
  });
});

describe('eligibleShare', () => {
  it.each([
    [50, 100, 0.5],
    [150, 100, 1],
    [10, null, 1],
    [10, 0, 1],
    [Number.NaN, 10, 1],
  ])('%s of %s', (trials, expected, share) => {
    expect(eligibleShare(trials, expected)).toBe(share);
  });
});
