import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectClose, oracleCases } from '../../../test/support/oracle-cases.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { logStandardError } from './estimate-test.ts';
import {
  EMPTY_LOG_HISTOGRAM,
  isLogHistogram,
  type LogHistogram,
  logBucket,
  logBucketEdge,
  logHistogramCount,
  logHistogramOf,
  mergeLogHistograms,
  toCumulative,
} from './log-histogram.ts';
import { quantileOfValues } from './quantile.ts';
import { type QuantileArm, quantileDifference, quantileRatio } from './quantile-change.ts';
import { quantileOrderStatistics } from './quantile-order-statistics.ts';
import { histogramSource, type QuantileSource, valuesSource } from './quantile-source.ts';
import { woodruff } from './woodruff.ts';

const sketch = (values: readonly number[]): LogHistogram => logHistogramOf(values)!;
const bucketed = (values: readonly number[]): QuantileSource => histogramSource(toCumulative(sketch(values)));
const arm = (source: QuantileSource, deff = 1): QuantileArm => ({ source, deff });
/** Latencies around 100 with a long tail. */
const latencies = (n: number, seed: number, factor = 1): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: n }, () => factor * 100 * (1 / (1 - random.next()) - 1 + 0.01) ** 0.4);
};

describe('quantiles against R, numpy and Kayenta', () => {
  it.each(oracleCases('quantiles', 'percentile_type7'))('$id type 7', (oracle) => {
    expectClose(quantileOfValues(oracle.inputs.x, oracle.inputs.p / 100), oracle.expected.value, oracle);
  });

  it.each(oracleCases('quantiles', 'quantile_order_stat_ci'))('$id order statistics', (oracle) => {
    const ranked = quantileOrderStatistics(oracle.inputs.x, oracle.inputs.q, oracle.inputs.conf);
    expectClose(ranked.estimate, oracle.expected.quantile_type7, oracle);
    expect(ranked).toMatchObject({
      loRank: oracle.expected.lo_index_1based,
      hiRank: oracle.expected.hi_index_1based,
    });
    expectClose(ranked.lo, oracle.expected.lo, oracle);
    expectClose(ranked.hi, oracle.expected.hi, oracle);
  });

  it.each(oracleCases('quantiles', 'woodruff_log_se'))('$id Woodruff', (oracle) => {
    const answer = woodruff(valuesSource(oracle.inputs.x), oracle.inputs.q, oracle.inputs.conf);
    expectClose(answer.estimate, oracle.expected.quantile, oracle);
    expectClose(answer.lo, oracle.expected.lo, oracle);
    expectClose(answer.hi, oracle.expected.hi, oracle);
    expectClose(logStandardError(answer, oracle.inputs.conf), oracle.expected.se_log, oracle);
  });
});

describe('log histogram', () => {
  it('puts a value between its edges, which are 1% apart', () => {
    for (const value of [1e-9, 0.5, 1, 1.005, 37, 1e12]) {
      const index = logBucket(value)!;
      expect(value).toBeGreaterThan(logBucketEdge(index - 1) * (1 - 1e-12));
      expect(value).toBeLessThanOrEqual(logBucketEdge(index) * (1 + 1e-12));
    }
    expect(logBucketEdge(5) / logBucketEdge(4)).toBeCloseTo(1.01, 12);
    expect(logBucket(0)).toBeNull();
  });

  it('refuses what it cannot hold instead of dropping it', () => {
    for (const bad of [-1, Number.NaN, Infinity]) {
      expect(logBucket(bad)).toBeNaN();
      expect(logHistogramOf([1, bad])).toBeNull();
    }
    expect(isLogHistogram(sketch([0, 1, 5, 5]))).toBe(true);
    for (const broken of [
      { zeros: 0.5, buckets: [] },
      {
        zeros: 0,
        buckets: [
          [3, 1],
          [3, 2],
        ],
      },
      { zeros: 0, buckets: [[1.5, 1]] },
      { zeros: 0, buckets: [[1, 0]] },
      { zeros: 0, buckets: [[1, Number.NaN]] },
    ] as LogHistogram[]) {
      expect(isLogHistogram(broken)).toBe(false);
    }
  });

  it('merges in any order and grouping, and survives JSON', () => {
    const values = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e9, noNaN: true })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const whole = sketch([...a, ...b, ...c]);
        expect(mergeLogHistograms([sketch(c), mergeLogHistograms([sketch(b), sketch(a)])])).toEqual(whole);
        expect(mergeLogHistograms([whole, EMPTY_LOG_HISTOGRAM])).toEqual(whole);
        expect(logHistogramCount(whole)).toBe(a.length + b.length + c.length);
        expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
        expect(isLogHistogram(whole)).toBe(true);
        expect(toCumulative(whole).n).toBe(logHistogramCount(whole));
      }),
    );
  });

  it('reads quantiles within 1% of the raw ones where values are dense', () => {
    const values = latencies(20_000, 7);
    for (const q of [0.05, 0.5, 0.9, 0.95, 0.99]) {
      expect(bucketed(values).at(q) / quantileOfValues(values, q)).toBeCloseTo(1, 2);
    }
  });
});

