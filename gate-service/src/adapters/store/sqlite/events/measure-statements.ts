import { NO_VARIANT, WHOLE_WINDOW } from './codes.ts';
import { SUM_COLUMNS } from './rollup-deltas.ts';

/** Minutes since Monday, 1969-12-29 00:00 UTC, divided by a week: the same as the domain's `weekOf`. */
export const WEEK_OF_AT = '(e.at / 60000 + 4320) / 10080';

// CROSS JOIN fixes the order of the tables: the second is always found by its key.

/** Where the events of a series come from: ?2 scope of the change, ?3 and ?4 its window in ms; a history binds them too. */
interface Source {
  readonly from: string;
  readonly where: string;
  readonly variant: string;
  readonly week: string;
  /** Joins the arms of the units of `a`; ?2 is the scope. */
  readonly arms: string;
  readonly arm: string;
}

const WINDOW: Source = {
  from: 'event_exposures x CROSS JOIN events e USING (event_key)',
  where: 'x.scope_id = ?2 AND x.variant IN (0, 1) AND x.at >= ?3 AND x.at < ?4',
  variant: 'x.variant',
  week: `${WHOLE_WINDOW}`,
  arms: 'CROSS JOIN exposures f ON f.scope_id = ?2 AND f.unit_key = a.unit_key',
  arm: 'f.variant, f.cohort',
};
const HISTORY: Source = {
  from: 'events e',
  where: 'e.at >= 0',
  variant: `${NO_VARIANT}`,
  week: WEEK_OF_AT,
  arms: '',
  arm: `${NO_VARIANT} AS variant, '' AS cohort`,
};

/** ?1 series, ?5 name of the trial, then for y and d: name, step (null: events are counted), from and to in ms. */
const amounts = ({ from, where, week }: Source) => `
  INSERT INTO unit_amounts (series_id, unit_key, week, first_at, y, d, missing)
  SELECT ?1, t.unit_key, t.week, t.first_at, coalesce(${amountOf('sum', [6, 7, 8, 9])}, 0),
    coalesce(${amountOf('sum', [10, 11, 12, 13])}, 0), ${amountOf('count(*) - count', [6, 7, 8, 9])}
  FROM (
    SELECT e.unit_key, ${week} AS week, min(e.at) AS first_at FROM ${from}
    WHERE ${where} AND e.name_id = ?5 AND e.unit_key IS NOT NULL GROUP BY 1, 2
  ) t`;

/** ?1 series, ?3 and ?4 caps of y and d in steps, ?5 whether a d that was clipped is told of. */
const amountRollups = ({ arms, arm }: Source) => `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y, ${SUM_COLUMNS.join(', ')})
  SELECT ?1, first_at / 60000, variant, cohort, count(*), sum(y), sum(y * y), sum(d), sum(d * d), sum(y * d),
    sum(clipped), sum(missing)
  FROM (
    SELECT a.first_at, ${arm}, max(0, min(a.y, ?3)) AS y, max(0, min(a.d, ?4)) AS d,
      a.y NOT BETWEEN 0 AND ?3 OR (?5 = 1 AND a.d NOT BETWEEN 0 AND ?4) AS clipped, a.missing > 0 AS missing
    FROM unit_amounts a ${arms} WHERE a.series_id = ?1
  ) GROUP BY 2, 3, 4`;

/** ?1 series, ?5 name of the exposure, ?6 name of what is counted. */
const rates = ({ from, where, variant }: Source) => `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y)
  SELECT ?1, e.at / 60000, ${variant}, '', sum(e.name_id = ?5), sum(e.name_id = ?6) FROM ${from}
  WHERE ${where} AND e.name_id IN (?5, ?6) GROUP BY 2, 3`;

/** ?1 series, ?5 name of the sample, ?6 step, ?7 cap in steps. */
const levels = ({ from, where, variant }: Source) => `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y, yy, clipped, missing)
  SELECT ?1, minute, variant, '', count(y), coalesce(sum(y), 0), coalesce(sum(y * y), 0), sum(steps IS NOT y),
    sum(steps IS NULL)
  FROM (
    SELECT minute, variant, steps, max(0, min(steps, ?7)) AS y FROM (
      SELECT e.at / 60000 AS minute, ${variant} AS variant, amount_steps(e.value, ?6) AS steps FROM ${from}
      WHERE ${where} AND e.name_id = ?5
    )
  ) GROUP BY 2, 3`;

