import type { Amount, Measure } from '../../../contract/kpi-measure.ts';
import { isPerUnit } from '../../../domain/model/measure.ts';
import { MINUTE_MS, startOfWeek, WEEK_MINUTES, weekOf } from '../../../domain/model/time.ts';
import type { SourceQuestion } from '../../../ports/metric-source.ts';
import { FilesFault } from './fault.ts';
import { BEFORE_MS, spanOf } from './span.ts';
import { double, text, texts } from './sql-text.ts';

/** Latencies of exactly 0 have no logarithm: their bucket has this number. */
export const ZERO_BUCKET = -1_000_000;
const MOST_STEPS = 1e9;

/** What a KPI's type makes of `rows` (rows-sql.ts): more CTEs, the last of which is `buckets`. */
export function bucketsSql(question: SourceQuestion, hasIds: boolean): string {
  const { measure } = question.kpi;
  if (isPerUnit(measure)) return perUnitSql(question, hasIds);
  switch (measure.type) {
    case 'proportion':
      return statusSql(question, measure.counts === 'error', hasIds);
    case 'quantile':
      return quantileSql(question, hasIds);
    case 'rate':
      return rateSql(question, measure.count, hasIds);
    case 'gauge':
      return gaugeSql(question, measure.amount, hasIds);
    default:
      throw new FilesFault('bad_query', `no question is made for the type ${measure.type}`);
  }
}

const NO_SUMS = '0 AS yy, 0 AS d, 0 AS dd, 0 AS yd, 0 AS clipped, 0 AS missing';
const NO_HISTOGRAM = 'NULL AS indices, NULL AS counts';

const MINUTE_OF_T = `t // ${MINUTE_MS} * ${MINUTE_MS}`;

/** Rows in the minutes that were asked for; of a change only those that name it. */
function inside({ changeId, from, to }: SourceQuestion): string {
  const time = `t >= ${from * MINUTE_MS} AND t < ${to * MINUTE_MS}`;
  return changeId === null ? time : `v IS NOT NULL AND ${time}`;
}

function trialsOf(question: SourceQuestion): string {
  return `e = ${text(question.kpi.measure.of)} AND ${inside(question)}`;
}

function bucketOf(milliseconds: string, { bucketMinutes }: SourceQuestion): string {
  return `${milliseconds} // ${bucketMinutes * MINUTE_MS} * ${bucketMinutes}`;
}

/** A trial is (unit, minute, variant), bad if any of its rows is; rows of nobody are trials, the same id once. */
function statusSql(question: SourceQuestion, countsErrors: boolean, hasIds: boolean): string {
  const y = countsErrors ? 'errors' : 'n - errors';
  const { columns, group, nobody, cohort } = apart(question, hasIds);
  return `trials AS (
    SELECT m, v, ${cohort} AS c, CASE WHEN ${nobody} THEN count(*) ELSE 1 END AS n,
      CASE WHEN ${nobody} THEN count(*) FILTER (err) ELSE (count(*) FILTER (err) > 0)::INTEGER END AS errors
    FROM (SELECT u, ${MINUTE_OF_T} AS m, v, c, err${columns} FROM rows WHERE ${trialsOf(question)})
    GROUP BY u, m, v${group}
  ),
  buckets AS (
    SELECT ${bucketOf('m', question)} AS minute, v, c, sum(n) AS n, sum(${y}) AS y, ${NO_SUMS}, ${NO_HISTOGRAM}
    FROM trials GROUP BY ALL
  )`;
}

/** A trial is the slowest of (unit, minute, variant); rows of nobody as for a status. Buckets as logBucket makes them. */
function quantileSql(question: SourceQuestion, hasIds: boolean): string {
  const { columns, group, nobody, cohort } = apart(question, hasIds);
  const index = 'ceil(ln(slowest) / ln(1.01::DOUBLE))::INTEGER';
  return `trials AS (
    SELECT m, v, ${cohort} AS c, max(lat) AS slowest, (count(lat) < count(*))::INTEGER AS gap,
      CASE WHEN ${nobody} THEN count(*) ELSE 1 END AS w
    FROM (
      SELECT u, ${MINUTE_OF_T} AS m, v, c, lat${columns}, CASE WHEN u IS NULL THEN coalesce(lat, -1) END AS kl
      FROM rows WHERE ${trialsOf(question)}
    )
    GROUP BY u, m, v${group}, kl
  ),
  cells AS (
    SELECT ${bucketOf('m', question)} AS minute, v, c,
      CASE WHEN slowest = 0 THEN ${ZERO_BUCKET} WHEN slowest > 0 AND isfinite(slowest) THEN ${index} END AS i,
      sum(w) FILTER (slowest IS NOT NULL) AS k, sum(w * gap) AS gaps
    FROM trials GROUP BY ALL
  ),
  buckets AS (
    SELECT minute, v, c, coalesce(sum(k), 0) AS n, 0 AS y, 0 AS yy, 0 AS d, 0 AS dd, 0 AS yd, 0 AS clipped,
      sum(gaps) AS missing,
      list(i ORDER BY i) FILTER (k > 0) AS indices, list(k::DOUBLE ORDER BY i) FILTER (k > 0) AS counts
    FROM cells GROUP BY ALL
  )`;
}

