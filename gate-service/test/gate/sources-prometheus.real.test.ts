import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrometheusSourceSchema } from '../../src/adapters/metric-sources/prometheus/config.ts';
import { createPrometheusSource } from '../../src/adapters/metric-sources/prometheus/prometheus-source.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import { makeChangeId } from '../../src/services/hashes.ts';
import { gateContract, REPOSITORY, stampBody } from '../support/gate-files.ts';
import { START } from '../support/gate-harness.ts';
import { type Family, type Series, toOpenMetrics } from '../support/prometheus-samples.ts';
import { hasPrometheus, type PrometheusServer, startPrometheus } from '../support/prometheus-server.ts';
import { PulledGate, START_MINUTE, WEEK } from '../support/pulled-gate.ts';

const MINUTE_MS = 60_000;
const stamped = stampBody(1);
const CHANGE = makeChangeId(REPOSITORY, 1, stamped.commit_sha, stamped.contract.path);
/** Hits a minute and variant, and every how many of them one is an error. */
const HITS = 20;
const ERROR_EVERY = { off: 20, on: 4, null: 20 } as const;
const SERVED_FROM = START_MINUTE + 5;
const CONTRACT = gateContract({ primary: 'primary: { kpi: errors, at_least: -5% }', leading: '', guardrails: '' });

function hits(variant: 'off' | 'on' | null, status: 'success' | 'error', from: number, to: number): Series {
  const errors = HITS / ERROR_EVERY[`${variant}`];
  const perMinute = status === 'error' ? errors : HITS - errors;
  const change = variant === null ? {} : { change_id: CHANGE, version_flag: variant };
  return {
    labels: { job: 'shop', status, ...change },
    samples: Array.from({ length: to - from }, (_, i) => [(from + i) * 60 + 58, i * perMinute] as const),
  };
}

const isHere = await hasPrometheus();

describe.skipIf(!isHere)('a change whose KPI is in a real Prometheus', () => {
  let server: PrometheusServer;
  let world: PulledGate;

  beforeAll(async () => {
    const of = (variant: 'off' | 'on' | null, from: number, to: number) => [
      hits(variant, 'success', from, to),
      hits(variant, 'error', from, to),
    ];
    const end = START_MINUTE + WEEK + 300;
    const family: Family = {
      name: 'hits_total',
      type: 'counter',
      series: [
        ...of(null, START_MINUTE - WEEK - 120, end),
        ...of('off', SERVED_FROM - 1, end),
        ...of('on', SERVED_FROM - 1, end),
      ],
    };
    server = await startPrometheus(toOpenMetrics([family]));
    const config = PrometheusSourceSchema.parse({
      type: 'prometheus',
      url: server.url,
      insecure: true,
      scrape_interval_seconds: 60,
      events: { quote_viewed: { type: 'counter', metric: 'hits_total', errors: { status: 'error' } } },
    });
    const sources = new Map<string, MetricSource>();
    world = new PulledGate({ sources });
    sources.set('metrics', createPrometheusSource(config, {}, { now: () => world.harness.business.now() }));
    Object.assign(world.harness.gate, { real: systemClock });
  }, 60_000);
  afterAll(async () => {
    await world?.close();
    await server?.stop();
  });

  test('is turned off for the harm that the server tells, and judged on what was kept', async () => {
    expect(await world.start(1, CONTRACT)).toBe(CHANGE);
    const { harness } = world;
    await harness.runTo(START + 60 * MINUTE_MS, 10);
    await harness.runTo(START + 600 * MINUTE_MS, 60);
    const change = await harness.show(CHANGE);
    expect(change.looks.map(({ kpi_id, signal }) => [kpi_id, signal])).toEqual([['errors', 'adverse']]);
    expect(change.interventions.map(({ kind }) => kind)).toContain('turn_off');
    const stored = await harness.gate.store.transaction((tx) => tx.verdicts.list(CHANGE));
    const evidence = stored.at(-1)!.evidence;
    const [errors] = evidence.metrics;
    expect(evidence.change.effectiveAt).toBe(SERVED_FROM);
    expect(errors?.source).toMatchObject({ name: 'metrics', failure: null, disagreement: null });
    expect(errors?.source?.queries[0]).toContain(CHANGE);
    const { off, on } = errors!.strata[0]!;
    // The minute of the stop itself is not over: the server was not asked for the last one before it yet.
    const minutes = errors!.strata[0]!.minutes - 1;
    expect(errors?.source?.answeredShare).toBeCloseTo(minutes / (minutes + 1));
    expect(off).toMatchObject({ n: minutes * HITS, y: minutes });
    expect(on).toMatchObject({ n: minutes * HITS, y: minutes * 5 });
    // Hits are no users: nothing says how users were split.
    expect(stored.at(-1)!.verdict.quality.find(({ check }) => check === 'srm')?.status).toBe('unknown');
  }, 120_000);
});
