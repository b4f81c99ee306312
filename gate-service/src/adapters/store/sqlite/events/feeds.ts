import { type EpochMs, MINUTE_MS } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { EXPOSURE_SERIES, unitsSeries } from './codes.ts';
import type { Names } from './names.ts';
import type { AmountPart, SeriesKind, SeriesRow } from './series-definition.ts';

/** One KPI in one scope, as the writer needs it. */
export interface Series {
  readonly seriesId: number;
  readonly kind: SeriesKind;
  readonly ofNameId: number;
  /** The success of a conversion, the counted event of a rate. */
  readonly otherNameId: number | null;
  readonly withinMs: number;
  readonly countsErrors: boolean;
  readonly amounts: readonly AmountPart[];
  /** Names of the events that belong to a unit's trial: those after it and, for a mean, also before it; each once. */
  readonly outcomeNames: readonly number[];
  /** The earliest of them, in milliseconds after the trial. */
  readonly firstOutcomeMs: number;
  /** The series with the units behind the trials; null for what is not a status KPI of a change. */
  readonly unitsSeriesId: number | null;
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
  /** The per-unit series of changes by the names of their outcomes; the window that takes outcomes for longest first. */
  readonly outcomes: ReadonlyMap<number, readonly { readonly window: ChangeWindow; readonly series: Series }[]>;
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
    .all<SeriesRow>('SELECT * FROM series WHERE scope_id = ? AND active = 1 AND source IS NULL', repositoryId)
    .map((row) => toSeries(row, null));
  const rows = connection.all<SeriesRow>(
    `SELECT s.* FROM series s JOIN windows w USING (scope_id)
     WHERE w.repository_id = ? AND w.last_outcome_minute >= ? AND s.source IS NULL`,
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
  const outcomes = new Map<number, { window: ChangeWindow; series: Series }[]>();
  for (const window of windows) {
    for (const series of window.series) {
      for (const nameId of series.outcomeNames) {
        const fed = outcomes.get(nameId);
        if (fed) fed.push({ window, series });
        else outcomes.set(nameId, [{ window, series }]);
      }
    }
  }
  const byScope = new Map(windows.map((window) => [window.scopeId, window]));
  return { fromMs, repositoryId, history, windows: byScope, outcomes };
}

function toWindow(row: WindowRow, rows: readonly SeriesRow[]): ChangeWindow {
  const idOf = (kpiId: string) => rows.find(({ kpi_id }) => kpi_id === kpiId)?.series_id ?? null;
  return {
    scopeId: row.scope_id,
    startMs: row.start_minute * MINUTE_MS,
    endMs: row.end_minute * MINUTE_MS,
    lastOutcomeMs: row.last_outcome_minute * MINUTE_MS,
    exposureSeriesId: idOf(EXPOSURE_SERIES)!,
    series: rows
      .filter(({ kind }) => kind !== 'exposure' && kind !== 'units')
      .map((series) => toSeries(series, idOf(unitsSeries(series.kpi_id)))),
  };
}

function toSeries(row: SeriesRow, unitsSeriesId: number | null): Series {
  const kind = row.kind as SeriesKind;
  const amounts: readonly AmountPart[] = row.amounts === null ? [] : JSON.parse(row.amounts);
  const parts = kind === 'amounts' ? amounts : [];
  const outcomeNames = kind === 'conversion' ? [row.other_name_id!] : parts.map(({ nameId }) => nameId);
  return {
    seriesId: row.series_id,
    kind,
    ofNameId: row.of_name_id,
    otherNameId: row.other_name_id,
    withinMs: row.within_minutes * MINUTE_MS,
    countsErrors: row.counts === 'error',
    amounts,
    outcomeNames: [...new Set(outcomeNames)],
    firstOutcomeMs: Math.min(1, ...parts.map(({ fromMs }) => fromMs)),
    unitsSeriesId,
  };
}
