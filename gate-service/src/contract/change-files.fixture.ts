import { readChangeFiles } from './read-change-files.ts';

/** Files for the tests of this folder: a right registry, a right contract, and a way to read a changed one. */
export const REGISTRY = `conversion:
  title: Conversion
  definition: Share of visitors who book
  owner: growth
  unit: ratio
  direction: increase_is_good
  measure: { source: web, type: proportion, of: viewed, success: booked, within: 24h }
slow_conversion:
  title: Late bookings
  definition: Share of visitors who book within a week
  owner: growth
  unit: ratio
  direction: increase_is_good
  measure: { source: web, type: proportion, of: viewed, success: booked, within: 7d }
error_rate:
  title: Errors
  definition: Share of requests that fail
  owner: platform
  unit: ratio
  direction: decrease_is_good
  measure: { source: web, type: proportion, of: requested, status: error }
`;

/** REGISTRY and one KPI of every type that is not a proportion. */
export const ALL_TYPES = `${REGISTRY}${[
  ['revenue', 'EUR', 'increase_is_good', 'type: mean, of: viewed, value_of: paid, within: 24h, cap: 2000'],
  [
    'order_value',
    'EUR',
    'increase_is_good',
    'type: ratio, of: viewed, numerator: paid, denominator: booked, sum: value, cap: 2000, within: 24h',
  ],
  ['tickets', 'per visit', 'decrease_is_good', 'type: rate, of: viewed, count: ticket_opened'],
  ['latency', 'ms', 'decrease_is_good', 'type: quantile, of: requested, quantile: p95'],
  ['queue', 'jobs', 'decrease_is_good', 'type: gauge, of: queue_sampled, cap: 500'],
]
  .map(
    ([id, unit, direction, measure]) =>
      `${id}:\n  title: ${id}\n  definition: what it is\n  owner: growth\n  unit: ${unit}\n  direction: ${direction}\n  measure: { source: web, ${measure} }\n`,
  )
  .join('')}`;

/** Each entry is a line (or block) of a contract, by its first key. */
export const CONTRACT_LINES = {
  hypothesis: 'hypothesis: More visitors book',
  flag: 'flag: short-form',
  primary: 'primary: { kpi: conversion, at_least: +5% }',
  leading: 'leading: { kpi: conversion }',
  guardrails: 'guardrails: [{ kpi: error_rate, no_worse_than: 0.5pp }]',
  prediction: 'prediction: { delta: +8%, basis: a test, uncertainty: 4% }',
  window: 'window: 7d',
  rule: 'rule: meets_minimum',
  rollout: 'rollout: { start: 50%, throttle_to: 5% }',
  design: 'design: auto',
  stop: 'stop: { adverse: observe }',
  fast: 'fast: [{ kpi: error_rate, above: 5%, for: 15m, then: throttle }]',
  coverage_floor: 'coverage_floor: 90%',
} as const;

/** A right contract in which some lines are replaced; an empty text removes a line. */
export function contractText(changes: Partial<Record<keyof typeof CONTRACT_LINES, string>> = {}): string {
  const lines = Object.values({ ...CONTRACT_LINES, ...changes }).filter((line) => line !== '');
  return `${lines.join('\n')}\n`;
}

/** Reads a contract against REGISTRY (or another one), without a policy. */
export function readText(contract: string, registry: string | null = REGISTRY) {
  return readChangeFiles({
    contract: { path: 'contract.yml', text: contract },
    registry: registry === null ? null : { path: 'kpis.yml', text: registry },
    policy: null,
  });
}

/** "error unknown_key contract.yml:3:1 primry" for each finding. */
export function summaries(
  findings: readonly { severity: string; code: string; file: string; line: number; column: number; path: string }[],
) {
  return findings.map((f) => `${f.severity} ${f.code} ${f.file}:${f.line}:${f.column} ${f.path}`.trimEnd());
}
