import { test } from 'vitest';
import { SUITE_NOW } from '../../../../test/suites/metric-source-observations.ts';
import { describeMetricSource, type MetricSourceWorld } from '../../../../test/suites/metric-source-suite.ts';
import { toOpenMetrics } from '../../../../test/support/prometheus-samples.ts';
import { hasPrometheus, startPrometheus } from '../../../../test/support/prometheus-server.ts';
import { SUITE_EVENTS, suiteFamilies } from '../../../../test/support/prometheus-world.ts';
import { PrometheusSourceSchema } from './config.ts';
import { createPrometheusSource } from './prometheus-source.ts';

const isHere = await hasPrometheus();

if (isHere) {
  const serves = ['status', 'rate', 'quantile', 'gauge'] as const;
  describeMetricSource(
    'a real Prometheus',
    async (observations): Promise<MetricSourceWorld> => {
      const server = await startPrometheus(toOpenMetrics(suiteFamilies(observations)));
      const config = PrometheusSourceSchema.parse({
        type: 'prometheus',
        url: server.url,
        insecure: true,
        scrape_interval_seconds: 60,
        labels: { cohort: 'user_cohort' },
        events: SUITE_EVENTS,
      });
      const source = createPrometheusSource(config, {}, { now: () => SUITE_NOW * 60_000 });
      return { source, serves, stop: server.stop };
    },
    serves,
  );
} else {
  test.skipIf(!isHere)('metric source: a real Prometheus', () => undefined);
}
