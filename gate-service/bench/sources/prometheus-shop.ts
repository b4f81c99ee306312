import { PrometheusSourceSchema } from '../../src/adapters/metric-sources/prometheus/config.ts';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import { type Family, type Series, toOpenMetrics } from '../../test/support/prometheus-samples.ts';

export const SCRAPE_SECONDS = 15;
export const METRICS_PER_CHANGE = 5;

/** Upper edges in seconds, and how many of the requests between two scrapes are at most as slow. */
const LATENCIES = [
  ['0.1', 2],
  ['0.2', 4],
  ['0.4', 7],
  ['0.8', 9],
  ['1.6', 10],
  ['+Inf', 10],
] as const;

const kpi = (id: string, unit: string, direction: string, measure: string) =>
  `${id}:\n  title: ${id}\n  definition: What ${id} is\n  owner: bench\n  unit: ${unit}\n  direction: ${direction}_is_good\n  measure: { source: shop, ${measure} }\n`;

/** One KPI of each type that Prometheus can serve. */
export const SHOP_REGISTRY = [
  kpi('spend', 'EUR', 'increase', 'type: mean, of: visit, value_of: spend, within: 1m, cap: 200'),
  kpi('errors', 'ratio', 'decrease', 'type: proportion, of: request, status: error'),
  kpi('tickets', 'per visit', 'decrease', 'type: rate, of: visit, count: ticket'),
  kpi('latency', 'ms', 'decrease', 'type: quantile, of: page, quantile: p95'),
  kpi('queue', 'jobs', 'decrease', 'type: gauge, of: queue, cap: 500'),
].join('');

export const shopContract = (flag: string) => `hypothesis: Visitors spend more
flag: ${flag}
primary: { kpi: spend, at_least: +5% }
leading: { kpi: errors }
guardrails:
  - { kpi: errors, no_worse_than: 1pp }
  - { kpi: tickets, no_worse_than: 20% }
  - { kpi: latency, no_worse_than: 20% }
  - { kpi: queue, no_worse_than: 20% }
`;

const counter = (metric: string) => ({ type: 'counter', metric });

export function shopConfig(url: string) {
  return PrometheusSourceSchema.parse({
    type: 'prometheus',
    url,
    insecure: true,
    scrape_interval_seconds: SCRAPE_SECONDS,
    settle_seconds: 0,
    events: {
      request: { ...counter('requests_total'), errors: { status: 'error' } },
      visit: counter('visits_total'),
      ticket: counter('tickets_total'),
      spend: { type: 'amount', sum: 'spend_total', squares: 'spend_squares_total' },
      page: { type: 'histogram', metric: 'page_seconds', unit: 'seconds' },
      queue: { type: 'gauge', metric: 'queue_length' },
    },
  });
}

/** The series of all changes, each with both variants, scraped from `from` to `to` (milliseconds), as promtool reads it. */
export function shopSamples(changeIds: readonly string[], from: number, to: number): string {
  const scrapes = Array.from({ length: Math.floor((to - from) / (SCRAPE_SECONDS * 1000)) }, (_, i) => i);
  const first = from / 1000 + 4;
  const series = (labels: Series['labels'], value: (scrape: number) => number): Series => ({
    labels,
    samples: scrapes.map((scrape) => [first + scrape * SCRAPE_SECONDS, value(scrape)] as const),
  });
  const growing = (name: string, perScrape: number, more: Series['labels'] = {}, type: Family['type'] = 'counter') =>
    family(name, type, (labels) => [series({ ...labels, ...more }, (scrape) => scrape * perScrape)]);
  const family = (name: string, type: Family['type'], of: (labels: Series['labels']) => readonly Series[]): Family => ({
    name,
    type,
    series: changeIds.flatMap((change_id) => ['off', 'on'].flatMap((version_flag) => of({ change_id, version_flag }))),
  });
  return toOpenMetrics([
    family('requests_total', 'counter', (labels) => [
      series({ ...labels, status: 'success' }, (scrape) => scrape * 20),
      series({ ...labels, status: 'error' }, (scrape) => scrape),
    ]),
    growing('visits_total', 5),
    growing('tickets_total', 1),
    growing('spend_total', 250),
    growing('spend_squares_total', 15_000),
    family('page_seconds_bucket', 'unknown', (labels) =>
      LATENCIES.map(([le, upTo]) => series({ ...labels, le }, (scrape) => scrape * upTo)),
    ),
    growing('page_seconds_count', 10, {}, 'unknown'),
    family('queue_length', 'gauge', (labels) => [series(labels, (scrape) => 40 + (scrape % 5))]),
  ]);
}

/** Of one change, both variants. */
export const SERIES_PER_CHANGE = shopSamples(['one'], 0, SCRAPE_SECONDS * 1000)
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#')).length;

export const minutesAfter = (start: number, minutes: number) => start + minutes * MINUTE_MS;
