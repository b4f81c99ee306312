import { describe, expect, test } from 'vitest';
import { BOTH, SUITE_KPIS, type SuiteKind } from '../../../../test/suites/metric-source-observations.ts';
import { SUITE_EVENTS } from '../../../../test/support/prometheus-world.ts';
import { PrometheusSourceSchema } from './config.ts';
import { partsOf } from './parts.ts';
import { planOf } from './plan.ts';
import { buildQuery } from './promql.ts';
import { coverageQuery, freshnessQuery, groupsQuery, oldestQuery, resetsQuery } from './queries.ts';

const config = PrometheusSourceSchema.parse({
  type: 'prometheus',
  url: 'https://prometheus.example',
  events: SUITE_EVENTS,
});
const queries = (kind: SuiteKind) => {
  const shape = { by: ['version_flag'], bucketMinutes: 1, lookbackMinutes: 5 };
  const parts = partsOf(planOf(config, SUITE_KPIS[kind]), config, BOTH, shape);
  return Object.entries(parts).map(([name, template]) => `${name}: ${buildQuery(template)}`);
};
const growth = (selector: string, by = 'version_flag') => `sum by (${by}) (
  (
    last_over_time(${selector}[1m])
    - (
      last_over_time(${selector}[5m] offset 1m) <= min_over_time(${selector}[1m])
      or 0 * last_over_time(${selector}[5m] offset 1m)
      or min_over_time(${selector}[1m])
    )
  ) unless resets(${selector}[1m]) > 0
  or increase(${selector}[1m])
)`;

describe('the queries of each type, word for word', () => {
  test('a status', () => {
    expect(queries('status')).toEqual([
      `n: ${growth('requests_total{change_id="chg-1-00000000aa"}')}`,
      `y: ${growth('requests_total{status="error",change_id="chg-1-00000000aa"}')}`,
    ]);
  });

  test('a rate', () => {
    expect(queries('rate')).toEqual([
      `n: ${growth('requests_total{change_id="chg-1-00000000aa"}')}`,
      `y: ${growth('tickets_total{change_id="chg-1-00000000aa"}')}`,
    ]);
  });

  test('a quantile', () => {
    const selector = 'page_seconds_bucket{change_id="chg-1-00000000aa"}';
    expect(queries('quantile')).toEqual([`histogram: ${growth(selector, 'version_flag, le')}`]);
  });

  test('a gauge', () => {
    const inside = 'queue_length{change_id="chg-1-00000000aa"}[1m]';
    const mean = `clamp(avg_over_time(${inside}), 0, 50)`;
    const count = `count_over_time(${inside})`;
    expect(queries('gauge')).toEqual([
      `n: sum by (version_flag) (${count})`,
      `sum: sum by (version_flag) (${mean} * ${count})`,
      `squares: sum by (version_flag) ((stdvar_over_time(${inside}) + ${mean} * ${mean}) * ${count})`,
      `clipped: sum by (version_flag) (${count} and (avg_over_time(${inside}) < 0 or avg_over_time(${inside}) > 50))`,
    ]);
  });

  test('a native histogram', () => {
    const native = PrometheusSourceSchema.parse({
      ...config,
      labels: {},
      events: { page: { ...SUITE_EVENTS.page, native: true } },
    });
    const shape = { by: [], bucketMinutes: 60, lookbackMinutes: 5 };
    const { histogram } = partsOf(planOf(native, SUITE_KPIS.quantile), native, null, shape);
    expect(buildQuery(histogram!)).toBe('sum (increase(page_seconds{}[60m]))');
  });
});

test('the companions, word for word', () => {
  const selector = { metric: 'm', matchers: [{ label: 'a', op: '=~' as const, value: 'x|y' }] };
  const shape = { by: [], bucketMinutes: 60, lookbackMinutes: 5 };
  expect(buildQuery((quote) => coverageQuery(selector, shape, quote))).toBe('max (count_over_time(m{a=~"x|y"}[60m]))');
  expect(buildQuery((quote) => freshnessQuery(selector, 60, 15, quote))).toBe(
    'max(max_over_time(timestamp(m{a=~"x|y"})[60m:15s]))',
  );
  expect(buildQuery((quote) => oldestQuery(selector, 84, quote))).toBe(
    'min(min_over_time(timestamp(m{a=~"x|y"})[84d:1h]))',
  );
  expect(buildQuery((quote) => resetsQuery(selector, 60, quote))).toBe('sum(resets(m{a=~"x|y"}[60m]))');
  expect(buildQuery((quote) => groupsQuery(selector, ['r'], 15, quote))).toBe(
    'count by (r) (count_over_time(m{a=~"x|y"}[15m]))',
  );
});
