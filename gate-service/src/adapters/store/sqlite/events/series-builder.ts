import type { Kpi } from '../../../../contract/kpi-registry.ts';
import { type Change, longestWithin, windowEnd } from '../../../../domain/model/change.ts';
import { MINUTE_MS } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { EXPOSURE_SERIES, NO_VARIANT, unitsSeries, WHOLE_WINDOW } from './codes.ts';
import {
  HOUR_BUCKETS,
  HOUR_ROLLUPS,
  MEASURE_STATEMENTS,
  WEEK_OF_AT,
  WINDOW_CLUSTER_ROLLUPS,
  WINDOW_CLUSTERS,
} from './measure-statements.ts';
import type { Names } from './names.ts';
import {
  amountsText,
  definitionOf,
  isSameDefinition,
  isTold,
  type SeriesDefinition,
  type SeriesRow,
} from './series-definition.ts';

const INSERT_SERIES = `INSERT INTO series
  (scope_id, kpi_id, kind, of_name_id, other_name_id, within_minutes, counts, amounts, source, active)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`;

// CROSS JOIN fixes the order of the tables: the second is always found by its key.

const FIRST_EXPOSURES = `
  INSERT INTO exposures (scope_id, unit_key, first_at, first_event_id, variant, cohort, mixed)
  SELECT ?1, unit_key, at, event_id, variant, coalesce(cohort, ''), mixed FROM (
    SELECT e.unit_key, e.at, e.event_id, x.variant, e.cohort,
      row_number() OVER (PARTITION BY e.unit_key ORDER BY e.at, e.event_id) AS place,
      min(x.variant) OVER (PARTITION BY e.unit_key) <> max(x.variant) OVER (PARTITION BY e.unit_key) AS mixed
    FROM event_exposures x CROSS JOIN events e USING (event_key)
    WHERE x.scope_id = ?1 AND x.variant IN (0, 1) AND x.at >= ?2 AND x.at < ?3 AND e.unit_key IS NOT NULL
  ) WHERE place = 1`;
const MIXED_EXPOSURES = `
  INSERT INTO mixed_exposures (scope_id, minute, unit_key, variant)
  SELECT DISTINCT ?1, e.at / 60000, e.unit_key, x.variant
  FROM event_exposures x CROSS JOIN events e USING (event_key)
  JOIN exposures first ON first.scope_id = ?1 AND first.unit_key = e.unit_key AND first.mixed = 1
  WHERE x.scope_id = ?1 AND x.variant IN (0, 1) AND x.at >= ?2 AND x.at < ?3`;
const EXPOSURE_ROLLUPS = `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y)
  SELECT ?1, first_at / 60000, variant, '', count(*), 0 FROM exposures WHERE scope_id = ?2 GROUP BY 2, 3`;
/** ?1 series, ?2 name of the success, ?3 within in ms; `trials` selects unit_key, week, first_at. */
const conversions = (trials: string) => `
  INSERT INTO conversions (series_id, unit_key, week, first_at, y)
  SELECT ?1, unit_key, week, first_at, EXISTS (
    SELECT 1 FROM events s
    WHERE s.unit_key = t.unit_key AND s.name_id = ?2 AND s.at > t.first_at AND s.at <= t.first_at + ?3
  ) FROM (${trials}) t`;

const WINDOW_CONVERSIONS = conversions(`
  SELECT e.unit_key, ${WHOLE_WINDOW} AS week, min(e.at) AS first_at
  FROM event_exposures x CROSS JOIN events e USING (event_key)
  WHERE x.scope_id = ?4 AND x.variant IN (0, 1) AND x.at >= ?5 AND x.at < ?6
    AND e.name_id = ?7 AND e.unit_key IS NOT NULL
  GROUP BY e.unit_key`);
const WINDOW_CONVERSION_ROLLUPS = `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y)
  SELECT ?1, c.first_at / 60000, f.variant, f.cohort, count(*), sum(c.y)
  FROM conversions c CROSS JOIN exposures f ON f.scope_id = ?2 AND f.unit_key = c.unit_key
  WHERE c.series_id = ?1 GROUP BY 2, 3, 4`;
const WINDOW_STATUS = `
  INSERT INTO status_trials (series_id, minute, unit_key, variant, bad)
  SELECT ?1, e.at / 60000, e.unit_key, x.variant, max(e.status IS 'error')
  FROM event_exposures x CROSS JOIN events e USING (event_key)
  WHERE x.scope_id = ?2 AND x.variant IN (0, 1) AND x.at >= ?3 AND x.at < ?4
    AND e.name_id = ?5 AND e.unit_key IS NOT NULL
  GROUP BY 2, 3, 4`;
