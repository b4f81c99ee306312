/**
 * Roll-ups that also hold squares, products and histograms (docs/statistics.md section A), and what the measures other
 * than proportions keep of each unit. What a store has counted so far is copied as it is. SQLite cannot alter a CHECK,
 * so tables that had too narrow a one are made again.
 */
const ROLLUPS = `
CREATE TABLE wider_rollups (
  series_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  cohort TEXT NOT NULL,
  n INTEGER NOT NULL CHECK (n >= 0),
  y INTEGER NOT NULL CHECK (y >= 0),
  yy INTEGER NOT NULL DEFAULT 0,
  d INTEGER NOT NULL DEFAULT 0,
  dd INTEGER NOT NULL DEFAULT 0,
  yd INTEGER NOT NULL DEFAULT 0,
  clipped INTEGER NOT NULL DEFAULT 0,
  missing INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (series_id, minute, variant, cohort)
) STRICT, WITHOUT ROWID;
INSERT INTO wider_rollups (series_id, minute, variant, cohort, n, y)
SELECT series_id, minute, variant, cohort, n, y FROM rollups;
DROP TABLE rollups;
ALTER TABLE wider_rollups RENAME TO rollups;

CREATE TABLE wider_hour_rollups (
  series_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  n INTEGER NOT NULL CHECK (n >= 0),
  y INTEGER NOT NULL CHECK (y >= 0),
  yy INTEGER NOT NULL DEFAULT 0,
  d INTEGER NOT NULL DEFAULT 0,
  dd INTEGER NOT NULL DEFAULT 0,
  yd INTEGER NOT NULL DEFAULT 0,
  clipped INTEGER NOT NULL DEFAULT 0,
  missing INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (series_id, hour, variant)
) STRICT, WITHOUT ROWID;
INSERT INTO wider_hour_rollups (series_id, hour, variant, n, y) SELECT series_id, hour, variant, n, y FROM hour_rollups;
DROP TABLE hour_rollups;
ALTER TABLE wider_hour_rollups RENAME TO hour_rollups;

CREATE TABLE buckets (
  series_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (series_id, minute, variant, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE hour_buckets (
  series_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  PRIMARY KEY (series_id, hour, variant, bucket)
) STRICT, WITHOUT ROWID;
`;

/**
 * \`other_name_id\`: the success of a conversion or the counted event of a rate. \`amounts\`: JSON, what a unit or sample
 * adds up. A series 'units' stands beside the status series of a change, its kpi_id with '/units' behind.
 */
const SERIES = `
CREATE TABLE wider_series (
  series_id INTEGER PRIMARY KEY,
  scope_id INTEGER NOT NULL,
  kpi_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN (
    'conversion', 'status', 'exposure', 'units', 'amounts', 'rate', 'quantile', 'gauge'
  )),
  of_name_id INTEGER,
  other_name_id INTEGER,
  within_minutes INTEGER NOT NULL,
  counts TEXT,
  amounts TEXT,
  active INTEGER NOT NULL,
  UNIQUE (scope_id, kpi_id)
) STRICT;
INSERT INTO wider_series (series_id, scope_id, kpi_id, kind, of_name_id, other_name_id, within_minutes, counts, active)
SELECT series_id, scope_id, kpi_id, kind, of_name_id, success_name_id, within_minutes, counts, active FROM series;
DROP TABLE series;
ALTER TABLE wider_series RENAME TO series;
`;

/** Amounts are sums of whole steps, not yet clipped; \`missing\` counts the unit's events that had no value. */
const UNITS = `
CREATE TABLE unit_amounts (
  series_id INTEGER NOT NULL,
  unit_key INTEGER NOT NULL,
  week INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  y INTEGER NOT NULL,
  d INTEGER NOT NULL,
  missing INTEGER NOT NULL CHECK (missing >= 0),
  PRIMARY KEY (series_id, unit_key, week)
) STRICT, WITHOUT ROWID;
CREATE TABLE latency_trials (
  series_id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  unit_key INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  bucket INTEGER,
  missing INTEGER NOT NULL,
  PRIMARY KEY (series_id, minute, unit_key, variant)
) STRICT, WITHOUT ROWID;
CREATE TABLE unit_clusters (
  series_id INTEGER NOT NULL,
  unit_key INTEGER NOT NULL,
  variant INTEGER NOT NULL,
  first_minute INTEGER NOT NULL,
  trials INTEGER NOT NULL,
  y INTEGER NOT NULL CHECK (y BETWEEN 0 AND trials),
  PRIMARY KEY (series_id, unit_key, variant)
) STRICT, WITHOUT ROWID;
`;

/** The clusters of the status trials that the store has already; each trial of nobody is a cluster of its own. */
const CLUSTERS_SO_FAR = `
INSERT INTO series (scope_id, kpi_id, kind, of_name_id, within_minutes, counts, active)
SELECT s.scope_id, s.kpi_id || '/units', 'units', s.of_name_id, 0, s.counts, 1
FROM series s JOIN windows USING (scope_id) WHERE s.kind = 'status';
INSERT INTO unit_clusters (series_id, unit_key, variant, first_minute, trials, y)
SELECT u.series_id, t.unit_key, t.variant, min(t.minute), count(*), sum(t.bad = (u.counts = 'error'))
FROM series u JOIN series s ON s.scope_id = u.scope_id AND s.kpi_id || '/units' = u.kpi_id
JOIN status_trials t ON t.series_id = s.series_id
WHERE u.kind = 'units' GROUP BY 1, 2, 3;
INSERT INTO rollups (series_id, minute, variant, cohort, n, y, yy, d, dd, yd)
SELECT series_id, minute, variant, '', count(*), sum(y), sum(y * y), sum(d), sum(d * d), sum(y * d) FROM (
  SELECT series_id, first_minute AS minute, variant, y, trials AS d FROM unit_clusters
  UNION ALL
  SELECT u.series_id, e.at / 60000, x.variant, (e.status IS 'error') = (u.counts = 'error'), 1
  FROM series u JOIN windows w USING (scope_id)
  JOIN event_exposures x ON x.scope_id = u.scope_id AND x.variant IN (0, 1)
    AND x.at >= w.start_minute * 60000 AND x.at < w.end_minute * 60000
  JOIN events e ON e.event_key = x.event_key AND e.name_id = u.of_name_id AND e.unit_key IS NULL
  WHERE u.kind = 'units'
) GROUP BY 1, 2, 3;
INSERT INTO hour_rollups (series_id, hour, variant, n, y, yy, d, dd, yd)
SELECT series_id, minute / 60, variant, sum(n), sum(y), sum(yy), sum(d), sum(dd), sum(yd)
FROM rollups WHERE series_id IN (SELECT series_id FROM series WHERE kind = 'units') GROUP BY 1, 2, 3;
`;

/** JSON of what else a consumed minute yielded, by arm: sums and histogram; null for a proportion. */
const CONSUMED = 'ALTER TABLE consumed_minutes ADD COLUMN more TEXT;';

export const SIX_MEASURES = [ROLLUPS, SERIES, UNITS, CLUSTERS_SO_FAR, CONSUMED].join('\n');
