import { NO_SUMS, NO_TALLY, type Sums, type Tally, type TallyByVariant } from '../../../../domain/model/tally.ts';
import { type EpochMinute, HOUR_MINUTES } from '../../../../domain/model/time.ts';
import { EMPTY_LOG_HISTOGRAM, type LogHistogram } from '../../../../domain/statistics/log-histogram.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { sumTallies } from '../sum-tallies.ts';
import { NO_VARIANT, VARIANT_CODES, ZERO_BUCKET } from './codes.ts';
import { SUM_COLUMNS } from './rollup-deltas.ts';
import type { SeriesRow } from './series-definition.ts';

/** What one variant has at one time, which is a minute or an hour. */
interface TimedTally {
  readonly time: number;
  readonly variant: number;
  readonly tally: Tally;
}

type SumRow = { time: number; variant: number; n: number; y: number } & Partial<Sums>;

type CohortRow = { name: string; variant: number; n: number; y: number } & Sums;

interface BucketRow {
  time: number;
  variant: number;
  bucket: number;
  count: number;
}

const FIND_SERIES = 'SELECT series_id, kind FROM series JOIN scopes USING (scope_id) WHERE name = ? AND kpi_id = ?';
const PLAIN = rollupStatements(['n', 'y'], 'sum(n) > 0');
/** A rate may have counted events without exposure, and a trial without its number is missing only. */
const COUNTED = rollupStatements(['n', 'y'], 'sum(n) + sum(y) > 0');
const FULL = rollupStatements(['n', 'y', ...SUM_COLUMNS], 'sum(n) + sum(missing) > 0');
/** ?4 is a JSON list of the cohorts that are told apart; the rest is ''. Hours are not kept by cohort. */
const BY_COHORT = `SELECT CASE WHEN cohort IN (SELECT value FROM json_each(?4)) THEN cohort ELSE '' END AS name, variant,
    ${['n', 'y', ...SUM_COLUMNS].map((column) => `sum(${column}) AS ${column}`).join(', ')}
  FROM rollups WHERE series_id = ?1 AND minute >= ?2 AND minute < ?3 AND variant <> ${NO_VARIANT}
  GROUP BY 1, 2 HAVING sum(n) + sum(y) + sum(missing) > 0 ORDER BY 1`;
const BUCKETS = {
  byMinute: `SELECT minute AS time, variant, bucket, count FROM buckets
    WHERE series_id = ? AND minute >= ? AND minute < ? AND count > 0 ORDER BY minute, variant, bucket`,
  byHour: `SELECT time, variant, bucket, sum(count) AS count FROM (${headBodyTail('buckets', 'hour_buckets', ['bucket', 'count'])})
    GROUP BY time, variant, bucket HAVING sum(count) > 0 ORDER BY time, variant, bucket`,
};

/** Which statements a kind of series needs, and what its tallies hold. */
const SHAPES: Readonly<Record<SeriesRow['kind'], { statements: typeof PLAIN; empty: Tally; hasHistogram?: true }>> = {
  conversion: { statements: PLAIN, empty: NO_TALLY },
  status: { statements: PLAIN, empty: NO_TALLY },
  exposure: { statements: PLAIN, empty: NO_TALLY },
  rate: { statements: COUNTED, empty: NO_TALLY },
  amounts: { statements: FULL, empty: { ...NO_TALLY, sums: NO_SUMS } },
  gauge: { statements: FULL, empty: { ...NO_TALLY, sums: NO_SUMS } },
  units: { statements: FULL, empty: { ...NO_TALLY, sums: NO_SUMS } },
  quantile: {
    statements: FULL,
    empty: { ...NO_TALLY, sums: NO_SUMS, histogram: EMPTY_LOG_HISTOGRAM },
    hasHistogram: true,
  },
};

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
    const { tallies, empty } = this.#read(scope, kpiId, 'byMinute', [from, to]);
    return groupByTime(tallies, empty).map(({ time, off, on }) => ({ minute: time, off, on }));
  }

  /** Tallies by hour since 1970; an hour cut by `from` or `to` has only its part inside. */
  byHour(scope: string, kpiId: string, from: EpochMinute, to: EpochMinute): (TallyByVariant & { hour: number })[] {
    const { tallies, empty } = this.#read(scope, kpiId, 'byHour', hourSpans(from, to));
    return groupByTime(tallies, empty).map(({ time, off, on }) => ({ hour: time, off, on }));
  }

  total(scope: string, kpiId: string, from: EpochMinute, to: EpochMinute): TallyByVariant {
    const { tallies, empty } = this.#read(scope, kpiId, 'byHour', hourSpans(from, to));
    const sumOf = (code: number) =>
      sumTallies([empty, ...tallies.filter(({ variant }) => variant === code).map(({ tally }) => tally)]);
    return { off: sumOf(VARIANT_CODES.off), on: sumOf(VARIANT_CODES.on) };
  }

  /** Totals of the cohorts named, and of all others as ''; a histogram is not kept by cohort and is left out. */
  byCohort(
    scope: string,
    kpiId: string,
    cohorts: readonly string[],
    from: EpochMinute,
    to: EpochMinute,
  ): (TallyByVariant & { cohort: string })[] {
    const series = this.#connection.get<Pick<SeriesRow, 'series_id' | 'kind'>>(FIND_SERIES, scope, kpiId);
    if (!series) return [];
    const { histogram: _none, ...empty } = SHAPES[series.kind].empty;
    const rows = this.#connection.all<CohortRow>(BY_COHORT, series.series_id, from, to, JSON.stringify(cohorts));
    const totals = new Map<string, { off: Tally; on: Tally }>();
    for (const { name, variant, n, y, ...sums } of rows) {
      const total = totals.get(name) ?? { off: empty, on: empty };
      total[variant === VARIANT_CODES.on ? 'on' : 'off'] = empty.sums ? { ...empty, n, y, sums } : { n, y };
      totals.set(name, total);
    }
    return [...totals].map(([cohort, total]) => ({ cohort, ...total }));
  }

  historyByMinute(
    repository: string,
    kpiId: string,
    from: EpochMinute,
    to: EpochMinute,
  ): (Tally & { minute: EpochMinute })[] {
    const { tallies } = this.#read(repository, kpiId, 'byMinute', [from, to]);
    return tallies
      .filter(({ variant }) => variant === NO_VARIANT)
      .map(({ time, tally }) => ({ minute: time, ...tally }));
  }

  historyByHour(repository: string, kpiId: string, from: EpochMinute, to: EpochMinute): (Tally & { hour: number })[] {
    const { tallies } = this.#read(repository, kpiId, 'byHour', hourSpans(from, to));
    return tallies.filter(({ variant }) => variant === NO_VARIANT).map(({ time, tally }) => ({ hour: time, ...tally }));
  }

  #read(
    scope: string,
    kpiId: string,
    by: 'byMinute' | 'byHour',
    span: readonly number[],
  ): { readonly tallies: readonly TimedTally[]; readonly empty: Tally } {
    const series = this.#connection.get<Pick<SeriesRow, 'series_id' | 'kind'>>(FIND_SERIES, scope, kpiId);
    if (!series) return { tallies: [], empty: NO_TALLY };
    const { statements, empty, hasHistogram } = SHAPES[series.kind];
    const rows = this.#connection.all<SumRow>(statements[by], series.series_id, ...span);
    const histograms = hasHistogram
      ? toHistograms(this.#connection.all<BucketRow>(BUCKETS[by], series.series_id, ...span))
      : null;
    const tallies = rows.map((row): TimedTally => {
      const { time, variant } = row;
      const histogram = histograms && (histograms.get(`${time}/${variant}`) ?? EMPTY_LOG_HISTOGRAM);
      return { time, variant, tally: { ...toTally(row), ...(histogram && { histogram }) } };
    });
    return { tallies, empty };
  }
}