/** ?6 is 1 when errors are counted, 0 when their absence is. */
const WINDOW_STATUS_ROLLUPS = `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y)
  SELECT ?1, minute, variant, cohort, count(*), sum(bad = ?6) FROM (
    SELECT t.minute, t.variant, f.cohort, t.bad
    FROM status_trials t CROSS JOIN exposures f ON f.scope_id = ?2 AND f.unit_key = t.unit_key
    WHERE t.series_id = ?1
    UNION ALL
    SELECT e.at / 60000, x.variant, coalesce(e.cohort, ''), e.status IS 'error'
    FROM event_exposures x CROSS JOIN events e USING (event_key)
    WHERE x.scope_id = ?2 AND x.variant IN (0, 1) AND x.at >= ?3 AND x.at < ?4
      AND e.name_id = ?5 AND e.unit_key IS NULL
  ) GROUP BY 2, 3, 4`;

const HISTORY_CONVERSIONS = conversions(`
  SELECT e.unit_key, ${WEEK_OF_AT} AS week, min(e.at) AS first_at
  FROM events e WHERE e.name_id = ?4 AND e.unit_key IS NOT NULL GROUP BY 1, 2`);
const HISTORY_CONVERSION_ROLLUPS = `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y)
  SELECT ?1, first_at / 60000, ${NO_VARIANT}, '', count(*), sum(y) FROM conversions WHERE series_id = ?1 GROUP BY 2`;
const HISTORY_STATUS = `
  INSERT INTO status_trials (series_id, minute, unit_key, variant, bad)
  SELECT ?1, e.at / 60000, e.unit_key, ${NO_VARIANT}, max(e.status IS 'error')
  FROM events e WHERE e.name_id = ?2 AND e.unit_key IS NOT NULL GROUP BY 2, 3`;
const HISTORY_STATUS_ROLLUPS = `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y)
  SELECT ?1, minute, ${NO_VARIANT}, '', count(*), sum(bad = ?3) FROM (
    SELECT minute, bad FROM status_trials WHERE series_id = ?1
    UNION ALL
    SELECT e.at / 60000, e.status IS 'error' FROM events e WHERE e.name_id = ?2 AND e.unit_key IS NULL
  ) GROUP BY 2`;

const TABLES_OF_A_SERIES = [
  'rollups',
  'hour_rollups',
  'buckets',
  'hour_buckets',
  'conversions',
  'status_trials',
  'unit_amounts',
  'latency_trials',
  'pulled_series',
  'series',
] as const;

/** What a series is built from: the scope of a change with its window in ms, or nothing but the repository's events. */
interface Origin {
  readonly scopeId: number;
  readonly span: readonly [number, number] | null;
}

/** Builds series from the stored events, in whole sets: the other way to what the writer keeps up event by event. */
export class SeriesBuilder {
  readonly #connection: SqliteConnection;
  readonly #names: Names;

  constructor(connection: SqliteConnection, names: Names) {
    this.#connection = connection;
    this.#names = names;
  }

