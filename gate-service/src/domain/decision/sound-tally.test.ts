import { describe, expect, it } from 'vitest';
import { KPIS } from '../../../test/support/decision/evidence.ts';
import { drawTally, typedKpi } from '../../../test/support/decision/typed-traffic.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { NO_SUMS, NO_TALLY, type Tally } from '../model/tally.ts';
import { isSoundTally } from './sound-tally.ts';

const measureOf = (type: 'proportion' | 'mean' | 'ratio' | 'rate' | 'quantile' | 'gauge') =>
  type === 'proportion' ? KPIS[0]!.measure : typedKpi(type).measure;

describe('isSoundTally', () => {
  it.each(['mean', 'ratio', 'rate', 'quantile'] as const)('takes what a %s really counts, and nothing', (type) => {
    expect(isSoundTally(measureOf(type), drawTally(type, seededRandom(1), 50))).toBe(true);
    expect(isSoundTally(measureOf(type), NO_TALLY)).toBe(true);
  });

  it('lets a rate count more events than exposure, also before any', () => {
    expect(isSoundTally(measureOf('rate'), { n: 3, y: 9 })).toBe(true);
    expect(isSoundTally(measureOf('rate'), { n: 0, y: 1 })).toBe(true);
  });

  it.each<[Parameters<typeof measureOf>[0], string, Tally]>([
    ['proportion', 'more successes than trials', { n: 3, y: 9 }],
    ['mean', 'no sums', { n: 3, y: 9 }],
    ['mean', 'squares below what the sum needs', { n: 3, y: 9, sums: { ...NO_SUMS, yy: 26 } }],
    ['mean', 'a part of a step', { n: 3, y: 1.5, sums: { ...NO_SUMS, yy: 9 } }],
    ['mean', 'an amount of nobody', { n: 0, y: 5, sums: { ...NO_SUMS, yy: 25 } }],
    ['gauge', 'less than nothing', { n: 3, y: -9, sums: { ...NO_SUMS, yy: 90 } }],
    ['ratio', 'products beyond the squares', { n: 2, y: 2, sums: { ...NO_SUMS, yy: 2, d: 2, dd: 2, yd: 9 } }],
    ['ratio', 'no denominators', { n: 2, y: 2 }],
    ['rate', 'exposure that is no count', { n: Number.NaN, y: 2 }],
    ['quantile', 'no histogram', { n: 2, y: 0 }],
    ['quantile', 'more latencies than trials', { n: 2, y: 0, histogram: { zeros: 0, buckets: [[3, 3]] } }],
    [
      'quantile',
      'buckets that do not rise',
      {
        n: 9,
        y: 0,
        histogram: {
          zeros: 0,
          buckets: [
            [3, 1],
            [2, 1],
          ],
        },
      },
    ],
  ])('refuses a %s with %s', (type, _, tally) => {
    expect(isSoundTally(measureOf(type), tally)).toBe(false);
  });
});
