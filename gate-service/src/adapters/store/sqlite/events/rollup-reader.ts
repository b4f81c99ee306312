import type { Tally, TallyByVariant } from '../../../../domain/model/tally.ts';
import { type EpochMinute, HOUR_MINUTES } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { NO_VARIANT, VARIANT_CODES } from './codes.ts';

interface SumRow {
  time: number;
  variant: number;
  n: number;
  y: number;
}

const FIND_SERIES = 'SELECT series_id FROM series JOIN scopes USING (scope_id) WHERE name = ? AND kpi_id = ?';
const BY_MINUTE = `SELECT minute AS time, variant, sum(n) AS n, sum(y) AS y FROM rollups
  WHERE series_id = ? AND minute >= ? AND minute < ? GROUP BY minute, variant HAVING sum(n) > 0 ORDER BY minute`;
/** Whole hours from their own table, the ragged ends from the minutes: ?2-?3, ?4-?5 and hours ?6-?7. */
const BY_HOUR = `SELECT time, variant, sum(n) AS n, sum(y) AS y FROM (
    SELECT minute / 60 AS time, variant, n, y FROM rollups
    WHERE series_id = ?1 AND minute >= ?2 AND minute < ?3
    UNION ALL SELECT minute / 60, variant, n, y FROM rollups
    WHERE series_id = ?1 AND minute >= ?4 AND minute < ?5
    UNION ALL SELECT hour, variant, n, y FROM hour_rollups
    WHERE series_id = ?1 AND hour >= ?6 AND hour < ?7
  ) GROUP BY time, variant HAVING sum(n) > 0 ORDER BY time`;

/** Reads roll-ups by range of their key: the cost is that of the span, whatever else is stored. */
export class RollupReader {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  byMinute(
    scope: string,
    kpiId: string,
    from: EpochMinute,
    to: EpochMinute,
  ): (TallyByVariant & { minute: EpochMinute })[] {
    const rows = this.#rows(scope, kpiId, (seriesId) => this.#connection.all(BY_MINUTE, seriesId, from, to));
    return groupByTime(rows).map(({ time, off, on }) => ({ minute: time, off, on }));
  }

  /** Tallies by hour since 1970; an hour cut by `from` or `to` has only its part inside. */
  byHour(scope: string, kpiId: string, from: EpochMinute, to: EpochMinute): (TallyByVariant & { hour: number })[] {
    return groupByTime(this.#hourRows(scope, kpiId, from, to)).map(({ time, off, on }) => ({ hour: time, off, on }));
  }

  total(scope: string, kpiId: string, from: EpochMinute, to: EpochMinute): TallyByVariant {
    const rows = this.#hourRows(scope, kpiId, from, to);
    return { off: sumOf(rows, VARIANT_CODES.off), on: sumOf(rows, VARIANT_CODES.on) };
  }

  historyByMinute(
    repository: string,
    kpiId: string,
    from: EpochMinute,
    to: EpochMinute,
  ): (Tally & { minute: EpochMinute })[] {
    const rows = this.#rows(repository, kpiId, (seriesId) => this.#connection.all(BY_MINUTE, seriesId, from, to));
    return rows.filter(({ variant }) => variant === NO_VARIANT).map(({ time, n, y }) => ({ minute: time, n, y }));
  }

  historyByHour(repository: string, kpiId: string, from: EpochMinute, to: EpochMinute): (Tally & { hour: number })[] {
    const rows = this.#hourRows(repository, kpiId, from, to);
    return rows.filter(({ variant }) => variant === NO_VARIANT).map(({ time, n, y }) => ({ hour: time, n, y }));
  }

  #hourRows(scope: string, kpiId: string, from: EpochMinute, to: EpochMinute): SumRow[] {
    const firstHour = Math.ceil(from / HOUR_MINUTES);
    const endHour = Math.max(firstHour, Math.floor(to / HOUR_MINUTES));
    const headEnd = Math.min(to, firstHour * HOUR_MINUTES);
    const tailStart = Math.max(headEnd, endHour * HOUR_MINUTES);
    return this.#rows(scope, kpiId, (seriesId) =>
      this.#connection.all(BY_HOUR, seriesId, from, headEnd, tailStart, to, firstHour, endHour),
    );
  }

  #rows(scope: string, kpiId: string, read: (seriesId: number) => SumRow[]): SumRow[] {
    const series = this.#connection.get<{ series_id: number }>(FIND_SERIES, scope, kpiId);
    return series ? read(series.series_id) : [];
  }
}

function sumOf(rows: readonly SumRow[], code: number): Tally {
  const sum = { n: 0, y: 0 };
  for (const { variant, n, y } of rows) {
    if (variant !== code) continue;
    sum.n += n;
    sum.y += y;
  }
  return sum;
}

/** Rows of one time stand together; a variant without trials has a tally of zeros. */
function groupByTime(rows: readonly SumRow[]): (TallyByVariant & { time: number })[] {
  const grouped: { time: number; off: Tally; on: Tally }[] = [];
  for (const { time, variant, n, y } of rows) {
    let last = grouped.at(-1);
    if (last?.time !== time) {
      last = { time, off: { n: 0, y: 0 }, on: { n: 0, y: 0 } };
      grouped.push(last);
    }
    last[variant === VARIANT_CODES.on ? 'on' : 'off'] = { n, y };
  }
  return grouped;
}
