import { DatabaseSync } from 'node:sqlite';
import { createSqliteStore } from '../../src/adapters/store/sqlite/sqlite-store.ts';
import type { Change } from '../../src/domain/model/change.ts';
import { type EpochMinute, HOUR_MINUTES, WEEK_MINUTES } from '../../src/domain/model/time.ts';
import { type SeededRandom, seededRandom } from './seeded-random.ts';

export interface SeedOptions {
  /** File of a store that is not open; made when it is missing. */
  readonly path: string;
  /** The change, with `effectiveAt`; inserted and started when it is not there. */
  readonly change: Change;
  /** Trials to be counted for the change, over all its KPIs and both variants. */
  readonly events: number;
  /** Share of trials that are counted as outcomes. */
  readonly rate?: number;
  /** Weeks of the KPIs' own history before the window, with the same traffic. */
  readonly historyWeeks?: number;
  readonly seed?: number;
}

const OFF = 0;
const ON = 1;
const NONE = 2;

/**
 * Writes the roll-ups that so many events would have left, without the events: a store with ten million
 * events behind it in about a second, for measuring what reading costs.
 */
export async function seedStore(options: SeedOptions): Promise<void> {
  const { path, change, events, rate = 0.1, historyWeeks = 4, seed = 1 } = options;
  const store = createSqliteStore({ path });
  await store.transaction(async (tx) => {
    await tx.changes.insert(change);
    await tx.kpis.register(change.repository, change.kpis, change.kpisHash);
    await tx.events.startWindow(change);
  });
  await store.close();

  const start = change.effectiveAt!;
  const minutes = change.contract.windowMinutes;
  const mean = events / change.kpis.length / minutes;
  const writer = new RollupSeeder(new DatabaseSync(path), seededRandom(seed), rate);
  for (const variant of [OFF, ON]) {
    for (const { id } of change.kpis) writer.fill(change.changeId, id, variant, start, start + minutes, mean / 2);
    writer.fill(change.changeId, '', variant, start, start + minutes, mean / 2);
  }
  const past = start - historyWeeks * WEEK_MINUTES;
  for (const { id } of change.kpis) writer.fill(change.repository, id, NONE, past, start + minutes, mean);
  for (const { measure } of change.kpis) writer.see(change, measure.of, start + minutes - 1);
  writer.count(change.changeId, events);
  writer.finish();
}

class RollupSeeder {
  readonly #database: DatabaseSync;
  readonly #random: SeededRandom;
  readonly #rate: number;

  constructor(database: DatabaseSync, random: SeededRandom, rate: number) {
    this.#database = database;
    this.#random = random;
    this.#rate = rate;
    database.exec('BEGIN');
  }

  fill(scope: string, kpiId: string, variant: number, from: EpochMinute, to: EpochMinute, mean: number): void {
    const { series_id: seriesId } = this.#database
      .prepare('SELECT series_id FROM series JOIN scopes USING (scope_id) WHERE name = ? AND kpi_id = ?')
      .get(scope, kpiId) as { series_id: number };
    const insert = this.#database.prepare(
      "INSERT INTO rollups (series_id, minute, variant, cohort, n, y) VALUES (?, ?, ?, '', ?, ?)",
    );
    for (let minute = from; minute < to; minute += 1) {
      const n = this.#random.poisson(mean);
      if (n > 0) insert.run(seriesId, minute, variant, n, kpiId === '' ? 0 : this.#random.binomial(n, this.#rate));
    }
    this.#database
      .prepare(
        `INSERT INTO hour_rollups (series_id, hour, variant, n, y)
         SELECT series_id, minute / ${HOUR_MINUTES}, variant, sum(n), sum(y) FROM rollups
         WHERE series_id = ? AND variant = ? GROUP BY 2`,
      )
      .run(seriesId, variant);
  }

  see(change: Change, event: string, minute: EpochMinute): void {
    this.#database
      .prepare(
        `INSERT INTO last_seen (scope_id, name_id, minute)
         SELECT scope_id, name_id, ? FROM scopes, event_names
         WHERE scopes.name IN (?, ?) AND event_names.name = ?
           AND repository_id = (SELECT scope_id FROM scopes WHERE name = ?) ON CONFLICT DO NOTHING`,
      )
      .run(minute, change.changeId, change.repository, event, change.repository);
  }

  count(scope: string, events: number): void {
    this.#database
      .prepare(
        "INSERT INTO event_counters (scope_id, counter, count) SELECT scope_id, 'accepted', ? FROM scopes WHERE name = ?",
      )
      .run(events, scope);
  }

  finish(): void {
    this.#database.exec('COMMIT');
    this.#database.close();
  }
}
