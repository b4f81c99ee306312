import { requireAlive, requireOneReplica, requireType } from './companions.ts';
import type { PrometheusConfig } from './config.ts';
import type { PrometheusClient } from './http-client.ts';
import type { Plan } from './plan.ts';
import { createShare } from './share.ts';

/** What is the same for every change that is judged by a KPI. */
export interface KpiState {
  /** Milliseconds of the newest sample of the metric that is furthest behind. */
  readonly newestMs: number;
  /** Whether the server tells the metrics' types. */
  readonly knowsType: boolean;
}

/** @throws PrometheusFault when the KPI's metrics are gone, stale, of another type or there twice */
export type ReadKpiState = (plan: Plan, nowMs: number) => Promise<KpiState>;

/**
 * Reads the state of a KPI in a session of its own, which nobody else's fault can end, and shares it for a moment. Faults
 * are not kept.
 * @param wallClock milliseconds, for how long an answer is shared
 */
export function createReadKpiState(
  config: PrometheusConfig,
  client: PrometheusClient,
  wallClock: () => number,
): ReadKpiState {
  const share = createShare<KpiState>(wallClock);
  return (plan, nowMs) => share(JSON.stringify([plan.alive, plan.kind]), () => load(config, client, plan, nowMs));
}

async function load(config: PrometheusConfig, client: PrometheusClient, plan: Plan, nowMs: number): Promise<KpiState> {
  const session = client.open();
  try {
    const [newestMs, knowsType] = await Promise.all([
      requireAlive(session, config, plan, nowMs),
      requireType(session, plan),
      requireOneReplica(session, config, plan, nowMs),
    ]);
    return { newestMs, knowsType };
  } finally {
    session.close();
  }
}
