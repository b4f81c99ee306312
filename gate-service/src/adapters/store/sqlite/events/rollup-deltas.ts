import { GateError } from '../../../../contract/gate-error.ts';
import type { Sums, Tally } from '../../../../domain/model/tally.ts';
import { type EpochMinute, HOUR_MINUTES } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

/** Columns of a roll-up besides n and y, in the order of the statements. */
export const SUM_COLUMNS = ['yy', 'd', 'dd', 'yd', 'clipped', 'missing'] as const satisfies readonly (keyof Sums)[];

const MINUTES = { table: 'rollups', key: ['series_id', 'minute', 'variant', 'cohort'] };
const HOURS = { table: 'hour_rollups', key: ['series_id', 'hour', 'variant'] };
const MINUTE_SQL = { plain: statements(MINUTES, []), full: statements(MINUTES, SUM_COLUMNS) };
const HOUR_SQL = { plain: statements(HOURS, []), full: statements(HOURS, SUM_COLUMNS) };

interface Delta {
  readonly seriesId: number;
  readonly time: number;
  readonly variant: number;
  readonly cohort: string;
  n: number;
  y: number;
  /** By SUM_COLUMNS; null for what only counts. */
  sums: number[] | null;
}

/** What a batch adds to and takes from the roll-ups, summed in memory and written once. */
export class RollupDeltas {
  readonly #minutes = new Map<string, Delta>();

  add(seriesId: number, minute: EpochMinute, arm: { variant: number; cohort: string }, n: number, y: number): void {
    const delta = this.#at(seriesId, minute, arm);
    delta.n += n;
    delta.y += y;
  }

  /** @param sign 1 to add the tally, -1 to take it away */
  addTally(
    seriesId: number,
    minute: EpochMinute,
    arm: { variant: number; cohort: string },
    { n, y, sums }: Tally,
    sign: 1 | -1,
  ): void {
    const delta = this.#at(seriesId, minute, arm);
    delta.n += sign * n;
    delta.y += sign * y;
    if (!sums) return;
    delta.sums ??= [0, 0, 0, 0, 0, 0];
    for (const [index, column] of SUM_COLUMNS.entries()) delta.sums[index]! += sign * sums[column];
  }

  flush(connection: SqliteConnection): void {
    const hours = new Map<string, Delta>();
    for (const delta of this.#minutes.values()) {
      const { seriesId, time, variant, cohort, n, y, sums } = delta;
      if (n === 0 && y === 0 && (sums === null || sums.every((sum) => sum === 0))) continue;
      write(connection, MINUTE_SQL, delta, [seriesId, time, variant, cohort]);
      const hour = Math.floor(time / HOUR_MINUTES);
      const key = `${seriesId}/${hour}/${variant}`;
      const sum = hours.get(key) ?? { seriesId, time: hour, variant, cohort: '', n: 0, y: 0, sums: null };
      sum.n += n;
      sum.y += y;
      if (sums) sum.sums = sums.map((value, index) => value + (sum.sums?.[index] ?? 0));
      hours.set(key, sum);
    }
    for (const delta of hours.values()) {
      write(connection, HOUR_SQL, delta, [delta.seriesId, delta.time, delta.variant]);
    }
    this.#minutes.clear();
  }

  #at(seriesId: number, minute: EpochMinute, { variant, cohort }: { variant: number; cohort: string }): Delta {
    const key = `${seriesId}/${minute}/${variant}/${cohort}`;
    let delta = this.#minutes.get(key);
    if (!delta) {
      delta = { seriesId, time: minute, variant, cohort, n: 0, y: 0, sums: null };
      this.#minutes.set(key, delta);
    }
    return delta;
  }
}

interface Statements {
  readonly upsert: string;
  readonly update: string;
}

function statements({ table, key }: { table: string; key: readonly string[] }, sums: readonly string[]): Statements {
  const columns = ['n', 'y', ...sums];
  const all = [...columns, ...key];
  return {
    upsert: `INSERT INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})
      ON CONFLICT DO UPDATE SET ${columns.map((column) => `${column} = ${column} + excluded.${column}`).join(', ')}`,
    update: `UPDATE ${table} SET ${columns.map((column) => `${column} = ${column} + ?`).join(', ')}
      WHERE ${key.map((column) => `${column} = ?`).join(' AND ')}`,
  };
}

/** A negative first row cannot be: what is taken away was added before, so the row is there. */
function write(
  connection: SqliteConnection,
  sql: { readonly plain: Statements; readonly full: Statements },
  { n, y, sums }: Delta,
  key: readonly (number | string)[],
): void {
  const { upsert, update } = sums ? sql.full : sql.plain;
  const values = [n, y, ...(sums ?? []), ...key];
  if (n >= 0 && y >= 0) {
    connection.run(upsert, ...values);
    return;
  }
  if (connection.run(update, ...values) === 1) return;
  throw new GateError('internal', `The roll-up ${key.join('/')} is missing.`, 'Report this with the log around it.');
}
