import { expect, it } from 'vitest';
import { exposedTo, KPIS, MONDAY, makeChange, makeEvent, REPOSITORY } from '../../../../test/support/store-fixtures.ts';
import type { AcceptedEvent } from '../../../domain/model/event.ts';
import { MINUTE_MS } from '../../../domain/model/time.ts';
import { eventStore } from './event-records.ts';
import { MIGRATIONS, migrate } from './migrate.ts';
import { SqliteConnection } from './sqlite-connection.ts';

const CHANGE = makeChange();
const SPAN = [MONDAY - 10_080, MONDAY + 10_080] as const;

/** Events of three units and of nobody, in both variants, good and bad, over more than an hour. */
function someEvents(prefix: string): AcceptedEvent[] {
  const units = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
  return [-5, 0, 1, 2, 61, 130].flatMap((minute, index) =>
    [...units, null].map((unit, place) =>
      makeEvent({
        eventId: `${prefix} ${minute} ${place}`,
        event: (index + place) % 3 === 2 ? 'buy' : 'view',
        unit,
        status: (index + place) % 4 === 1 ? 'error' : 'success',
        at: (MONDAY + minute) * MINUTE_MS + place,
        exposures: exposedTo((index + place) % 2 ? 'on' : 'off'),
      }),
    ),
  );
}

async function filled(connection: SqliteConnection): Promise<void> {
  migrate(connection);
  const { events, kpis } = eventStore(connection);
  await kpis.register(REPOSITORY, KPIS, 'hash');
  await events.startWindow(CHANGE);
  await events.append(someEvents('first'), 1);
}

/** The same rows in the tables of the first schema, which had no series of units and fewer columns. */
function asOfTheFirstSchema(connection: SqliteConnection): SqliteConnection {
  const old = new SqliteConnection(':memory:');
  migrate(old, MIGRATIONS.slice(0, 1));
  const tables = old.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('schema_versions', 'ledger_head')",
  );
  const units = new Set(
    connection.all<{ id: number }>("SELECT series_id AS id FROM series WHERE kind = 'units'").map(({ id }) => id),
  );
  for (const { name } of tables) {
    const columns = old.all<{ name: string }>(`SELECT name FROM pragma_table_info('${name}')`).map((row) => row.name);
    const renamed = columns.map((column) =>
      column === 'success_name_id' ? 'other_name_id AS success_name_id' : column,
    );
    for (const row of connection.all<Record<string, never>>(`SELECT ${renamed.join(', ')} FROM ${name}`)) {
      if ('series_id' in row && units.has(row.series_id!)) continue;
      const places = columns.map(() => '?').join(', ');
      old.run(`INSERT INTO ${name} (${columns.join(', ')}) VALUES (${places})`, ...columns.map((key) => row[key]!));
    }
  }
  return old;
}

async function readAll(connection: SqliteConnection) {
  const { events } = eventStore(connection);
  const answers = [];
  for (const { id } of KPIS) {
    answers.push({
      id,
      tallies: await events.tallies(CHANGE.changeId, id, ...SPAN),
      total: await events.total(CHANGE.changeId, id, ...SPAN),
      units: await events.unitTotal(CHANGE.changeId, id, ...SPAN),
      unitsOfTwoMinutes: await events.unitTotal(CHANGE.changeId, id, MONDAY + 1, MONDAY + 3),
      history: await events.history(REPOSITORY, id, ...SPAN),
      historyMinutes: await events.historyMinutes(REPOSITORY, id, ...SPAN),
    });
  }
  return { answers, exposed: await events.exposedUnits(CHANGE.changeId, ...SPAN) };
}

it('a store of the first schema keeps its numbers, gets its units, and goes on counting', async () => {
  const today = new SqliteConnection(':memory:');
  await filled(today);
  const old = asOfTheFirstSchema(today);
  expect(old.all("SELECT name FROM pragma_table_info('rollups')")).toHaveLength(6);
  migrate(old);
  const expected = await readAll(today);
  expect(await readAll(old)).toEqual(expected);
  const errors = expected.answers.find(({ id }) => id === 'view_errors')!;
  expect([errors.units.on.sums?.d, errors.units.off.sums?.d]).toEqual([errors.total.on.n, errors.total.off.n]);
  expect(errors.units.on.n).toBeGreaterThan(1);
  expect(errors.units.on.n).toBeLessThan(errors.total.on.n);

  for (const connection of [today, old]) await eventStore(connection).events.append(someEvents('second'), 2);
  expect(await readAll(old)).toEqual(await readAll(today));
  expect((await readAll(old)).answers).not.toEqual(expected.answers);
  today.close();
  old.close();
});

it('what was consumed before stays as it was', () => {
  const connection = new SqliteConnection(':memory:');
  migrate(connection, MIGRATIONS.slice(0, 1));
  connection.run("INSERT INTO consumed_minutes VALUES ('chg', 'purchase', 7, 0, 4, 1, 3, 2)");
  migrate(connection);
  expect(connection.all('SELECT off_n, off_y, on_n, on_y, more FROM consumed_minutes')).toEqual([
    { off_n: 4, off_y: 1, on_n: 3, on_y: 2, more: null },
  ]);
  expect(() => connection.run("UPDATE consumed_minutes SET more = '{}'")).toThrow(/never altered/);
  connection.close();
});
