import type { EpochMinute } from '../../src/domain/model/time.ts';
import { LATENCIES_MS, type Observation, SUITE_FROM, SUITE_NOW } from '../suites/metric-source-observations.ts';
import type { Family, Series } from './prometheus-samples.ts';

/** Seconds into a minute at which the counters of it are sampled. */
const SCRAPED_AT = 58;

/** What the suite's event names are inside of this Prometheus. */
export const SUITE_EVENTS = {
  request: { type: 'counter', metric: 'requests_total', errors: { status: 'error' } },
  ticket: { type: 'counter', metric: 'tickets_total' },
  visit: { type: 'counter', metric: 'visits_total' },
  order: { type: 'counter', metric: 'orders_total' },
  item: { type: 'counter', metric: 'items_total' },
  page: { type: 'histogram', metric: 'page_seconds', unit: 'seconds' },
  queue: { type: 'gauge', metric: 'queue_length' },
} as const;

/** The observations as an app with counters would show them to a server that scrapes it once a minute. */
export function suiteFamilies(observations: readonly Observation[]): readonly Family[] {
  const count = (name: string, event: Observation['event'], keys: readonly Key[]): Family => ({
    name,
    type: 'counter',
    series: counters(observations, event, keys),
  });
  const edges = [...LATENCIES_MS, 1_000, Infinity];
  const byEdge = edges.map(
    (edge): Key => ['le', edge === Infinity ? '+Inf' : String(edge / 1000), (one) => one.latencyMs! <= edge],
  );
  return [
    count(
      'requests_total',
      'request',
      ['success', 'error'].map((status): Key => ['status', status, (one) => one.status === status]),
    ),
    count('tickets_total', 'ticket', [null]),
    { ...count('page_seconds_bucket', 'page', byEdge), type: 'unknown' },
    { ...count('page_seconds_count', 'page', [null]), type: 'unknown' },
    { name: 'queue_length', type: 'gauge', series: levels(observations) },
  ];
}

type Key = readonly [label: string, value: string, counts: (one: Observation) => boolean] | null;

/** Scrapes from ten minutes before the first observation until the clock. */
const SCRAPES: readonly EpochMinute[] = Array.from(
  { length: SUITE_NOW - SUITE_FROM + 10 },
  (_, i) => SUITE_FROM - 10 + i,
);

function groups(observations: readonly Observation[]) {
  return [...Map.groupBy(observations, labelsOf)].map(
    ([labels, all]) => [JSON.parse(labels) as Record<string, string>, all] as const,
  );
}

function labelsOf({ changeId, variant, cohort }: Observation): string {
  const change = changeId === null ? {} : { change_id: changeId, version_flag: variant };
  return JSON.stringify({ ...change, user_cohort: cohort, job: 'shop' });
}

function counters(observations: readonly Observation[], event: Observation['event'], keys: readonly Key[]): Series[] {
  return groups(observations).flatMap(([labels, all]) =>
    keys.map((key) => {
      const mine = all.filter((one) => one.event === event && (key === null || key[2](one)));
      const perMinute = Map.groupBy(mine, ({ minute }) => minute);
      let total = 0;
      const samples = SCRAPES.map((minute) => {
        total += perMinute.get(minute)?.length ?? 0;
        return [minute * 60 + SCRAPED_AT, total] as const;
      });
      return { labels: { ...labels, ...(key && { [key[0]]: key[1] }) }, samples };
    }),
  );
}

function levels(observations: readonly Observation[]): Series[] {
  return groups(observations).map(([labels, all]) => ({
    labels,
    samples: all
      .filter(({ event }) => event === 'queue')
      .map(({ minute, value }) => [minute * 60 + SCRAPED_AT, value!] as const),
  }));
}
