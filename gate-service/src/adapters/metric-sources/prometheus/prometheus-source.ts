import { GateError } from '../../../contract/gate-error.ts';
import type { MetricSource } from '../../../ports/metric-source.ts';
import { checkPrometheus } from './check.ts';
import type { PrometheusConfig, PrometheusSecrets } from './config.ts';
import { createPrometheusClient } from './http-client.ts';
import { createReadKpiState } from './kpi-state.ts';
import { createReadEverybody, readPrometheus } from './read.ts';

export interface PrometheusOptions {
  /** Milliseconds since 1970 on the clock that the samples' times are of. */
  readonly now: () => number;
  /** Time for one query, and for all of one question; shorter in tests. */
  readonly queryMs?: number;
  readonly sessionMs?: number;
}

/**
 * A Prometheus, or anything that speaks its HTTP API.
 * @throws GateError `invalid_config` when `auth` lacks its secret
 */
export function createPrometheusSource(
  config: PrometheusConfig,
  secrets: PrometheusSecrets,
  { now, ...times }: PrometheusOptions,
): MetricSource {
  const lacks =
    (config.auth === 'bearer' && !secrets.token) ||
    (config.auth === 'basic' && (!secrets.username || !secrets.password));
  if (lacks) {
    throw new GateError(
      'invalid_config',
      `A source of type prometheus says auth: ${config.auth} and has no secret for it.`,
      'Set its token (bearer), or its user name and password (basic), in the environment.',
    );
  }
  const client = createPrometheusClient(config, secrets, { now: Date.now, ...times });
  const shared = {
    kpiState: createReadKpiState(config, client, Date.now),
    everybody: createReadEverybody(config, client, Date.now),
  };
  return {
    read: (question) => readPrometheus(config, client, shared, question, now()),
    check: (kpi) => checkPrometheus(config, client, kpi, now()),
    close: async () => undefined,
  };
}