/** ?1 series, ?5 name of the trial. */
const latencyTrials = ({ from, where, variant }: Source) => `
  INSERT INTO latency_trials (series_id, minute, unit_key, variant, bucket, missing)
  SELECT ?1, e.at / 60000, e.unit_key, ${variant}, max(latency_bucket(e.latency_ms)), max(e.latency_ms IS NULL)
  FROM ${from} WHERE ${where} AND e.name_id = ?5 AND e.unit_key IS NOT NULL GROUP BY 2, 3, 4`;

/** Trials of units and, each on its own, of nobody. */
const allLatencies = ({ from, where, variant }: Source) => `
  SELECT minute, variant, bucket, missing FROM latency_trials WHERE series_id = ?1
  UNION ALL
  SELECT e.at / 60000, ${variant}, latency_bucket(e.latency_ms), e.latency_ms IS NULL
  FROM ${from} WHERE ${where} AND e.name_id = ?5 AND e.unit_key IS NULL`;
const latencyRollups = (source: Source) => `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y, missing)
  SELECT ?1, minute, variant, '', count(bucket), 0, sum(missing) FROM (${allLatencies(source)}) GROUP BY 2, 3`;
const latencyBuckets = (source: Source) => `
  INSERT INTO buckets (series_id, minute, variant, bucket, count)
  SELECT ?1, minute, variant, bucket, count(*) FROM (${allLatencies(source)})
  WHERE bucket IS NOT NULL GROUP BY 2, 3, 4`;

function statementsFor(source: Source) {
  return {
    amounts: amounts(source),
    amountRollups: amountRollups(source),
    rates: rates(source),
    levels: levels(source),
    latencyTrials: latencyTrials(source),
    latencyRollups: latencyRollups(source),
    latencyBuckets: latencyBuckets(source),
  };
}

/** Builds series of the measures other than proportions from all stored events, for a window or a KPI's own history. */
export const MEASURE_STATEMENTS = { window: statementsFor(WINDOW), history: statementsFor(HISTORY) };

/** ?1 the series of the units, ?2 that of their trials, ?3 is 1 when errors are counted, 0 when their absence is. */
export const WINDOW_CLUSTERS = `
  INSERT INTO unit_clusters (series_id, unit_key, variant, first_minute, trials, y)
  SELECT ?1, unit_key, variant, min(minute), count(*), sum(bad = ?3) FROM status_trials
  WHERE series_id = ?2 GROUP BY 2, 3`;
/** ?1 the series of the units, ?5 name of the trial, ?6 as ?3 above; each trial of nobody is a cluster of its own. */
export const WINDOW_CLUSTER_ROLLUPS = `
  INSERT INTO rollups (series_id, minute, variant, cohort, n, y, yy, d, dd, yd)
  SELECT ?1, minute, variant, '', count(*), sum(y), sum(y * y), sum(d), sum(d * d), sum(y * d) FROM (
    SELECT first_minute AS minute, variant, y, trials AS d FROM unit_clusters WHERE series_id = ?1
    UNION ALL
    SELECT e.at / 60000, x.variant, (e.status IS 'error') = ?6, 1 FROM ${WINDOW.from}
    WHERE ${WINDOW.where} AND e.name_id = ?5 AND e.unit_key IS NULL
  ) GROUP BY 2, 3`;

export const HOUR_ROLLUPS = `
  INSERT INTO hour_rollups (series_id, hour, variant, n, y, ${SUM_COLUMNS.join(', ')})
  SELECT series_id, minute / 60, variant, sum(n), sum(y), ${SUM_COLUMNS.map((column) => `sum(${column})`).join(', ')}
  FROM rollups WHERE series_id = ? GROUP BY 2, 3`;
export const HOUR_BUCKETS = `
  INSERT INTO hour_buckets (series_id, hour, variant, bucket, count)
  SELECT series_id, minute / 60, variant, bucket, sum(count) FROM buckets WHERE series_id = ? GROUP BY 2, 3, 4`;

/** Over the events of t's unit that belong to the amount; by the places of its name, step, from and to. */
function amountOf(over: string, [name, step, from, to]: readonly [number, number, number, number]): string {
  return `(SELECT ${over}(amount_steps(s.value, ?${step})) FROM events s WHERE s.unit_key = t.unit_key
      AND s.name_id = ?${name} AND s.at BETWEEN t.first_at + ?${from} AND t.first_at + ?${to})`;
}