describe('histograms with given edges', () => {
  const prometheus = histogramSource({ upperEdges: [50, 100, 200], cumulative: [20, 60, 90], n: 100 });

  it('interpolates on the log scale, linearly down to 0, and knows no value above the last edge', () => {
    expect(prometheus.at(0.1)).toBeCloseTo(25, 12);
    expect(prometheus.at(0.4)).toBeCloseTo(Math.sqrt(50 * 100), 12);
    expect(prometheus.at(0.9)).toBe(200);
    expect(prometheus.at(0.95)).toBe(Number.POSITIVE_INFINITY);
    expect([prometheus.at(-0.1), prometheus.at(1.1)]).toEqual([-Infinity, Infinity]);
  });

  it('zeros are 0, and empty buckets hold nothing', () => {
    const source = bucketed([0, 0, 0, 7]);
    expect([source.at(0), source.at(0.75)]).toEqual([0, 0]);
    expect(source.at(0.9) / 7).toBeCloseTo(1, 1);
    expect(bucketed([7]).at(0) / 7).toBeCloseTo(1, 1);
  });

  it('a broken histogram makes every answer invalid', () => {
    for (const broken of [
      { upperEdges: [50, 40], cumulative: [1, 2], n: 2 },
      { upperEdges: [50, 60], cumulative: [2, 1], n: 2 },
      { upperEdges: [-50, 60], cumulative: [1, 2], n: 2 },
      { upperEdges: [50], cumulative: [3], n: 2 },
      { upperEdges: [50], cumulative: [Number.NaN], n: 2 },
    ]) {
      expect(woodruff(histogramSource(broken), 0.5, 0.9).status).toBe('invalid');
    }
    expect(woodruff(bucketed([]), 0.5, 0.9).status).toBe('insufficient');
  });
});

describe('Woodruff', () => {
  const source = valuesSource(latencies(4000, 3));

  it('needs 10 effective values on either side', () => {
    const first = (n: number) => valuesSource(latencies(n, 3));
    expect(woodruff(first(200), 0.95, 0.9).status).toBe('ok');
    expect(woodruff(first(199), 0.95, 0.9)).toMatchObject({ status: 'insufficient', lo: -Infinity, hi: Infinity });
    expect(woodruff(first(199), 0.05, 0.9).status).toBe('insufficient');
    expect(woodruff(first(200), 0.95, 0.9, 1.1).status).toBe('insufficient');
    expect(woodruff(first(200), 0.95, 0.9, 0.5).status).toBe('ok');
  });

  it('clusters widen it, and about equally from raw values and from buckets', () => {
    const [plain, clustered] = [woodruff(source, 0.9, 0.9), woodruff(source, 0.9, 0.9, 4)];
    expect(logStandardError(clustered, 0.9) / logStandardError(plain, 0.9)).toBeCloseTo(2, 0);
    const fromBuckets = woodruff(bucketed(latencies(4000, 3)), 0.9, 0.9);
    expect(fromBuckets.lo / plain.lo).toBeCloseTo(1, 2);
    expect(fromBuckets.hi / plain.hi).toBeCloseTo(1, 2);
  });

  it('ties have no width to offer; in a bucket they have its width', () => {
    const same = Array.from({ length: 500 }, () => 80);
    expect(woodruff(valuesSource(same), 0.5, 0.9)).toMatchObject({ status: 'degenerate', estimate: 80, hi: Infinity });
    const inBucket = woodruff(bucketed(same), 0.5, 0.9);
    expect(inBucket.hi).toBeGreaterThan(inBucket.lo);
    expect(quantileOrderStatistics(same, 0.5, 0.9)).toMatchObject({ status: 'degenerate', lo: -Infinity });
  });

  it('broken values, levels and design effects are invalid', () => {
    expect(woodruff(valuesSource([1, Number.NaN]), 0.5, 0.9).status).toBe('invalid');
    for (const [q, conf, deff] of [
      [0, 0.9, 1],
      [0.5, 1, 1],
      [0.5, 0.9, 0],
      [0.5, 0.9, Number.NaN],
    ] as const) {
      expect(woodruff(source, q, conf, deff).status).toBe('invalid');
    }
    expect(quantileOrderStatistics([1, Infinity], 0.5, 0.9).status).toBe('invalid');
    expect(quantileOrderStatistics([], 0.5, 0.9)).toMatchObject({ status: 'insufficient', lo: -Infinity });
    expect(quantileOrderStatistics([4], 0.5, 0.9)).toMatchObject({ status: 'insufficient', loRank: 0, hiRank: 2 });
    expect(quantileOfValues([1, 2], 1.5)).toBeNaN();
  });

  it('covers the true quantile nine times in ten', () => {
    // 800 seeded samples of 300; nominal 0.90, four standard errors are 0.042.
    const truth = 100 * (1 / (1 - 0.9) - 1 + 0.01) ** 0.4;
    const covered = Array.from({ length: 800 }, (_, i) => woodruff(valuesSource(latencies(300, 1000 + i)), 0.9, 0.9));
    const share = covered.filter(({ lo, hi }) => lo <= truth && truth <= hi).length / 800;
    expect(Math.abs(share - 0.9)).toBeLessThan(0.042);
  });
});