/** What keeps rows of nobody apart, only where there is such a column: a key that is not needed costs a fifth. */
function apart({ byCohort }: SourceQuestion, hasIds: boolean) {
  const columns = [
    ...(hasIds ? [', CASE WHEN u IS NULL THEN id END AS k'] : []),
    ...(byCohort ? [', CASE WHEN u IS NULL THEN c END AS kc'] : []),
  ];
  return {
    columns: columns.join(''),
    group: `${hasIds ? ', k' : ''}${byCohort ? ', kc' : ''}`,
    /** Rows of nobody without an id: each counts. */
    nobody: hasIds ? 'u IS NULL AND k IS NULL' : 'u IS NULL',
    cohort: byCohort ? 'min(c)' : "''",
  };
}

/** Exposure and what is counted, each row in its own minute and under the variant that it names. */
function rateSql(question: SourceQuestion, count: string, hasIds: boolean): string {
  const { of } = question.kpi.measure;
  const where = `e IN (${texts([...new Set([of, count])])}) AND ${inside(question)}`;
  return `buckets AS (
    SELECT minute, v, c, coalesce(sum(w) FILTER (e = ${text(of)}), 0) AS n,
      coalesce(sum(w) FILTER (e = ${text(count)}), 0) AS y, ${NO_SUMS}, ${NO_HISTOGRAM}
    FROM ${once(`${bucketOf('t', question)} AS minute, v, c, e`, where, hasIds)} GROUP BY minute, v, c
  )`;
}

/** Each row is a sample of the level, held to [0, cap]. */
function gaugeSql(question: SourceQuestion, amount: Amount, hasIds: boolean): string {
  const samples = once(
    `${bucketOf('t', question)} AS minute, v, c, ${stepsOf(amount)} AS s`,
    trialsOf(question),
    hasIds,
  );
  return `samples AS (SELECT minute, v, c, w, s, CASE WHEN s IS NOT NULL THEN ${clip('s', amount)} END AS y FROM ${samples}),
  buckets AS (
    SELECT minute, v, c, coalesce(sum(w) FILTER (s IS NOT NULL), 0) AS n, coalesce(sum(w * y), 0) AS y,
      coalesce(sum(w * y * y), 0) AS yy, 0 AS d, 0 AS dd, 0 AS yd, coalesce(sum(w) FILTER (s != y), 0) AS clipped,
      coalesce(sum(w) FILTER (s IS NULL), 0) AS missing, ${NO_HISTOGRAM}
    FROM samples GROUP BY minute, v, c
  )`;
}

/** A unit's outcomes are found by the unit, whether or not they name the change. */
function perUnitSql(question: SourceQuestion, hasIds: boolean): string {
  const { measure } = question.kpi;
  const { from, until } = spanOf(question);
  const names = [...new Set(outcomesOf(measure))];
  const where = `u IS NOT NULL AND e IN (${texts(names)}) AND t >= ${from} AND t < ${until}`;
  const withId = hasIds && measure.type !== 'proportion';
  const earliest = measure.type === 'mean' ? `t >= t0 - ${BEFORE_MS} AND t != t0` : 't > t0';
  const { unit, sums } = unitSql(measure);
  return `${unitTrialsSql(question)},
  outcomes AS (SELECT u AS ou, t, e, val, w FROM ${once('u, t, e, val', where, withId)}),
  units AS (
    SELECT t0, v, c, ${unit}
    FROM trials LEFT JOIN outcomes ON ou = u AND ${earliest} AND t <= t0 + ${measure.withinMinutes * MINUTE_MS}
    GROUP BY u, t0, v, c
  ),
  buckets AS (
    SELECT ${bucketOf('t0', question)} AS minute, v, c, count(*) AS n, sum(y) AS y, ${sums}, ${NO_HISTOGRAM}
    FROM units GROUP BY ALL
  )`;
}

