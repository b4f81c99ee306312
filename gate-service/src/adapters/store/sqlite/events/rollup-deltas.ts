import { GateError } from '../../../../contract/gate-error.ts';
import { type EpochMinute, HOUR_MINUTES } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

const MINUTE_SQL = `INSERT INTO rollups (series_id, minute, variant, cohort, n, y) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET n = n + excluded.n, y = y + excluded.y`;
const HOUR_SQL = `INSERT INTO hour_rollups (series_id, hour, variant, n, y) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET n = n + excluded.n, y = y + excluded.y`;

interface Delta {
  readonly seriesId: number;
  readonly time: number;
  readonly variant: number;
  readonly cohort: string;
  n: number;
  y: number;
}

/** What a batch adds to and takes from the roll-ups, summed in memory and written once. */
export class RollupDeltas {
  readonly #minutes = new Map<string, Delta>();

  add(seriesId: number, minute: EpochMinute, arm: { variant: number; cohort: string }, n: number, y: number): void {
    const { variant, cohort } = arm;
    const key = `${seriesId}/${minute}/${variant}/${cohort}`;
    const delta = this.#minutes.get(key);
    if (delta) {
      delta.n += n;
      delta.y += y;
    } else this.#minutes.set(key, { seriesId, time: minute, variant, cohort, n, y });
  }

  flush(connection: SqliteConnection): void {
    const hours = new Map<string, Delta>();
    for (const delta of this.#minutes.values()) {
      const { seriesId, time, variant, cohort, n, y } = delta;
      if (n === 0 && y === 0) continue;
      write(connection, MINUTE_SQL, n, y, [seriesId, time, variant, cohort]);
      const hour = Math.floor(time / HOUR_MINUTES);
      const key = `${seriesId}/${hour}/${variant}`;
      const sum = hours.get(key) ?? { seriesId, time: hour, variant, cohort: '', n: 0, y: 0 };
      sum.n += n;
      sum.y += y;
      hours.set(key, sum);
    }
    for (const { seriesId, time, variant, n, y } of hours.values()) {
      write(connection, HOUR_SQL, n, y, [seriesId, time, variant]);
    }
    this.#minutes.clear();
  }
}

/** A negative first row cannot be: what is taken away was added before, so the row is there. */
function write(
  connection: SqliteConnection,
  upsert: string,
  n: number,
  y: number,
  key: readonly (number | string)[],
): void {
  if (n >= 0 && y >= 0 && y <= n) {
    connection.run(upsert, ...key, n, y);
    return;
  }
  const table = key.length === 4 ? 'rollups' : 'hour_rollups';
  const where = key.length === 4 ? 'minute = ? AND variant = ? AND cohort = ?' : 'hour = ? AND variant = ?';
  const sql = `UPDATE ${table} SET n = n + ?, y = y + ? WHERE series_id = ? AND ${where}`;
  if (connection.run(sql, n, y, ...key) === 1) return;
  throw new GateError('internal', `The roll-up ${key.join('/')} is missing.`, 'Report this with the log around it.');
}