/** Whole hours from their own table, the ragged ends from the minutes: head, tail and hours, each half-open. */
function hourSpans(from: EpochMinute, to: EpochMinute): readonly number[] {
  const firstHour = Math.ceil(from / HOUR_MINUTES);
  const endHour = Math.max(firstHour, Math.floor(to / HOUR_MINUTES));
  const headEnd = Math.min(to, firstHour * HOUR_MINUTES);
  const tailStart = Math.max(headEnd, endHour * HOUR_MINUTES);
  return [from, headEnd, tailStart, to, firstHour, endHour];
}

/** Rows of ?1: the minutes ?2-?3 and ?4-?5 and the hours ?6-?7, all with the time in hours. */
function headBodyTail(minutes: string, hours: string, columns: readonly string[]): string {
  const list = columns.join(', ');
  return `SELECT minute / 60 AS time, variant, ${list} FROM ${minutes}
    WHERE series_id = ?1 AND minute >= ?2 AND minute < ?3
    UNION ALL SELECT minute / 60, variant, ${list} FROM ${minutes}
    WHERE series_id = ?1 AND minute >= ?4 AND minute < ?5
    UNION ALL SELECT hour, variant, ${list} FROM ${hours}
    WHERE series_id = ?1 AND hour >= ?6 AND hour < ?7`;
}

/** @param having which sums are worth a row: what was counted and taken away again is none */
function rollupStatements(columns: readonly string[], having: string): { byMinute: string; byHour: string } {
  const sums = columns.map((column) => `sum(${column}) AS ${column}`).join(', ');
  return {
    byMinute: `SELECT minute AS time, variant, ${sums} FROM rollups
      WHERE series_id = ? AND minute >= ? AND minute < ? GROUP BY minute, variant HAVING ${having} ORDER BY minute`,
    byHour: `SELECT time, variant, ${sums} FROM (${headBodyTail('rollups', 'hour_rollups', columns)})
      GROUP BY time, variant HAVING ${having} ORDER BY time`,
  };
}

function toTally({ time: _time, variant: _variant, n, y, ...sums }: SumRow): Tally {
  return 'yy' in sums ? { n, y, sums: sums as Sums } : { n, y };
}

/** By time and variant; the rows of each stand together by rising bucket, the zeros first. */
function toHistograms(rows: readonly BucketRow[]): ReadonlyMap<string, LogHistogram> {
  const histograms = new Map<string, { zeros: number; buckets: (readonly [number, number])[] }>();
  for (const { time, variant, bucket, count } of rows) {
    const key = `${time}/${variant}`;
    let histogram = histograms.get(key);
    if (!histogram) {
      histogram = { zeros: 0, buckets: [] };
      histograms.set(key, histogram);
    }
    if (bucket === ZERO_BUCKET) histogram.zeros = count;
    else histogram.buckets.push([bucket, count]);
  }
  return histograms;
}

/** Rows of one time stand together; a variant without trials has an empty tally. */
function groupByTime(tallies: readonly TimedTally[], empty: Tally): (TallyByVariant & { time: number })[] {
  const grouped: { time: number; off: Tally; on: Tally }[] = [];
  for (const { time, variant, tally } of tallies) {
    let last = grouped.at(-1);
    if (last?.time !== time) {
      last = { time, off: empty, on: empty };
      grouped.push(last);
    }
    last[variant === VARIANT_CODES.on ? 'on' : 'off'] = tally;
  }
  return grouped;
}
