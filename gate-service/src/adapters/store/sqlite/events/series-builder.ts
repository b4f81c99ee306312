import type { Kpi } from '../../../../contract/kpi-registry.ts';
import { type Change, longestWithin, windowEnd } from '../../../../domain/model/change.ts';
import { isConversion, isStatus } from '../../../../domain/model/measure.ts';
import { MINUTE_MS } from '../../../../domain/model/time.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { EXPOSURE_SERIES, NO_VARIANT, WHOLE_WINDOW } from './codes.ts';
import type { Names } from './names.ts';

const INSERT_SERIES = `INSERT INTO series
  (scope_id, kpi_id, kind, of_name_id, other_name_id, within_minutes, counts, active) VALUES (?, ?, ?, ?, ?, ?, ?, 1)`;

/** Minutes since Monday, 1969-12-29 00:00 UTC, divided by a week: the same as the domain's `weekOf`. */
const WEEK_OF_AT = '(e.at / 60000 + 4320) / 10080';

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
const HOUR_ROLLUPS = `
  INSERT INTO hour_rollups (series_id, hour, variant, n, y)
  SELECT series_id, minute / 60, variant, sum(n), sum(y) FROM rollups WHERE series_id = ? GROUP BY 2, 3`;

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

/** What makes a series what it is; equal ones need not be built again. */
interface Definition {
  readonly kind: 'conversion' | 'status';
  readonly ofNameId: number;
  readonly successNameId: number | null;
  readonly withinMinutes: number;
  readonly counts: 'error' | 'success' | null;
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
  buildWindow(change: Change, startMinute: number): void {
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
    const exposureSeries = this.#connection.insert(
      INSERT_SERIES,
      scopeId,
      EXPOSURE_SERIES,
      'exposure',
      null,
      null,
      0,
      null,
    )!;
    this.#connection.run(EXPOSURE_ROLLUPS, exposureSeries, scopeId);
    this.#connection.run(HOUR_ROLLUPS, exposureSeries);
    for (const kpi of change.kpis) this.#buildWindowSeries(scopeId, kpi.id, this.#definition(repositoryId, kpi), span);
  }

  #buildWindowSeries(scopeId: number, kpiId: string, definition: Definition, span: readonly [number, number]): void {
    const seriesId = this.#insertSeries(scopeId, kpiId, definition);
    const { kind, ofNameId, successNameId, withinMinutes, counts } = definition;
    if (kind === 'conversion') {
      const withinMs = withinMinutes * MINUTE_MS;
      this.#connection.run(WINDOW_CONVERSIONS, seriesId, successNameId, withinMs, scopeId, ...span, ofNameId);
      this.#connection.run(WINDOW_CONVERSION_ROLLUPS, seriesId, scopeId);
    } else {
      this.#connection.run(WINDOW_STATUS, seriesId, scopeId, ...span, ofNameId);
      this.#connection.run(WINDOW_STATUS_ROLLUPS, seriesId, scopeId, ...span, ofNameId, counts === 'error' ? 1 : 0);
    }
    this.#connection.run(HOUR_ROLLUPS, seriesId);
  }

  /** Makes the repository's history series fit its registered KPIs; builds what is new or measures otherwise. */
  registerHistory(repository: string, kpis: readonly Kpi[]): void {
    const repositoryId = this.#names.scope(repository);
    const known = this.#connection.all<{ series_id: number; kpi_id: string; active: number } & DefinitionRow>(
      'SELECT * FROM series WHERE scope_id = ?',
      repositoryId,
    );
    for (const row of known) {
      if (kpis.some(({ id }) => id === row.kpi_id)) continue;
      this.#connection.run('UPDATE series SET active = 0 WHERE series_id = ?', row.series_id);
    }
    for (const kpi of kpis) {
      const definition = this.#definition(repositoryId, kpi);
      const row = known.find(({ kpi_id }) => kpi_id === kpi.id);
      if (row?.active === 1 && isSame(row, definition)) continue;
      if (row) this.#drop(row.series_id);
      this.#buildHistory(repositoryId, kpi.id, definition);
    }
  }

  #buildHistory(repositoryId: number, kpiId: string, definition: Definition): void {
    const seriesId = this.#insertSeries(repositoryId, kpiId, definition);
    const { kind, ofNameId, successNameId, withinMinutes, counts } = definition;
    if (kind === 'conversion') {
      this.#connection.run(HISTORY_CONVERSIONS, seriesId, successNameId, withinMinutes * MINUTE_MS, ofNameId);
      this.#connection.run(HISTORY_CONVERSION_ROLLUPS, seriesId);
    } else {
      this.#connection.run(HISTORY_STATUS, seriesId, ofNameId);
      this.#connection.run(HISTORY_STATUS_ROLLUPS, seriesId, ofNameId, counts === 'error' ? 1 : 0);
    }
    this.#connection.run(HOUR_ROLLUPS, seriesId);
  }

  #definition(repositoryId: number, { measure }: Kpi): Definition {
    return {
      kind: isConversion(measure) ? 'conversion' : 'status',
      ofNameId: this.#names.event(repositoryId, measure.of),
      successNameId: isConversion(measure) ? this.#names.event(repositoryId, measure.success) : null,
      withinMinutes: measure.withinMinutes,
      counts: isStatus(measure) ? measure.counts : null,
    };
  }

  #insertSeries(scopeId: number, kpiId: string, definition: Definition): number {
    const { kind, ofNameId, successNameId, withinMinutes, counts } = definition;
    return this.#connection.insert(
      INSERT_SERIES,
      scopeId,
      kpiId,
      kind,
      ofNameId,
      successNameId,
      withinMinutes,
      counts,
    )!;
  }

  #drop(seriesId: number): void {
    for (const table of ['rollups', 'hour_rollups', 'conversions', 'status_trials', 'series']) {
      this.#connection.run(`DELETE FROM ${table} WHERE series_id = ?`, seriesId);
    }
  }
}

interface DefinitionRow {
  kind: string;
  of_name_id: number;
  other_name_id: number | null;
  within_minutes: number;
  counts: string | null;
}

function isSame(row: DefinitionRow, definition: Definition): boolean {
  return (
    row.kind === definition.kind &&
    row.of_name_id === definition.ofNameId &&
    row.other_name_id === definition.successNameId &&
    row.within_minutes === definition.withinMinutes &&
    row.counts === definition.counts
  );
}
