import { eventsOf } from '../../../domain/model/measure.ts';
import type { SourceQuestion } from '../../../ports/metric-source.ts';
import type { FilesConfig } from './config.ts';
import { rowsSql, type ScanWithFields } from './rows-sql.ts';
import { text, texts } from './sql-text.ts';
import { bucketsSql } from './tally-sql.ts';

/** Most buckets of one answer. */
export const MOST_BUCKETS = 200_000;

/**
 * One question as one statement: every row of its answer is a bucket with what is known of the files beside it; without
 * any bucket there is one row without one.
 * @param newestMs rows after it lie in the future and say nothing about how far the files go
 */
export function questionSql(
  scans: readonly ScanWithFields[],
  question: SourceQuestion,
  config: FilesConfig,
  newestMs: number,
): string {
  const hasIds = scans.some(({ fields }) => fields.event_id !== undefined);
  const part = `minute, v, c, n::DOUBLE AS n, y::DOUBLE AS y, yy::DOUBLE AS yy, d::DOUBLE AS d, dd::DOUBLE AS dd, yd::DOUBLE AS yd,
      clipped::DOUBLE AS clipped, missing::DOUBLE AS missing, indices, counts`;
  return `WITH ${rowsCte(scans, question, config)},
  meta AS (${metaSql(scans.length, question, newestMs)}),
  ${bucketsSql(question, hasIds)},
  found AS (SELECT ${part} FROM buckets WHERE n + y + missing > 0 LIMIT ${MOST_BUCKETS + 1})
SELECT meta.*, found.* FROM meta LEFT JOIN found ON TRUE`;
}

/** Names that the files call their events, for telling what looks alike. */
export function eventNamesSql(scans: readonly ScanWithFields[], question: SourceQuestion, config: FilesConfig): string {
  return `WITH ${rowsCte(scans, question, config)} SELECT DISTINCT e FROM rows WHERE e IS NOT NULL LIMIT 1000`;
}

/** What is known before the first question: how old the files are, and whether an event_id stands for two events. */
export function inspectionSql(scans: readonly ScanWithFields[], question: SourceQuestion, config: FilesConfig): string {
  const events = texts(eventsOf(question.kpi.measure));
  return `WITH ${rowsCte(scans, question, config)},
  ids AS (SELECT count(*) FILTER (k > 1)::DOUBLE AS conflicts FROM (
    SELECT id, count(DISTINCT (t, e, u, val, lat, err)) AS k FROM rows WHERE id IS NOT NULL AND e IN (${events}) GROUP BY id HAVING count(*) > 1))
SELECT min(t)::DOUBLE AS oldest, max(t)::DOUBLE AS newest, count(*)::DOUBLE AS total, count(bad)::DOUBLE AS bad, min(bad) AS first_bad,
  any_value(conflicts) AS conflicts, ${perEvent(question)}
FROM rows, ids`;
}

/** Rows of texts are read once and kept; Parquet is read again where that is cheaper than keeping it. */
function rowsCte(scans: readonly ScanWithFields[], question: SourceQuestion, config: FilesConfig): string {
  const keep = scans.some(({ scan }) => scan.format !== 'parquet') ? 'MATERIALIZED' : 'NOT MATERIALIZED';
  return `rows AS ${keep} (
  ${scans.map((scan, i) => rowsSql(scan, i, question, config)).join('\n  UNION ALL\n  ')}
  )`;
}

/** What all rows say, in one pass over few columns: first by event, then over the events. */
function metaSql(scans: number, question: SourceQuestion, newestMs: number): string {
  const mine = `e IN (${texts(eventsOf(question.kpi.measure))})`;
  const newest = Array.from({ length: scans }, (_, i) => `max(last) FILTER (src = ${i})::DOUBLE AS newest_${i}`);
  const seen = eventsOf(question.kpi.measure).map(
    (event, i) => `coalesce(sum(k) FILTER (e = ${text(event)}), 0)::DOUBLE AS seen_${i}`,
  );
  return `SELECT ${newest.join(', ')}, max(last) FILTER (${mine})::DOUBLE AS kpi_seen,
    max(last) FILTER (${mine} AND named)::DOUBLE AS change_seen, coalesce(sum(k - known), 0)::DOUBLE AS future,
    coalesce(sum(unreadable), 0)::DOUBLE AS bad, min(first_bad) AS first_bad, ${seen.join(', ')}
    FROM (
      SELECT src, e, v IS NOT NULL AS named, max(t) FILTER (t <= ${newestMs}) AS last, count(*) AS k,
        count(*) FILTER (t <= ${newestMs}) AS known, count(bad) AS unreadable, min(bad) AS first_bad
      FROM rows GROUP BY src, e, v IS NOT NULL
    )`;
}

function perEvent({ kpi: { measure } }: SourceQuestion): string {
  return eventsOf(measure)
    .map((event, i) => `count(*) FILTER (e = ${text(event)})::DOUBLE AS seen_${i}`)
    .join(', ');
}