  /** Starts the change's window and builds its series; does nothing when the window has started. */
  buildWindow(change: Change, startMinute: number, sources: ReadonlySet<string>): void {
    const scopeId = this.#names.scope(change.changeId);
    const repositoryId = this.#names.scope(change.repository);
    const endMinute = windowEnd({ ...change, effectiveAt: startMinute })!;
    const started = this.#connection.run(
      'INSERT INTO windows (scope_id, repository_id, start_minute, end_minute, last_outcome_minute) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      scopeId,
      repositoryId,
      startMinute,
      endMinute,
      endMinute + longestWithin(change),
    );
    if (started === 0) return;
    const span = [startMinute * MINUTE_MS, endMinute * MINUTE_MS] as const;
    this.#connection.run(FIRST_EXPOSURES, scopeId, ...span);
    this.#connection.run(MIXED_EXPOSURES, scopeId, ...span);
    const exposure = { kind: 'exposure', ofNameId: null, otherNameId: null, withinMinutes: 0, counts: null } as const;
    const exposureSeries = this.#insertSeries(scopeId, EXPOSURE_SERIES, { ...exposure, amounts: [], source: null });
    this.#connection.run(EXPOSURE_ROLLUPS, exposureSeries, scopeId);
    this.#connection.run(HOUR_ROLLUPS, exposureSeries);
    for (const kpi of change.kpis) {
      this.#buildSeries({ scopeId, span }, kpi.id, this.#definition(repositoryId, kpi, sources));
    }
  }

  /** Makes the repository's history series fit its registered KPIs; builds what is new or measures otherwise. */
  registerHistory(repository: string, kpis: readonly Kpi[], sources: ReadonlySet<string>): void {
    const repositoryId = this.#names.scope(repository);
    const known = this.#connection.all<SeriesRow>('SELECT * FROM series WHERE scope_id = ?', repositoryId);
    for (const row of known) {
      if (kpis.some(({ id }) => id === row.kpi_id)) continue;
      this.#connection.run('UPDATE series SET active = 0 WHERE series_id = ?', row.series_id);
    }
    for (const kpi of kpis) {
      const definition = this.#definition(repositoryId, kpi, sources);
      const row = known.find(({ kpi_id }) => kpi_id === kpi.id);
      if (row?.active === 1 && isSameDefinition(row, definition)) continue;
      if (row) this.#drop(row.series_id);
      this.#buildSeries({ scopeId: repositoryId, span: null }, kpi.id, definition);
    }
  }

  #buildSeries(origin: Origin, kpiId: string, definition: SeriesDefinition): void {
    const seriesId = this.#insertSeries(origin.scopeId, kpiId, definition);
    const { kind, source } = definition;
    if (source !== null) return;
    if (kind === 'conversion') this.#buildConversions(seriesId, origin, definition);
    else if (kind === 'status') this.#buildStatus(seriesId, origin, kpiId, definition);
    else this.#buildMeasure(seriesId, origin, definition);
    this.#connection.run(HOUR_ROLLUPS, seriesId);
  }

  #buildConversions(seriesId: number, { scopeId, span }: Origin, definition: SeriesDefinition): void {
    const { ofNameId, otherNameId, withinMinutes } = definition;
    const outcome = [otherNameId, withinMinutes * MINUTE_MS];
    if (span) {
      this.#connection.run(WINDOW_CONVERSIONS, seriesId, ...outcome, scopeId, ...span, ofNameId);
      this.#connection.run(WINDOW_CONVERSION_ROLLUPS, seriesId, scopeId);
    } else {
      this.#connection.run(HISTORY_CONVERSIONS, seriesId, ...outcome, ofNameId);
      this.#connection.run(HISTORY_CONVERSION_ROLLUPS, seriesId);
    }
  }

  #buildStatus(seriesId: number, { scopeId, span }: Origin, kpiId: string, definition: SeriesDefinition): void {
    const { ofNameId, counts } = definition;
    const countsErrors = counts === 'error' ? 1 : 0;
    if (!span) {
      this.#connection.run(HISTORY_STATUS, seriesId, ofNameId);
      this.#connection.run(HISTORY_STATUS_ROLLUPS, seriesId, ofNameId, countsErrors);
      return;
    }
    this.#connection.run(WINDOW_STATUS, seriesId, scopeId, ...span, ofNameId);
    this.#connection.run(WINDOW_STATUS_ROLLUPS, seriesId, scopeId, ...span, ofNameId, countsErrors);
    const unitsSeriesId = this.#insertSeries(scopeId, unitsSeries(kpiId), { ...definition, kind: 'units' });
    this.#connection.run(WINDOW_CLUSTERS, unitsSeriesId, seriesId, countsErrors);
    this.#connection.run(WINDOW_CLUSTER_ROLLUPS, unitsSeriesId, scopeId, ...span, ofNameId, countsErrors);
    this.#connection.run(HOUR_ROLLUPS, unitsSeriesId);
  }

  #buildMeasure(seriesId: number, { scopeId, span }: Origin, definition: SeriesDefinition): void {
    const { kind, ofNameId, otherNameId, amounts } = definition;
    const statements = MEASURE_STATEMENTS[span ? 'window' : 'history'];
    const source = [seriesId, scopeId, ...(span ?? [null, null]), ofNameId];
    if (kind === 'rate') this.#connection.run(statements.rates, ...source, otherNameId);
    else if (kind === 'gauge') this.#connection.run(statements.levels, ...source, amounts[0]!.step, amounts[0]!.cap);
    else if (kind === 'amounts') {
      const parts = amounts.flatMap(({ nameId, step, fromMs, toMs }) => [nameId, step, fromMs, toMs]);
      this.#connection.run(statements.amounts, ...source, ...parts);
      const caps = amounts.map(({ cap }) => cap);
      this.#connection.run(statements.amountRollups, seriesId, scopeId, ...caps, isTold(amounts[1]!) ? 1 : 0);
    } else {
      this.#connection.run(statements.latencyTrials, ...source);
      this.#connection.run(statements.latencyRollups, ...source);
      this.#connection.run(statements.latencyBuckets, ...source);
      this.#connection.run(HOUR_BUCKETS, seriesId);
    }
  }

  #definition(repositoryId: number, { measure }: Kpi, sources: ReadonlySet<string>): SeriesDefinition {
    const source = sources.has(measure.source) ? measure.source : null;
    return definitionOf(measure, (name) => this.#names.event(repositoryId, name), source);
  }

  #insertSeries(
    scopeId: number,
    kpiId: string,
    definition: Omit<SeriesDefinition, 'kind' | 'ofNameId'> & { kind: SeriesRow['kind']; ofNameId: number | null },
  ): number {
    const { kind, ofNameId, otherNameId, withinMinutes, counts, source } = definition;
    const row = [scopeId, kpiId, kind, ofNameId, otherNameId, withinMinutes, counts, amountsText(definition), source];
    return this.#connection.insert(INSERT_SERIES, ...row)!;
  }

  #drop(seriesId: number): void {
    for (const table of TABLES_OF_A_SERIES) this.#connection.run(`DELETE FROM ${table} WHERE series_id = ?`, seriesId);
  }
}
