import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KPIS, MONDAY, makeChange, REPOSITORY } from '../../../../test/support/store-fixtures.ts';
import { seedStore } from '../../../../test/support/store-seed.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { createSqliteStore } from './sqlite-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'changegate-cost-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('reads the same from a store with ten million events behind it', async () => {
  const path = join(folder, 'store.db');
  const change = makeChange();
  await seedStore({ path, change, events: 1e7, historyWeeks: 1 });
  const store = createSqliteStore({ path });
  const { tallies, total, hours, exposed, history, seen, counts } = await store.transaction(async (tx) => ({
    tallies: await tx.events.tallies(change.changeId, 'purchase', MONDAY + 500, MONDAY + 560),
    total: await tx.events.total(change.changeId, 'purchase', MONDAY, MONDAY + 10_080),
    hours: await tx.events.activeHours(change.changeId, 'purchase', MONDAY, MONDAY + 10_080),
    exposed: await tx.events.exposedUnits(change.changeId, MONDAY, MONDAY + 10_080),
    history: await tx.events.history(REPOSITORY, 'purchase', MONDAY - 10_080, MONDAY),
    seen: await tx.events.lastSeen(REPOSITORY, 'purchase', change.changeId),
    counts: await tx.events.counts(change.changeId),
  }));
  await store.close();
  const trials = total.off.n + total.on.n;
  expect(tallies).toHaveLength(60);
  expect(Math.abs(trials - 1e7 / KPIS.length)).toBeLessThan(4 * Math.sqrt(trials));
  expect(hours.reduce((sum, { n }) => sum + n, 0)).toBe(trials);
  expect(exposed.on).toBeGreaterThan(0);
  expect([hours.length, history.length]).toEqual([168, 168]);
  expect(seen).toEqual({ kpi: MONDAY + 10_079, change: MONDAY + 10_079 });
  expect(counts.accepted).toBe(1e7);
});

/** A look must cost its own minutes: no query that it makes may walk over a whole table. */
it.each([
  [
    'tallies',
    'SELECT minute, variant, sum(n) FROM rollups WHERE series_id = 1 AND minute >= 2 AND minute < 3 GROUP BY minute, variant',
  ],
  ['hours', 'SELECT hour, variant, n FROM hour_rollups WHERE series_id = 1 AND hour >= 2 AND hour < 3'],
  ['first treatment', 'SELECT min(at) FROM event_exposures WHERE scope_id = 1 AND variant = 1 AND at >= 5'],
  [
    'multi-exposed',
    'SELECT unit_key FROM mixed_exposures WHERE scope_id = 1 AND minute >= 2 AND minute < 3 GROUP BY unit_key',
  ],
  ['last seen', 'SELECT max(minute) FROM last_seen WHERE scope_id = 1 AND name_id IN (1, 2)'],
  ['consumed', "SELECT * FROM consumed_minutes WHERE change_id = 'a' AND kpi_id = 'b' ORDER BY minute"],
  ['due tasks', 'SELECT * FROM tasks WHERE due_at <= 5'],
  ['due interventions', 'SELECT * FROM interventions WHERE due_at <= 5'],
])('finds %s by a key', async (_name, sql) => {
  const path = join(folder, 'store.db');
  await createSqliteStore({ path }).close();
  const connection = new SqliteConnection(path);
  const plan = connection.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => detail);
  connection.close();
  expect(plan.join('\n')).toMatch(/SEARCH/);
  expect(plan.join('\n')).not.toMatch(/SCAN/);
});
