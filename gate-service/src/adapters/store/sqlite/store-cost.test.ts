import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ALL_KPIS,
  exposedTo,
  KPIS,
  MONDAY,
  makeChange,
  makeEvent,
  REPOSITORY,
} from '../../../../test/support/store-fixtures.ts';
import { seedStore } from '../../../../test/support/store-seed.ts';
import { MINUTE_MS } from '../../../domain/model/time.ts';
import { eventStore } from './event-records.ts';
import { migrate } from './migrate.ts';
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

/** Writes down every statement that is prepared. */
class RecordingConnection extends SqliteConnection {
  readonly prepared = new Set<string>();

  override statement(sql: string): StatementSync {
    if (!sql.startsWith('EXPLAIN')) this.prepared.add(sql);
    return super.statement(sql);
  }
}

/** Events of many kinds: moves, both variants, late trials, events of nobody, repetitions. */
function busyEvents() {
  const units = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
  return [5, 3, 4, 1, 2, 0].flatMap((minute, index) =>
    [...units, null].flatMap((unit) =>
      ['view', 'buy', 'ping'].map((event) =>
        makeEvent({
          eventId: `${event} ${unit} ${minute}`,
          event,
          unit,
          cohort: index % 2 ? 'eu' : 'us',
          status: index % 3 ? 'success' : 'error',
          value: index % 4,
          latencyMs: index % 5 ? 10 * index : null,
          at: (MONDAY + minute) * MINUTE_MS,
          exposures: exposedTo(index % 2 ? 'on' : 'off'),
        }),
      ),
    ),
  );
}

/** Tables with as many rows as there were events: walking over one costs more with each event ever stored. */
const LARGE = /SCAN (?!json|\(|windows|series|scopes|s\b|w\b)/;

it('finds by a key everything that appending and reading need', async () => {
  const connection = new RecordingConnection(':memory:');
  migrate(connection);
  const { events, kpis } = eventStore(connection);
  const change = makeChange({ kpis: ALL_KPIS });
  await kpis.register(REPOSITORY, ALL_KPIS, 'hash');
  await events.startWindow(change);
  connection.prepared.clear();

  for (const batch of [busyEvents(), busyEvents()]) await events.append(batch, 1);
  const span = [MONDAY, MONDAY + 10_080] as const;
  for (const { id } of ALL_KPIS) {
    await events.tallies(change.changeId, id, ...span);
    await events.total(change.changeId, id, ...span);
    await events.unitTotal(change.changeId, id, ...span);
    await events.history(REPOSITORY, id, ...span);
    await events.historyMinutes(REPOSITORY, id, ...span);
  }
  await events.exposedUnits(change.changeId, ...span);
  expect(await events.multiExposedUnits(change.changeId, ...span)).toBe(3);
  await events.lastSeen(REPOSITORY, 'purchase', change.changeId);
  await events.firstTreatmentMinute(change.changeId, 0);
  await events.heartbeatHours(REPOSITORY, ...span);
  await events.counts(change.changeId);

  const plans = [...connection.prepared].map((sql) => {
    const steps = connection.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    return { sql, plan: steps.map(({ detail }) => detail).join('\n') };
  });
  connection.close();
  expect(plans.length).toBeGreaterThan(20);
  expect(plans.filter(({ plan }) => LARGE.test(plan))).toEqual([]);
  // Through the change's exposures it would be found by a key as well, but by one that a million rows share.
  const served = plans.filter(({ sql }) => sql.includes('CROSS JOIN event_exposures'));
  expect(served.map(({ plan }) => plan.split('\n')[0])).toEqual([
    expect.stringContaining('events_by_unit (unit_key=?'),
  ]);
});
