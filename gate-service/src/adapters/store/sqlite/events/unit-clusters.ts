import { NO_SUMS, type Tally } from '../../../../domain/model/tally.ts';
import type { EpochMinute } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import type { RollupDeltas } from './rollup-deltas.ts';

const FIND = 'SELECT first_minute, trials, y FROM unit_clusters WHERE series_id = ? AND unit_key = ? AND variant = ?';
const PUT = `INSERT INTO unit_clusters (series_id, unit_key, variant, first_minute, trials, y) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET first_minute = excluded.first_minute, trials = excluded.trials, y = excluded.y`;

interface ClusterRow {
  first_minute: number;
  trials: number;
  y: number;
}

interface Addition {
  readonly seriesId: number;
  readonly unitKey: number;
  readonly variant: number;
  firstMinute: EpochMinute;
  trials: number;
  y: number;
}

/**
 * The units behind a status KPI's trials, by variant: how many trials each had and how many count, at the minute of its
 * first one. Sums and a minimum over the trials; a batch is summed in memory, so that each unit is written once.
 */
export class UnitClusters {
  readonly #deltas: RollupDeltas;
  readonly #additions = new Map<string, Addition>();

  constructor(deltas: RollupDeltas) {
    this.#deltas = deltas;
  }

  /** Takes note of `trials` new trials of the unit in the minute, and of `y` more (or fewer) that count. */
  add(
    seriesId: number,
    { unitKey, variant }: { unitKey: number | null; variant: number },
    minute: EpochMinute,
    trials: 0 | 1,
    y: number,
  ): void {
    if (unitKey === null) {
      this.#deltas.addTally(seriesId, minute, { variant, cohort: '' }, tallyOf(trials, y), 1);
      return;
    }
    const key = `${seriesId}/${unitKey}/${variant}`;
    const known = this.#additions.get(key);
    if (known) {
      known.firstMinute = Math.min(known.firstMinute, minute);
      known.trials += trials;
      known.y += y;
    } else this.#additions.set(key, { seriesId, unitKey, variant, firstMinute: minute, trials, y });
  }

  /** Before the roll-ups are flushed. */
  flush(connection: SqliteConnection): void {
    for (const { seriesId, unitKey, variant, firstMinute, trials, y } of this.#additions.values()) {
      const known = connection.get<ClusterRow>(FIND, seriesId, unitKey, variant);
      const next = {
        firstMinute: Math.min(known?.first_minute ?? firstMinute, firstMinute),
        trials: (known?.trials ?? 0) + trials,
        y: (known?.y ?? 0) + y,
      };
      connection.run(PUT, seriesId, unitKey, variant, next.firstMinute, next.trials, next.y);
      const arm = { variant, cohort: '' };
      if (known) this.#deltas.addTally(seriesId, known.first_minute, arm, tallyOf(known.trials, known.y), -1);
      this.#deltas.addTally(seriesId, next.firstMinute, arm, tallyOf(next.trials, next.y), 1);
    }
    this.#additions.clear();
  }
}

function tallyOf(trials: number, y: number): Tally {
  return { n: 1, y, sums: { ...NO_SUMS, yy: y * y, d: trials, dd: trials * trials, yd: y * trials } };
}
