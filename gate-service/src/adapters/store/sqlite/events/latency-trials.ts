import { NO_SUMS, type Tally } from '../../../../domain/model/tally.ts';
import { type EpochMs, minuteOf } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { BucketDeltas } from './bucket-deltas.ts';
import type { Series } from './feeds.ts';
import type { RollupDeltas } from './rollup-deltas.ts';
import { latencyBucket } from './steps.ts';

/** The slowest latency of a unit in one minute under one variant, and whether an event of it had none. */
interface Trial {
  readonly bucket: number | null;
  readonly missing: 0 | 1;
}

const FIND = `SELECT bucket, missing FROM latency_trials
  WHERE series_id = ? AND minute = ? AND unit_key = ? AND variant = ?`;
const PUT = `INSERT INTO latency_trials (series_id, minute, unit_key, variant, bucket, missing) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET bucket = excluded.bucket, missing = excluded.missing`;

/** Trials of quantiles, kept in step with the stored events: the slowest is a maximum, so order cannot matter. */
export class LatencyTrials {
  readonly #connection: SqliteConnection;
  readonly #deltas: RollupDeltas;
  readonly #buckets = new BucketDeltas();

  constructor(connection: SqliteConnection, deltas: RollupDeltas) {
    this.#connection = connection;
    this.#deltas = deltas;
  }

  flush(): void {
    this.#buckets.flush(this.#connection);
  }

  /** Takes note of an `of` event; one of nobody is a trial of its own. */
  add(series: Series, unitKey: number | null, at: EpochMs, latencyMs: number | null, variant: number): void {
    const [minute, bucket] = [minuteOf(at), latencyBucket(latencyMs)];
    const place = { seriesId: series.seriesId, minute, variant };
    const event: Trial = { bucket, missing: bucket === null ? 1 : 0 };
    if (unitKey === null) {
      this.#count(place, event, 1);
      return;
    }
    const key = [series.seriesId, minute, unitKey, variant];
    const known = this.#connection.get<Trial>(FIND, ...key);
    const next = known ? slowest(known, event) : event;
    if (known && known.bucket === next.bucket && known.missing === next.missing) return;
    this.#connection.run(PUT, ...key, next.bucket, next.missing);
    if (known) this.#count(place, known, -1);
    this.#count(place, next, 1);
  }

  #count(place: { seriesId: number; minute: number; variant: number }, { bucket, missing }: Trial, sign: 1 | -1): void {
    const { seriesId, minute, variant } = place;
    const tally: Tally = { n: bucket === null ? 0 : 1, y: 0, sums: { ...NO_SUMS, missing } };
    this.#deltas.addTally(seriesId, minute, { variant, cohort: '' }, tally, sign);
    if (bucket !== null) this.#buckets.add(seriesId, minute, variant, bucket, sign);
  }
}

function slowest(left: Trial, right: Trial): Trial {
  const buckets = [left.bucket, right.bucket].filter((bucket) => bucket !== null);
  return {
    bucket: buckets.length === 0 ? null : Math.max(...buckets),
    missing: left.missing === 1 || right.missing === 1 ? 1 : 0,
  };
}
