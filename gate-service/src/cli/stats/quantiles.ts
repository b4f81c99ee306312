import { z } from 'zod';
import { logStandardError } from '../../domain/statistics/estimate-test.ts';
import { quantileOfValues } from '../../domain/statistics/quantile.ts';
import { quantileOrderStatistics } from '../../domain/statistics/quantile-order-statistics.ts';
import { quantileSequence } from '../../domain/statistics/quantile-sequence.ts';
import { valuesSource } from '../../domain/statistics/quantile-source.ts';
import { woodruff } from '../../domain/statistics/woodruff.ts';
import { alpha, conf, count, finite, level, list, positive } from './fields.ts';
import { accepted, type StatFunction, statFunction } from './stat-function.ts';

const VALUES = 'values must be finite';

export const QUANTILE_FUNCTIONS: readonly StatFunction[] = [
  statFunction({
    fn: 'percentile_type7',
    summary: 'percentile of raw values by linear interpolation (type 7)',
    inputs: z.strictObject({ x: list(finite), p: z.number().min(0).max(100) }),
    compute: ({ x, p }) => ({ value: quantileOfValues(x, p / 100) }),
    explain: {
      formula: 'h = (n − 1)·p/100; x(⌊h⌋) + (h − ⌊h⌋)·(x(⌊h⌋+1) − x(⌊h⌋)), ranks from 0',
      equations: ['F1'],
      reference: 'R 4.2.2 quantile(type = 7)',
      assumptions: ['p is in percent.'],
      example: { x: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], p: 50 },
    },
  }),
  statFunction({
    fn: 'quantile_order_stat_ci',
    summary: 'quantile of raw values with an exact, distribution-free interval',
    inputs: z.strictObject({ x: list(finite), q: level, conf: level.default(0.95) }),
    compute: ({ x, q, conf }) => {
      const { status, lo, hi, loRank, hiRank } = accepted(quantileOrderStatistics(x, q, conf), VALUES);
      return {
        quantile_type7: quantileOfValues(x, q),
        lo_index_1based: loRank,
        hi_index_1based: hiRank,
        lo,
        hi,
        status,
      };
    },
    explain: {
      formula: 'the order statistics of ranks qbinom((1−conf)/2, n, q) and qbinom(1−(1−conf)/2, n, q) + 1',
      equations: ['F2'],
      reference: 'R 4.2.2 quantile, qbinom',
      assumptions: [
        'Values are independent.',
        'A rank below 1 or above n is no bound: −Infinity or Infinity. Ties that leave no width are `degenerate`.',
      ],
      example: { x: [4, 8, 15, 16, 23, 42, 47, 51, 60, 71, 77, 80], q: 0.5, conf: 0.9 },
    },
  }),
  statFunction({
    fn: 'woodruff_log_se',
    summary: 'quantile with Woodruff’s interval and the log standard error it implies',
    inputs: z.strictObject({ x: list(finite), q: level, conf, deff: positive.default(1) }),
    compute: ({ x, q, conf, deff }) => {
      const estimate = accepted(woodruff(valuesSource(x), q, conf, deff), VALUES);
      const { status, lo, hi } = estimate;
      return { quantile: quantileOfValues(x, q), lo, hi, se_log: logStandardError(estimate, conf), status };
    },
    explain: {
      formula: 'd = z·√(deff·q(1−q)/n); lo = Q(q − d), hi = Q(q + d); se_log = (ln hi − ln lo)/2z',
      equations: ['F3', 'F4'],
      reference: 'Woodruff 1952; numpy quantile',
      assumptions: [
        '10 values on either side of the quantile, divided by the design effect; fewer are `insufficient`.',
      ],
      example: {
        x: [112, 98, 105, 131, 120, 101, 99, 143, 118, 107, 126, 110, 95, 137, 103, 116, 122, 109, 128, 114],
        q: 0.5,
        conf: 0.9,
      },
    },
  }),
  statFunction({
    fn: 'histogram_quantile_cs',
    summary: 'quantile of a histogram in a band that holds at all times together',
    inputs: z.strictObject({
      bucket_upper_edges: list(finite),
      cum_counts: list(count),
      q: level,
      alpha,
      n: count.optional(),
    }),
    compute: ({ bucket_upper_edges, cum_counts, q, alpha, n }) => {
      const histogram = { upperEdges: bucket_upper_edges, cumulative: cum_counts, n: n ?? cum_counts.at(-1) ?? 0 };
      const { status, lo, hi } = accepted(
        quantileSequence(histogram, q, alpha),
        'edges must rise, cumulative counts must not fall, and both lists must be of one length',
      );
      return { lo, hi, status };
    },
    explain: {
      formula:
        'beta_binomial_cs for the share at or below each edge; lo = the largest edge whose sequence lies below q, hi = the smallest above it',
      equations: ['F5', 'K13'],
      reference: 'Robbins 1970 on each bucket edge',
      assumptions: ['Values are independent.', 'alpha is per edge: both ends together err with at most 2·alpha.'],
      example: {
        bucket_upper_edges: [50, 100, 200, 400, 800, 1600],
        cum_counts: [80, 420, 830, 950, 990, 1000],
        q: 0.5,
        alpha: 0.05,
      },
    },
  }),
];
