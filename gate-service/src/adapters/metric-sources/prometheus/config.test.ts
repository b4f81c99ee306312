import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRepositoryFile } from '../../../../test/architecture/repository-files.ts';
import { BOTH, SUITE_FROM, SUITE_KPIS, SUITE_TO } from '../../../../test/suites/metric-source-observations.ts';
import { PrometheusSourceSchema } from './config.ts';
import { createPrometheusSource } from './prometheus-source.ts';

const whole = { type: 'prometheus', url: 'https://prometheus.example', events: {} };
const problems = (more: object) =>
  PrometheusSourceSchema.safeParse({ ...whole, ...more }).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

describe('a source of type prometheus', () => {
  test('needs no more than a URL and its events', () => {
    expect(PrometheusSourceSchema.parse(whole)).toMatchObject({ scrape_interval_seconds: 15, auth: 'none' });
  });

  test("the example and the other servers' settings of docs/sources.md are allowed", () => {
    const page = readRepositoryFile('docs/sources.md')
      .split('\n## ')
      .find((part) => part.startsWith('Prometheus'))!;
    const yaml = /```yaml\n([\s\S]*?)```/.exec(page)![1]!;
    const example = (parse(yaml) as { sources: { metrics: object } }).sources.metrics;
    expect(PrometheusSourceSchema.parse(example).events.checkout_request).toMatchObject({ type: 'counter' });
    const settings = [...page.matchAll(/`((?:params|headers|settle_seconds): [^`]*)`/g)].map(([, text]) => text!);
    expect(settings).toHaveLength(4);
    for (const text of settings) expect(problems(parse(text) as object)).toBeUndefined();
  });

  test.each([
    [{ url: 'http://prometheus.example' }, 'url: allowed: https; or http together with insecure: true'],
    [{ url: 'https://me:secret@prometheus.example' }, 'url: allowed: a URL without user, query and fragment'],
    [{ url: 'https://prometheus.example?x=1' }, 'url: allowed: a URL without user, query and fragment'],
    [{ url: 'file:///etc/passwd' }, 'url: allowed: an http or https URL'],
    [{ headers: { Authorization: 'Bearer x' } }, 'headers.Authorization: Invalid key in record'],
    [{ headers: { 'X-A': 'a\r\nb' } }, 'headers.X-A: allowed: 1 to 500 printable ASCII characters'],
    [{ params: { query: 'up' } }, 'params.query: Invalid key in record'],
    [{ variants: { on: 'a', off: 'a' } }, 'variants: allowed: two different values'],
    [{ labels: { change_id: 'a b' } }, 'labels.change_id: allowed: the name of a label, such as change_id'],
    [
      { events: { hit: { type: 'counter', metric: 'up or vector(1)' } } },
      'events.hit.metric: allowed: the name of a metric, such as http_requests_total',
    ],
    [
      { events: { hit: { type: 'counter', metric: 'hits_total', matchers: { a: { like: 'x' } } } } },
      'events.hit.matchers.a: allowed: a text, or one of { matches }, { not }, { not_matches }',
    ],
  ])('%j is told', (more, problem) => {
    expect(problems(more)).toEqual([problem]);
  });

  test('says what is missing of its secrets', () => {
    const config = PrometheusSourceSchema.parse({ ...whole, auth: 'bearer' });
    expect(() => createPrometheusSource(config, {}, { now: () => 0 })).toThrow('auth: bearer and has no secret');
    const basic = PrometheusSourceSchema.parse({ ...whole, auth: 'basic' });
    expect(() => createPrometheusSource(basic, { username: 'a' }, { now: () => 0 })).toThrow('auth: basic');
  });
});

describe('what cannot be asked is refused with the reason, before anything is sent', () => {
  const ask = (kind: keyof typeof SUITE_KPIS, events: object, byCohort = false) => {
    const config = PrometheusSourceSchema.parse({ ...whole, url: 'https://nowhere.invalid', events });
    const kpi = SUITE_KPIS[kind];
    const question = { kpi, changeId: BOTH, from: SUITE_FROM, to: SUITE_TO, bucketMinutes: 1, byCohort } as const;
    return createPrometheusSource(config, {}, { now: () => 0 }).read(question);
  };

  test.each([
    ['conversion', { visit: { type: 'counter', metric: 'v' } }, false, 'refused', 'Counters do not know who did what'],
    ['ratio', {}, false, 'refused', 'no variance'],
    ['quantile', { page: { type: 'summary', metric: 'p' } }, false, 'refused', 'cannot be added up. Use a histogram'],
    [
      'status',
      { request: { type: 'counter', metric: 'r' } },
      false,
      'not_configured',
      'events.request.errors is missing',
    ],
    ['rate', { request: { type: 'counter', metric: 'r' } }, false, 'not_configured', 'events.ticket is missing'],
    [
      'rate',
      { request: { type: 'gauge', metric: 'r' } },
      false,
      'not_configured',
      'is a gauge; this KPI needs a counter',
    ],
    ['gauge', { queue: { type: 'gauge', metric: 'q' } }, true, 'not_configured', 'labels.cohort is missing'],
  ] as const)('%s of %j', async (kind, events, byCohort, fault, detail) => {
    expect(await ask(kind, events, byCohort)).toEqual({
      status: 'source_error',
      fault,
      detail: expect.stringContaining(detail),
      query: null,
    });
  });
});