/**
 * A trial is a unit at its first row of the trial's event; its arm is the variant of its first row that names the
 * change, off where both come in the same millisecond. In a KPI's own history it is one trial in each UTC week.
 */
function unitTrialsSql({ kpi, changeId, from, to, byCohort }: SourceQuestion): string {
  const isTrial = `e = ${text(kpi.measure.of)}`;
  const [first, last] = [from * MINUTE_MS, to * MINUTE_MS];
  const cohort = byCohort ? `(min({'t': t, 'c': c}) FILTER (${isTrial})).c` : "''";
  if (changeId !== null)
    return `trials AS (
    SELECT u, min(t) FILTER (${isTrial}) AS t0, (min(t * 2 + v) & 1)::INTEGER AS v, ${cohort} AS c
    FROM rows WHERE u IS NOT NULL AND v IS NOT NULL AND t < ${last}
    GROUP BY u HAVING t0 >= ${first}
  )`;
  const week = startOfWeek(weekOf(from)) * MINUTE_MS;
  return `trials AS (
    SELECT u, min(t) AS t0, NULL::INTEGER AS v, ${cohort} AS c
    FROM rows WHERE u IS NOT NULL AND ${isTrial} AND t >= ${week} AND t < ${last}
    GROUP BY u, (t - ${startOfWeek(0) * MINUTE_MS}) // ${WEEK_MINUTES * MINUTE_MS} HAVING t0 >= ${first}
  )`;
}

/** What one unit adds up, and what units add up to. */
function unitSql(measure: Measure): { readonly unit: string; readonly sums: string } {
  switch (measure.type) {
    case 'mean': {
      const before = clip(total(measure.amount, 't < t0'), measure.amount);
      return { unit: `${upperSql(measure.amount)}, ${before} AS d, (r != y)::INTEGER AS clipped`, sums: PRODUCTS };
    }
    case 'ratio': {
      const { numerator, denominator } = measure;
      const lower = `${total(denominator, `e = ${text(denominator.event)}`)} AS q, ${clip('q', denominator)} AS d`;
      return {
        unit: `${upperSql(numerator)}, ${lower}, (r != y OR q != d)::INTEGER AS clipped`,
        sums: PRODUCTS,
      };
    }
    default:
      return { unit: '(count(ou) > 0)::INTEGER AS y', sums: NO_SUMS };
  }
}

const PRODUCTS =
  'sum(y * y) AS yy, sum(d) AS d, sum(d * d) AS dd, sum(y * d) AS yd, sum(clipped) AS clipped, sum(missing) AS missing';

function upperSql(amount: Amount): string {
  const mine = `t > t0 AND e = ${text(amount.event)}`;
  const missing = amount.add === 'value' ? `coalesce(max((${mine} AND val IS NULL)::INTEGER), 0)` : '0';
  return `${total(amount, mine)} AS r, ${clip('r', amount)} AS y, ${missing} AS missing`;
}

function total(amount: Amount, filter: string): string {
  return `coalesce(sum(w * ${stepsOf(amount)}) FILTER (${filter}), 0)::BIGINT`;
}

function outcomesOf(measure: Measure): readonly string[] {
  switch (measure.type) {
    case 'proportion':
      return measure.success === null ? [] : [measure.success];
    case 'mean':
      return [measure.amount.event];
    case 'ratio':
      return [measure.numerator.event, measure.denominator.event];
    default:
      return [];
  }
}

/** Rows each with a weight `w`: with ids every id counts once, and rows without one each. */
function once(columns: string, where: string, hasIds: boolean): string {
  return hasIds
    ? `(SELECT *, CASE WHEN id IS NULL THEN k ELSE 1 END AS w FROM (SELECT ${columns}, id, count(*) AS k FROM rows WHERE ${where} GROUP BY ALL))`
    : `(SELECT ${columns}, 1 AS w FROM rows WHERE ${where})`;
}

/** Whole steps of one row, null for no value; rounded as JavaScript does. */
function stepsOf({ add, step }: Amount): string {
  if (add === 'events') return '1';
  const steps = `floor(greatest(-${MOST_STEPS}, least(${MOST_STEPS}, val / ${double(step)})) + 0.5)::BIGINT`;
  return `CASE WHEN val IS NOT NULL THEN ${steps} END`;
}

/** Held to [0, cap]; of null it makes a number, since DuckDB's least and greatest pass over nulls. */
function clip(steps: string, { cap, step }: Amount): string {
  return `greatest(0, least(${Math.round(cap / step)}, ${steps}))`;
}
