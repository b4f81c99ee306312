import { GateError } from '../../../../contract/gate-error.ts';
import { type EpochMinute, HOUR_MINUTES } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

interface Delta {
  readonly key: readonly [seriesId: number, time: number, variant: number, bucket: number];
  count: number;
}

/** What a batch adds to and takes from the histograms, summed in memory and written once. */
export class BucketDeltas {
  readonly #minutes = new Map<string, Delta>();

  add(seriesId: number, minute: EpochMinute, variant: number, bucket: number, count: 1 | -1): void {
    addTo(this.#minutes, [seriesId, minute, variant, bucket], count);
  }

  flush(connection: SqliteConnection): void {
    const hours = new Map<string, Delta>();
    for (const { key, count } of this.#minutes.values()) {
      const [seriesId, minute, variant, bucket] = key;
      write(connection, 'buckets', 'minute', { key, count });
      addTo(hours, [seriesId, Math.floor(minute / HOUR_MINUTES), variant, bucket], count);
    }
    for (const delta of hours.values()) write(connection, 'hour_buckets', 'hour', delta);
    this.#minutes.clear();
  }
}

function addTo(deltas: Map<string, Delta>, key: Delta['key'], count: number): void {
  const name = key.join('/');
  const delta = deltas.get(name);
  if (delta) delta.count += count;
  else deltas.set(name, { key, count });
}

function write(
  connection: SqliteConnection,
  table: 'buckets' | 'hour_buckets',
  time: 'minute' | 'hour',
  { key, count }: Delta,
): void {
  if (count === 0) return;
  if (count > 0) {
    const sql = `INSERT INTO ${table} (series_id, ${time}, variant, bucket, count) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`;
    connection.run(sql, ...key, count);
    return;
  }
  const sql = `UPDATE ${table} SET count = count + ? WHERE series_id = ? AND ${time} = ? AND variant = ? AND bucket = ?`;
  if (connection.run(sql, count, ...key) === 1) return;
  throw new GateError('internal', `The bucket ${key.join('/')} is missing.`, 'Report this with the log around it.');
}
