import { type Kpi, KpiRegistrySchema } from '../../../src/contract/kpi-registry.ts';
import { makeKpiHistory } from '../../../src/domain/decision/history.ts';
import { NO_SUMS, type Tally } from '../../../src/domain/model/tally.ts';
import { HOUR_MINUTES, startOfMinute } from '../../../src/domain/model/time.ts';
import type { KpiHistory } from '../../../src/domain/model/verdict.ts';
import { normalQuantile } from '../../../src/domain/statistics/distributions.ts';
import { logHistogramOf } from '../../../src/domain/statistics/log-histogram.ts';
import { type SeededRandom, seededRandom } from '../seeded-random.ts';
import { START } from './evidence.ts';

const COMMON = { definition: 'A KPI of a test', owner: 'tests' } as const;

/** One KPI of each type that is no proportion. */
export const TYPED_KPIS = KpiRegistrySchema.parse({
  revenue: {
    ...COMMON,
    title: 'Revenue per visitor',
    unit: 'EUR',
    direction: 'increase_is_good',
    measure: { source: 'web', type: 'mean', of: 'visited', value_of: 'paid', within: '10m', cap: 200 },
  },
  failures: {
    ...COMMON,
    title: 'Failures per request',
    unit: 'per request',
    direction: 'decrease_is_good',
    measure: {
      source: 'web',
      type: 'ratio',
      of: 'visited',
      numerator: 'failed',
      denominator: 'requested',
      within: '10m',
      cap: 20,
    },
  },
  tickets: {
    ...COMMON,
    title: 'Tickets per session',
    unit: 'per session',
    direction: 'decrease_is_good',
    measure: { source: 'web', type: 'rate', of: 'session', count: 'ticket' },
  },
  latency: {
    ...COMMON,
    title: 'Latency',
    unit: 'ms',
    direction: 'decrease_is_good',
    measure: { source: 'web', type: 'quantile', of: 'served', quantile: 'p95' },
  },
  queue: {
    ...COMMON,
    title: 'Length of the queue',
    unit: 'jobs',
    direction: 'decrease_is_good',
    measure: { source: 'web', type: 'gauge', of: 'sampled', cap: 1000 },
  },
} as const);

export type WatchedType = 'mean' | 'ratio' | 'rate' | 'quantile';

export function typedKpi(type: WatchedType | 'gauge'): Kpi {
  return TYPED_KPIS.find(({ measure }) => measure.type === type)!;
}

/**
 * A draw of `n` units (events of exposure, trials) of a type; `factor` multiplies what is measured: fewer buyers, more
 * failures, more tickets in clumps of one or three, slower requests.
 */
export function drawTally(type: WatchedType, random: SeededRandom, n: number, factor = 1): Tally {
  const normal = () => normalQuantile(random.next() || 0.5);
  switch (type) {
    case 'mean': {
      const values = Array.from({ length: random.binomial(n, Math.min(1, 0.2 * factor)) }, () =>
        Math.min(10_000, Math.round(1000 * Math.exp(0.7 * normal()))),
      );
      return tallyOf(n, values, []);
    }
    case 'ratio': {
      const requests = Array.from({ length: n }, () => 1 + random.poisson(4));
      const failures = requests.map((count) => Math.min(20, random.binomial(count, Math.min(1, 0.05 * factor))));
      return tallyOf(n, failures, requests);
    }
    case 'rate':
      return { n, y: random.poisson(0.03 * n * factor) + 3 * random.poisson(0.01 * n * factor) };
    case 'quantile':
      return {
        n,
        y: 0,
        histogram: logHistogramOf(Array.from({ length: n }, () => 100 * factor * Math.exp(0.5 * normal())))!,
      };
    default:
      return type satisfies never;
  }
}

function tallyOf(n: number, values: readonly number[], others: readonly number[]): Tally {
  const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
  const [y, yy] = [sum(values), sum(values.map((value) => value ** 2))];
  const [d, dd] = [sum(others), sum(others.map((other) => other ** 2))];
  const yd = sum(others.map((other, i) => other * (values[i] ?? 0)));
  return { n, y, sums: { ...NO_SUMS, yy, d, dd, yd } };
}

/** A history of two weeks before START with `perHour` units in each hour, drawn like the streams. */
export function typedHistory(type: WatchedType, perHour = 50): KpiHistory {
  const random = seededRandom(97);
  const first = START / HOUR_MINUTES - 2 * 168;
  const hours = Array.from({ length: 2 * 168 }, (_, i) => ({ hour: first + i, ...drawTally(type, random, perHour) }));
  const { id } = typedKpi(type);
  return makeKpiHistory({ kpiId: id, type, withinMinutes: 0, hours, now: startOfMinute(START) });
}
