import { describe, expect, test } from 'vitest';
import { logBucket, logBucketEdge } from '../../../domain/statistics/log-histogram.ts';
import type { Cell } from './cells.ts';
import { fromClassic, fromNative } from './histogram.ts';

const at = { minute: 0, variant: 'on', cohort: '', le: '', native: null } as const;
const classic = (...edges: readonly (readonly [le: string, below: number])[]): Cell[] =>
  edges.map(([le, value]) => ({ ...at, le, value }));
const native = (...buckets: readonly (readonly [string, string, string])[]): Cell => ({
  ...at,
  value: 1,
  native: buckets,
});

describe('classic buckets', () => {
  test('count as the upper edges of their buckets', () => {
    const histogram = fromClassic(classic(['0.1', 3], ['0.5', 10], ['+Inf', 10]), 1000);
    expect(histogram).toEqual({
      zeros: 0,
      buckets: [
        [logBucket(100), 3],
        [logBucket(500), 7],
      ],
    });
    // The edge itself is found again to half a percent.
    expect(logBucketEdge(logBucket(500)!) / 500).toBeCloseTo(1, 1);
  });

  test('come in any order, and as "1e+06" as well', () => {
    const histogram = fromClassic(classic(['+Inf', 2], ['1e+06', 2], ['5', 1]), 1);
    expect(histogram?.buckets).toEqual([
      [logBucket(5), 1],
      [logBucket(1e6), 1],
    ]);
  });

  test('have what is above them just above the largest', () => {
    expect(fromClassic(classic(['1', 1], ['+Inf', 3]), 1000)?.buckets).toEqual([
      [logBucket(1000), 1],
      [logBucket(1000)! + 1, 2],
    ]);
  });

  test('around an edge of 0 are zeros', () => {
    expect(fromClassic(classic(['0', 2], ['1', 2], ['+Inf', 2]), 1)).toEqual({ zeros: 2, buckets: [] });
  });

  test.each([[classic(['1', 1])], [classic(['+Inf', 1])], [classic(['1', 9], ['2', 3], ['+Inf', 9])]])(
    'that cannot be are told: %j',
    (cells) => {
      expect(() => fromClassic(cells, 1)).toThrow(/histogram/);
    },
  );

  test.each([[classic(['1', Number.NaN], ['+Inf', 1])], [classic(['x', 1], ['+Inf', 1])]])(
    'without a number are no data: %j',
    (cells) => {
      expect(fromClassic(cells, 1)).toBeNull();
    },
  );
});

describe('native buckets', () => {
  test('count as their upper edges, and around 0 as zeros', () => {
    const histogram = fromNative(native(['-0.001', '0.001', '2'], ['0.5', '0.6', '3.0001']), 1000);
    expect(histogram).toEqual({ zeros: 2, buckets: [[logBucket(600), 3]] });
  });

  test('below 0 are no durations', () => {
    expect(() => fromNative(native(['-2', '-1', '1']), 1)).toThrow('values below 0');
  });

  test('without a number are no data; a plain number is no histogram', () => {
    expect(fromNative(native(['1', '2', 'NaN']), 1)).toBeNull();
    expect(() => fromNative({ ...at, value: 1 }, 1)).toThrow('native: false');
  });
});