describe('change of a quantile between arms', () => {
  const [a, b] = [arm(bucketed(latencies(3000, 5))), arm(bucketed(latencies(2000, 6, 1.2)))];

  it('joins the log standard errors of both arms', () => {
    const ratio = quantileRatio(a, b, 0.95, 0.9);
    const parts = [a, b].map(({ source }) => logStandardError(woodruff(source, 0.95, 0.9), 0.9));
    expect(logStandardError(ratio, 0.9)).toBeCloseTo(Math.hypot(...parts), 12);
    expect(ratio.lo).toBeLessThan(1.2);
    expect(ratio.hi).toBeGreaterThan(1.2);
    expect(quantileRatio(b, a, 0.95, 0.9).lo).toBeCloseTo(1 / ratio.hi, 12);
    const difference = quantileDifference(a, b, 0.95, 0.9);
    expect(difference.estimate).toBeCloseTo(b.source.at(0.95) - a.source.at(0.95), 10);
    expect(quantileDifference(b, a, 0.95, 0.9).lo).toBeCloseTo(-difference.hi, 10);
  });

  it('a factor on every value changes the ratio by nothing', () => {
    const scaled = (factor: number) =>
      [arm(valuesSource(latencies(900, 5, factor))), arm(valuesSource(latencies(900, 6, factor)))] as const;
    const [plain, large] = [quantileRatio(...scaled(1), 0.9, 0.9), quantileRatio(...scaled(1e6), 0.9, 0.9)];
    expect(large.lo).toBeCloseTo(plain.lo, 9);
    expect(large.hi).toBeCloseTo(plain.hi, 9);
  });

  it('answers nothing from too few values, ties, zeros or an open last bucket', () => {
    const few = arm(bucketed([1, 2, 3]));
    const ties = arm(valuesSource(Array.from({ length: 500 }, () => 80)));
    const open = arm(histogramSource({ upperEdges: [50, 100], cumulative: [500, 900], n: 1000 }));
    const zeros = arm(bucketed([...Array.from({ length: 990 }, () => 0), ...latencies(100, 1)]));
    for (const one of [few, ties, open]) {
      expect(quantileRatio(one, b, 0.95, 0.9)).toMatchObject({ status: 'insufficient', lo: 0, hi: Infinity });
      expect(quantileDifference(b, one, 0.95, 0.9)).toMatchObject({ status: 'insufficient', lo: -Infinity });
    }
    expect(quantileRatio(zeros, b, 0.5, 0.9).status).toBe('insufficient');
    const broken = arm(valuesSource([Number.NaN]));
    expect(quantileRatio(broken, b, 0.95, 0.9).status).toBe('invalid');
    expect(quantileDifference(b, broken, 0.95, 0.9).status).toBe('invalid');
  });
});
