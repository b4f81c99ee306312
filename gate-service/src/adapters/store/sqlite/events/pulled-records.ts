import { GateError } from '../../../../contract/gate-error.ts';
import { HOUR_MINUTES } from '../../../../domain/model/time.ts';
import type { SourceBucket } from '../../../../ports/metric-source.ts';
import type { SourceRecords } from '../../../../ports/store.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { NO_VARIANT, VARIANT_CODES, ZERO_BUCKET } from './codes.ts';
import { SUM_COLUMNS } from './rollup-deltas.ts';

const FIND_SERIES = `SELECT series_id, source FROM series JOIN scopes USING (scope_id)
  WHERE name = ? AND kpi_id = ? AND source IS NOT NULL`;
const FIND_RECORD = 'SELECT record FROM pulled_series WHERE series_id = ?';
const PUT_RECORD = `INSERT INTO pulled_series (series_id, record) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET record = excluded.record`;
const COLUMNS = ['n', 'y', ...SUM_COLUMNS];
const INSERT_ROW = `INSERT INTO rollups (series_id, minute, variant, cohort, ${COLUMNS.join(', ')})
  VALUES (?, ?, ?, ?, ${COLUMNS.map(() => '?').join(', ')})`;
const INSERT_BUCKET = 'INSERT INTO buckets (series_id, minute, variant, bucket, count) VALUES (?, ?, ?, ?, ?)';
/** ?1 series, ?2 first hour, ?3 first hour that is not summed any more. */
const SUM_HOURS = [
  `INSERT INTO hour_rollups (series_id, hour, variant, ${COLUMNS.join(', ')})
   SELECT series_id, minute / 60, variant, ${COLUMNS.map((column) => `sum(${column})`).join(', ')}
   FROM rollups WHERE series_id = ?1 AND minute >= ?2 * 60 AND minute < ?3 * 60 GROUP BY 1, 2, 3`,
  `INSERT INTO hour_buckets (series_id, hour, variant, bucket, count)
   SELECT series_id, minute / 60, variant, bucket, sum(count)
   FROM buckets WHERE series_id = ?1 AND minute >= ?2 * 60 AND minute < ?3 * 60 GROUP BY 1, 2, 3, 4`,
];

/** What sources answered, written into the roll-ups by whole spans. */
export function pulledRecords(connection: SqliteConnection): SourceRecords {
  const findSeries = (scope: string, kpiId: string) =>
    connection.get<{ series_id: number; source: string }>(FIND_SERIES, scope, kpiId);
  const seriesOf = (scope: string, kpiId: string): number => {
    const found = findSeries(scope, kpiId);
    if (found) return found.series_id;
    throw new GateError(
      'internal',
      `${scope} has no KPI ${kpiId} that is asked of a source; allowed: one that was registered with its source.`,
      'Report this with the log around it.',
    );
  };

  return {
    sourceOf: async (scope, kpiId) => findSeries(scope, kpiId)?.source ?? null,

    async find(scope, kpiId) {
      const series = findSeries(scope, kpiId);
      const row = series && connection.get<{ record: string }>(FIND_RECORD, series.series_id);
      return row ? JSON.parse(row.record) : null;
    },

    async putBuckets(scope, kpiId, { from, to }, buckets) {
      const seriesId = seriesOf(scope, kpiId);
      const stray = buckets.find(({ minute }) => !(minute >= from && minute < to));
      if (stray) throw outside(kpiId, stray.minute, from, to);
      if (to <= from) return;
      const hours = [Math.floor(from / HOUR_MINUTES), Math.ceil(to / HOUR_MINUTES)];
      for (const table of ['rollups', 'buckets'])
        connection.run(`DELETE FROM ${table} WHERE series_id = ? AND minute >= ? AND minute < ?`, seriesId, from, to);
      for (const table of ['hour_rollups', 'hour_buckets'])
        connection.run(`DELETE FROM ${table} WHERE series_id = ? AND hour >= ? AND hour < ?`, seriesId, ...hours);
      for (const bucket of buckets) insert(connection, seriesId, bucket);
      for (const sql of SUM_HOURS) connection.run(sql, seriesId, ...hours);
    },

    async remember(scope, kpiId, record) {
      connection.run(PUT_RECORD, seriesOf(scope, kpiId), JSON.stringify(record));
    },
  };
}

function insert(
  connection: SqliteConnection,
  seriesId: number,
  { minute, variant, cohort, tally }: SourceBucket,
): void {
  const code = variant === null ? NO_VARIANT : VARIANT_CODES[variant];
  const { n, y, sums, histogram } = tally;
  connection.run(INSERT_ROW, seriesId, minute, code, cohort, n, y, ...SUM_COLUMNS.map((column) => sums?.[column] ?? 0));
  if (!histogram) return;
  if (histogram.zeros > 0) connection.run(INSERT_BUCKET, seriesId, minute, code, ZERO_BUCKET, histogram.zeros);
  for (const [bucket, count] of histogram.buckets) connection.run(INSERT_BUCKET, seriesId, minute, code, bucket, count);
}

function outside(kpiId: string, minute: number, from: number, to: number): GateError {
  return new GateError(
    'internal',
    `A bucket of ${kpiId} starts at minute ${minute}; allowed: ${from} to ${to - 1}.`,
    'Report this with the log around it.',
  );
}
