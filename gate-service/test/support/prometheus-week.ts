import { PrometheusSourceSchema } from '../../src/adapters/metric-sources/prometheus/config.ts';
import { createPrometheusSource } from '../../src/adapters/metric-sources/prometheus/prometheus-source.ts';
import { type Kpi, KpiRegistrySchema } from '../../src/contract/kpi-registry.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import type { Family, Series } from './prometheus-samples.ts';

export const SCRAPE_SECONDS = 15;
export const CHANGE = 'chg-1-00000000aa';
/** 2026-11-02T00:00Z, a Monday, and a week later. */
export const WEEK_FROM = 29_892_960;
export const WEEK_TO = WEEK_FROM + 10_080;
/** Twelve hours of the third day in which nothing of `hits_total` was sampled. */
export const HOLE_FROM = WEEK_FROM + 2 * 1_440;
export const HOLE_TO = HOLE_FROM + 720;
/** The process was started again on the fifth day. */
export const RESET_AT = WEEK_FROM + 4 * 1_440 + 7;
export const STOPPED_AT = WEEK_TO - 2_880;

type Labels = Readonly<Record<string, string>>;

/** Scrapes lie off the minute's edge, from ten minutes before the week on. */
const FIRST = WEEK_FROM * 60 - 600 + 4;
const SCRAPES = Array.from({ length: (10_080 * 60 + 600) / SCRAPE_SECONDS }, (_, i) => FIRST + i * SCRAPE_SECONDS);

export function weekFamilies(): readonly Family[] {
  const ofVariants = (sample: (at: number, i: number) => number | null, more: Labels = {}) =>
    ['off', 'on'].map((variant) => series({ change_id: CHANGE, version_flag: variant, ...more }, sample));
  const once = (at: number, i: number) => (isInHole(at) ? null : i);
  const resetEvery = (times: number) => {
    const length = Math.floor(SCRAPES.length / (times + 1)) + 1;
    return (at: number, i: number) => (isInHole(at) ? null : i % length);
  };
  const counter = (name: string, all: readonly Series[]): Family => ({ name, type: 'counter', series: all });
  return [
    counter(
      'hits_total',
      ofVariants((at, i) => (isInHole(at) ? null : at < RESET_AT * 60 ? i : i - indexOf(RESET_AT))),
    ),
    counter('steady_total', [
      ...ofVariants((_, i) => i * 2, { status: 'fine' }),
      ...ofVariants((_, i) => i, { status: 'error' }),
    ]),
    counter('tickets_total', [series({ job: 'desk' }, (_, i) => i)]),
    counter(
      'stopped_total',
      ofVariants((at, i) => (at < STOPPED_AT * 60 ? i : null)),
    ),
    counter('reset_10_total', ofVariants(resetEvery(10))),
    counter('reset_500_total', ofVariants(resetEvery(500))),
    counter('twice_total', [
      ...ofVariants(once, { prometheus_replica: 'a' }),
      ...ofVariants(once, { prometheus_replica: 'b' }),
    ]),
    counter('odd_total', [...ofVariants(once), series({ change_id: CHANGE, version_flag: 'blue' }, once)]),
    counter(
      'spend_total',
      ofVariants((_, i) => i * 6),
    ),
    counter(
      'spend_squares_total',
      ofVariants((_, i) => i * 14),
    ),
    {
      name: 'level',
      type: 'gauge',
      series: [...ofVariants(() => 5, { instance: 'a' }), ...ofVariants(() => 7, { instance: 'b' })],
    },
  ];
}

function series(labels: Labels, sample: (at: number, i: number) => number | null): Series {
  const samples = SCRAPES.map((at, i) => [at, sample(at, i)] as const);
  return { labels, samples: samples.filter((one): one is readonly [number, number] => one[1] !== null) };
}

function isInHole(at: number): boolean {
  return at >= HOLE_FROM * 60 && at < HOLE_TO * 60;
}

/** Of the first scrape at or after a minute. */
function indexOf(minute: number): number {
  return SCRAPES.findIndex((at) => at >= minute * 60);
}

const counter = (metric: string) => ({ type: 'counter', metric });

/** A source whose clock says that the week has just ended. */
export function weekSource(url: string): MetricSource {
  const config = PrometheusSourceSchema.parse({
    type: 'prometheus',
    url,
    insecure: true,
    scrape_interval_seconds: SCRAPE_SECONDS,
    settle_seconds: 0,
    events: {
      hit: counter('hits_total'),
      steady: { ...counter('steady_total'), errors: { status: 'error' } },
      ticket: counter('tickets_total'),
      stopped: counter('stopped_total'),
      reset_10: counter('reset_10_total'),
      reset_500: counter('reset_500_total'),
      twice: counter('twice_total'),
      odd: counter('odd_total'),
      typo: counter('hit_total'),
      spend: { type: 'amount', sum: 'spend_total', squares: 'spend_squares_total' },
      bare: { type: 'amount', sum: 'spend_total' },
      level: { type: 'gauge', metric: 'level' },
      levels: { type: 'gauge', metric: 'level', series: 'many' },
      wrong: { type: 'histogram', metric: 'level', unit: 'seconds' },
    },
  });
  return createPrometheusSource(config, {}, { now: () => WEEK_TO * 60_000 + SCRAPE_SECONDS * 1_000 });
}

/** One KPI; `status` is a proportion of events that carry their outcome. */
export function weekKpi(type: 'status' | 'rate' | 'mean' | 'gauge' | 'quantile', more: object): Kpi {
  const measure = type === 'status' ? { type: 'proportion', status: 'error', ...more } : { type, ...more };
  const [kpi] = KpiRegistrySchema.parse({
    a_kpi: {
      title: 'A KPI',
      definition: 'For the tests of Prometheus.',
      owner: 'tests',
      unit: type === 'status' ? 'ratio' : 'units',
      direction: 'decrease_is_good',
      measure: { source: 'shop', ...measure } as never,
    },
  });
  return kpi!;
}
