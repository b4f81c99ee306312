import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { BOTH, SUITE_KPIS } from '../../../../test/suites/metric-source-observations.ts';
import { type NativeTarget, startNativeTarget } from '../../../../test/support/prometheus-native.ts';
import { hasPrometheus, type PrometheusServer, startPrometheus } from '../../../../test/support/prometheus-server.ts';
import { MINUTE_MS, minuteOf } from '../../../domain/model/time.ts';
import { logBucket } from '../../../domain/statistics/log-histogram.ts';
import { PrometheusSourceSchema } from './config.ts';
import { createPrometheusSource } from './prometheus-source.ts';

const isHere = await hasPrometheus();
const SAMPLES = 25;
const PER_SAMPLE = 3;

describe.skipIf(!isHere)('a native histogram in a real Prometheus', () => {
  /** A minute's edge some time ago: a scrape shows samples of then. */
  const from = minuteOf(Date.now()) - 10;
  let target: NativeTarget;
  let server: PrometheusServer;

  beforeAll(async () => {
    const labels = ['off', 'on'].map((version_flag) => ({ change_id: BOTH, version_flag }));
    const many = { fromMs: from * MINUTE_MS, everySeconds: 15, samples: SAMPLES, perSample: PER_SAMPLE };
    target = await startNativeTarget('page_seconds', labels, many);
    server = await startPrometheus('', { target: target.target });
    await vi.waitFor(() => expect(target.scraped()).toBeGreaterThan(SAMPLES), { timeout: 30_000, interval: 100 });
  });
  afterAll(async () => {
    await server?.stop();
    await target?.stop();
  });

  test('is read by minute and variant, its values at the upper edges of its buckets', async () => {
    const config = PrometheusSourceSchema.parse({
      type: 'prometheus',
      url: server.url,
      insecure: true,
      events: { page: { type: 'histogram', metric: 'page_seconds', unit: 'seconds', native: true } },
    });
    const to = from + 5;
    const source = createPrometheusSource(config, {}, { now: () => (to + 1) * MINUTE_MS });
    const question = { kpi: SUITE_KPIS.quantile, changeId: BOTH, from, to, bucketMinutes: 1, byCohort: false } as const;
    const answer = await source.read(question);
    if (answer.status !== 'ok') expect.fail(`${answer.fault}: ${answer.detail}`);
    expect(answer.buckets).toHaveLength(10);
    // Four samples a minute; increase() stretches the three steps between them to the whole minute.
    const inBucket = 4 * PER_SAMPLE;
    const buckets = [
      [logBucket(2_000), inBucket],
      [logBucket(4_000), inBucket],
    ];
    const last = answer.buckets.findLast(({ variant }) => variant === 'on');
    expect(last).toEqual({
      minute: to - 1,
      variant: 'on',
      cohort: '',
      tally: { n: 2 * inBucket, y: 0, histogram: { zeros: 0, buckets } },
    });
    expect((await source.check(SUITE_KPIS.quantile)).filter(({ status }) => status === 'failed')).toEqual([]);
  });
});
