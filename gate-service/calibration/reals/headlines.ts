import { fastRandom } from '../../bench/detection/random.ts';
import { chiSquareSf } from '../../src/domain/statistics/distributions.ts';
import { SAMPLE_RATIO_ALPHA, sampleRatioMismatch } from '../../src/domain/statistics/sample-ratio-mismatch.ts';
import type { HeadlineTest } from './load.ts';

/** What the tests of one span show. */
export interface HeadlineReport {
  readonly span: string;
  /** Tests with two arms or more; the others compare nothing. */
  readonly tests: number;
  /** Share whose arms were shown unequally often: G1 at .001, and G3 at 1000. */
  readonly unevenByChiSquare: number;
  readonly unevenByBayesFactor: number;
  /** Tests whose smallest expected cell of clicks is at least 5. */
  readonly clickTests: number;
  /** Share of those whose arms differ in clicks at .05 and at .001. */
  readonly differAt05: number;
  readonly differAt001: number;
  /** The same after the clicks were dealt out anew by chance: what the test shows where nothing differs. */
  readonly dealtAt05: number;
  readonly dealtAt001: number;
}

/** The archive's authors found that assignment failed from 25 June 2013 to 10 January 2014 (doi 10.1038/s41597-021-00934-7). */
const BROKEN_FROM = Date.UTC(2013, 5, 25);
const BROKEN_TO = Date.UTC(2014, 0, 11);
const FEWEST_EXPECTED = 5;

/** The split and the clicks of headline tests, in all and inside and outside the span in which assignment failed. */
export function reportHeadlines(tests: readonly HeadlineTest[], seed: number): HeadlineReport[] {
  const isBroken = ({ madeMs }: HeadlineTest) => madeMs !== null && BROKEN_FROM <= madeMs && madeMs < BROKEN_TO;
  return [
    reportSpan('all', tests, seed),
    reportSpan(
      'assignment sound',
      tests.filter((test) => test.madeMs !== null && !isBroken(test)),
      seed,
    ),
    reportSpan('2013-06-25 to 2014-01-10', tests.filter(isBroken), seed),
  ].filter((report) => report.tests > 0);
}

function reportSpan(span: string, all: readonly HeadlineTest[], seed: number): HeadlineReport {
  const tests = all.filter(({ impressions }) => impressions.length > 1);
  const splits = tests.map(({ impressions }) =>
    sampleRatioMismatch([{ counts: impressions, weights: impressions.map(() => 1) }]),
  );
  const tables = tests.filter((test) => smallestExpected(test) >= FEWEST_EXPECTED);
  const found = tables.map(clicksPValue);
  const random = fastRandom(seed, 31);
  const dealt = tables.map((test) => clicksPValue({ ...test, clicks: dealClicks(test, () => random.next()) }));
  return {
    span,
    tests: tests.length,
    unevenByChiSquare: share(splits, ({ p }) => p < SAMPLE_RATIO_ALPHA),
    unevenByBayesFactor: share(splits, ({ logBayesFactor }) => logBayesFactor >= -Math.log(SAMPLE_RATIO_ALPHA)),
    clickTests: tables.length,
    differAt05: share(found, (p) => p < 0.05),
    differAt001: share(found, (p) => p < 0.001),
    dealtAt05: share(dealt, (p) => p < 0.05),
    dealtAt001: share(dealt, (p) => p < 0.001),
  };
}

/** Chi-square of the table arms by clicked or not: whether any arms differ, in no order. */
export function clicksPValue({ impressions, clicks }: Pick<HeadlineTest, 'impressions' | 'clicks'>): number {
  const rate = total(clicks) / total(impressions);
  const chiSquare = impressions.reduce((sum, shown, arm) => {
    const gap = (clicks[arm] ?? Number.NaN) - shown * rate;
    return sum + gap ** 2 / (shown * rate * (1 - rate));
  }, 0);
  return chiSquareSf(chiSquare, impressions.length - 1);
}

/** The test's clicks, each put on an impression that has none yet, all equally likely. */
export function dealClicks({ impressions, clicks }: HeadlineTest, next: () => number): number[] {
  const left = [...impressions];
  const dealt = impressions.map(() => 0);
  let unclicked = total(impressions);
  for (let click = total(clicks); click > 0; click -= 1) {
    let at = Math.floor(next() * unclicked);
    const arm = left.findIndex((count) => {
      at -= count;
      return at < 0;
    });
    left[arm] = (left[arm] ?? 0) - 1;
    dealt[arm] = (dealt[arm] ?? 0) + 1;
    unclicked -= 1;
  }
  return dealt;
}

function smallestExpected({ impressions, clicks }: HeadlineTest): number {
  const rate = total(clicks) / total(impressions);
  return Math.min(...impressions) * Math.min(rate, 1 - rate);
}

function share<T>(values: readonly T[], counts: (value: T) => boolean): number {
  return values.filter(counts).length / values.length;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
