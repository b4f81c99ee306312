import { type EpochMs, MINUTE_MS } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { EXPOSURE_SERIES } from './codes.ts';
import type { Names } from './names.ts';

/** One KPI in one scope, as the writer needs it. */
export interface Series {
  readonly seriesId: number;
  readonly kind: 'conversion' | 'status';
  readonly ofNameId: number;
  readonly successNameId: number | null;
  readonly withinMs: number;
  readonly countsErrors: boolean;
}

export interface ChangeWindow {
  readonly scopeId: number;
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
  readonly lastOutcomeMs: EpochMs;
  readonly exposureSeriesId: number;
  readonly series: readonly Series[];
}

/** A margin, so that events in slight disorder do not have the feeds read again each time. */
const MARGIN_MS = 7 * 24 * 60 * MINUTE_MS;

/** Everything that an event of one repository may feed, when it happened at `fromMs` or later. */
export interface Feeds {
  readonly fromMs: EpochMs;
  readonly repositoryId: number;
  readonly history: readonly Series[];
  readonly windows: ReadonlyMap<number, ChangeWindow>;
  /** The conversions of changes by the name of their success; the window that takes outcomes for longest first. */
  readonly successes: ReadonlyMap<number, readonly { readonly window: ChangeWindow; readonly series: Series }[]>;
}

interface SeriesRow {
  series_id: number;
  scope_id: number;
  kpi_id: string;
  kind: 'conversion' | 'status' | 'exposure';
  of_name_id: number;
  other_name_id: number | null;
  within_minutes: number;
  counts: string | null;
}

interface WindowRow {
  scope_id: number;
  start_minute: number;
  end_minute: number;
  last_outcome_minute: number;
}

/**
 * The feeds of each repository, read when first needed and whenever they changed. Windows that had taken their last
 * outcome before the event are left out: a service of many years has thousands of them.
 */
export class FeedsCache {
  readonly #connection: SqliteConnection;
  readonly #names: Names;
  readonly #byRepository = new Map<string, Feeds>();

  constructor(connection: SqliteConnection, names: Names) {
    this.#connection = connection;
    this.#names = names;
  }

  of(repository: string, at: EpochMs): Feeds {
    const cached = this.#byRepository.get(repository);
    if (cached && at >= cached.fromMs) return cached;
    const feeds = readFeeds(this.#connection, this.#names.scope(repository), at - MARGIN_MS);
    this.#byRepository.set(repository, feeds);
    return feeds;
  }

  forget(): void {
    this.#byRepository.clear();
  }
}

function readFeeds(connection: SqliteConnection, repositoryId: number, fromMs: EpochMs): Feeds {
  const from = Math.floor(fromMs / MINUTE_MS);
  const history = connection
    .all<SeriesRow>('SELECT * FROM series WHERE scope_id = ? AND active = 1', repositoryId)
    .map(toSeries);
  const rows = connection.all<SeriesRow>(
    'SELECT s.* FROM series s JOIN windows w USING (scope_id) WHERE w.repository_id = ? AND w.last_outcome_minute >= ?',
    repositoryId,
    from,
  );
  const seriesOf = Map.groupBy(rows, ({ scope_id }) => scope_id);
  const windows = connection
    .all<WindowRow>(
      `SELECT * FROM windows WHERE repository_id = ? AND last_outcome_minute >= ?
       ORDER BY last_outcome_minute DESC, scope_id`,
      repositoryId,
      from,
    )
    .map((row) => toWindow(row, seriesOf.get(row.scope_id) ?? []));
  const successes = new Map<number, { window: ChangeWindow; series: Series }[]>();
  for (const window of windows) {
    for (const series of window.series) {
      if (series.successNameId === null) continue;
      const fed = successes.get(series.successNameId);
      if (fed) fed.push({ window, series });
      else successes.set(series.successNameId, [{ window, series }]);
    }
  }
  const byScope = new Map(windows.map((window) => [window.scopeId, window]));
  return { fromMs, repositoryId, history, windows: byScope, successes };
}

function toWindow(row: WindowRow, series: readonly SeriesRow[]): ChangeWindow {
  return {
    scopeId: row.scope_id,
    startMs: row.start_minute * MINUTE_MS,
    endMs: row.end_minute * MINUTE_MS,
    lastOutcomeMs: row.last_outcome_minute * MINUTE_MS,
    exposureSeriesId: series.find(({ kpi_id }) => kpi_id === EXPOSURE_SERIES)!.series_id,
    series: series.filter(({ kpi_id }) => kpi_id !== EXPOSURE_SERIES).map(toSeries),
  };
}

function toSeries(row: SeriesRow): Series {
  return {
    seriesId: row.series_id,
    kind: row.kind === 'conversion' ? 'conversion' : 'status',
    ofNameId: row.of_name_id,
    successNameId: row.other_name_id,
    withinMs: row.within_minutes * MINUTE_MS,
    countsErrors: row.counts === 'error',
  };
}
