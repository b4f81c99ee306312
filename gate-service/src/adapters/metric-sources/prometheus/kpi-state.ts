import { requireAlive, requireOneReplica, requireType } from './companions.ts';
import type { PrometheusConfig } from './config.ts';
import type { PrometheusClient } from './http-client.ts';
import type { Plan } from './plan.ts';

/** What is the same for every change that is judged by a KPI. */
export interface KpiState {
  /** Milliseconds of the newest sample of the metric that is furthest behind. */
  readonly newestMs: number;
  /** Whether the server tells the metrics' types. */
  readonly knowsType: boolean;
}

/** @throws PrometheusFault when the KPI's metrics are gone, stale, of another type or there twice */
export type ReadKpiState = (plan: Plan, nowMs: number) => Promise<KpiState>;

/** As long as one round of looks: a thousand changes by one KPI ask once. */
const SHARED_MS = 10_000;

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
  const shared = new Map<string, { readonly until: number; readonly state: Promise<KpiState> }>();
  return (plan, nowMs) => {
    const key = JSON.stringify([plan.alive, plan.kind]);
    const found = shared.get(key);
    if (found && wallClock() < found.until) return found.state;
    const state = load(config, client, plan, nowMs);
    shared.set(key, { until: wallClock() + SHARED_MS, state });
    state.catch(() => shared.delete(key));
    return state;
  };
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
