import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scenario } from '../../../../../test/suites/store-order-suite.ts';
import {
  ALL_KPIS,
  CHANGE_ID,
  MONDAY,
  makeChange,
  makeEvent,
  REPOSITORY,
} from '../../../../../test/support/store-fixtures.ts';
import type { AcceptedEvent } from '../../../../domain/model/event.ts';
import { eventStore } from '../event-records.ts';
import { migrate } from '../migrate.ts';
import { SqliteConnection } from '../sqlite-connection.ts';

const CHANGE = makeChange({ effectiveAt: MONDAY - 2, windowMinutes: 5, kpis: ALL_KPIS });

/** Everything that events feed, under names instead of the numbers that depend on the order of arrival. */
const CONTENTS = {
  rollups: `SELECT name, kpi_id, minute, variant, cohort, n, y, yy, d, dd, yd, clipped, missing FROM rollups
    JOIN series USING (series_id) JOIN scopes USING (scope_id) WHERE n + y + missing > 0`,
  hour_rollups: `SELECT name, kpi_id, hour, variant, n, y, yy, d, dd, yd, clipped, missing FROM hour_rollups
    JOIN series USING (series_id) JOIN scopes USING (scope_id) WHERE n + y + missing > 0`,
  conversions: `SELECT name, kpi_id, unit, week, first_at, y FROM conversions
    JOIN series USING (series_id) JOIN scopes USING (scope_id) JOIN units USING (unit_key)`,
  status_trials: `SELECT name, kpi_id, unit, minute, variant, bad FROM status_trials
    JOIN series USING (series_id) JOIN scopes USING (scope_id) JOIN units USING (unit_key)`,
  buckets: `SELECT name, kpi_id, minute, variant, bucket, count FROM buckets
    JOIN series USING (series_id) JOIN scopes USING (scope_id) WHERE count > 0`,
  hour_buckets: `SELECT name, kpi_id, hour, variant, bucket, count FROM hour_buckets
    JOIN series USING (series_id) JOIN scopes USING (scope_id) WHERE count > 0`,
  unit_amounts: `SELECT name, kpi_id, unit, week, first_at, y, d, missing FROM unit_amounts
    JOIN series USING (series_id) JOIN scopes USING (scope_id) JOIN units USING (unit_key)`,
  latency_trials: `SELECT name, kpi_id, unit, minute, variant, bucket, missing FROM latency_trials
    JOIN series USING (series_id) JOIN scopes USING (scope_id) JOIN units USING (unit_key)`,
  unit_clusters: `SELECT name, kpi_id, unit, variant, first_minute, trials, y FROM unit_clusters
    JOIN series USING (series_id) JOIN scopes USING (scope_id) JOIN units USING (unit_key)`,
  exposures: `SELECT name, unit, first_at, first_event_id, variant, cohort, mixed FROM exposures
    JOIN scopes USING (scope_id) JOIN units USING (unit_key)`,
  mixed_exposures: `SELECT name, unit, minute, variant FROM mixed_exposures
    JOIN scopes USING (scope_id) JOIN units USING (unit_key)`,
  counters: 'SELECT name, counter, count FROM event_counters JOIN scopes USING (scope_id)',
};

async function contentsAfter(batches: readonly (readonly AcceptedEvent[])[], build: 'before' | 'after') {
  const connection = new SqliteConnection(':memory:');
  migrate(connection);
  const { events, kpis } = eventStore(connection);
  const start = async () => {
    await kpis.register(REPOSITORY, ALL_KPIS, 'hash');
    await events.startWindow(CHANGE);
  };
  if (build === 'before') await start();
  for (const batch of batches) await events.append(batch, 1);
  if (build === 'after') await start();
  const contents = Object.entries(CONTENTS).map(([table, sql]) => {
    const rows = connection.all<Record<string, unknown>>(sql).map((row) => JSON.stringify(row));
    return [table, rows.sort()];
  });
  connection.close();
  return Object.fromEntries(contents);
}

it('keeps in step, event by event, what it would build from all stored events at once', async () => {
  const renamed = (events: readonly AcceptedEvent[]) =>
    events.map((event) => ({
      ...event,
      exposures: event.exposures.slice(0, 1).map(({ variant }) => ({ changeId: CHANGE_ID, variant })),
    }));
  const property = fc.asyncProperty(scenario, async ({ batches }) => {
    const arrivals = batches.map(renamed);
    expect(await contentsAfter(arrivals, 'before')).toEqual(await contentsAfter(arrivals, 'after'));
  });
  await fc.assert(property, { numRuns: 100 });
}, 60_000);

it('leaves nothing of a measure behind when a KPI is measured otherwise', async () => {
  const connection = new SqliteConnection(':memory:');
  migrate(connection);
  const { events, kpis } = eventStore(connection);
  const tables = ['rollups', 'hour_rollups', 'buckets', 'hour_buckets', 'conversions', 'status_trials', 'unit_amounts'];
  const rows = () =>
    [...tables, 'latency_trials'].map(
      (table) => connection.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)!.n,
    );
  for (const event of ['view', 'buy', 'ping']) {
    await events.append([makeEvent({ eventId: event, event, value: 3, latencyMs: 20 })], 1);
  }
  const rotated = (by: number) =>
    ALL_KPIS.map((kpi, index) => ({ ...kpi, measure: ALL_KPIS[(index + by) % ALL_KPIS.length]!.measure }));
  await kpis.register(REPOSITORY, rotated(0), 'first');
  const before = rows();
  expect(before.every((count) => count > 0)).toBe(true);
  for (const by of [1, 2]) {
    await kpis.register(REPOSITORY, rotated(by), `by ${by}`);
    expect(rows()).toEqual(before);
  }
  connection.close();
});
