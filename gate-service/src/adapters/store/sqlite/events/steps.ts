import type { DatabaseSync } from 'node:sqlite';
import { logBucket } from '../../../../domain/statistics/log-histogram.ts';
import { ZERO_BUCKET } from './codes.ts';

/** One event counts as at most this many steps, either way: sums stay exact, whatever their order. */
const MOST_STEPS = 1e9;

/**
 * What one event adds to an amount, in whole steps.
 * @param step size of a step in the unit of the KPI; null when events are counted, each as one
 * @returns    null when the event should have a value and has none
 */
export function amountSteps(value: number | null, step: number | null): number | null {
  if (step === null) return 1;
  if (value === null) return null;
  const steps = Math.max(-MOST_STEPS, Math.min(MOST_STEPS, Math.round(value / step)));
  return steps === 0 ? 0 : steps;
}

/** The bucket of a latency as the tables have it: zeros have one below all others. @returns null without a latency */
export function latencyBucket(latencyMs: number | null): number | null {
  return latencyMs === null ? null : (logBucket(latencyMs) ?? ZERO_BUCKET);
}

/** The same two for SQL, so that what is built at once and what is kept up event by event cannot differ. */
export function defineStepFunctions(database: DatabaseSync): void {
  const options = { deterministic: true, directOnly: true };
  database.function('amount_steps', options, (value, step) =>
    amountSteps(value as number | null, step as number | null),
  );
  database.function('latency_bucket', options, (latencyMs) => latencyBucket(latencyMs as number | null));
}
