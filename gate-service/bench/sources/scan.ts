import { CHANGE_ID } from '../bench-gate.ts';

/** What a verdict on the benchmark's change has to know of one variant. */
export interface Counts {
  /** Units of the conversion, and those that converted. */
  readonly units: number;
  readonly converted: number;
  /** Trials of the status KPI and those that failed, and the sums of squares and products over their units. */
  readonly trials: number;
  readonly failed: number;
  readonly failedSquared: number;
  readonly trialsSquared: number;
  readonly failedTimesTrials: number;
}
export type CountsByVariant = Readonly<Record<'off' | 'on', Counts>>;

export interface Window {
  /** Milliseconds since 1970, half-open. */
  readonly from: number;
  readonly to: number;
}

const WITHIN_MS = 7_200_000;
const MINUTE = 'at_ms - at_ms % 60000';

/** The verdict's question to a table or file of events, in SQL that DuckDB and PostgreSQL both speak. */
export function scanSql(events: string, { from, to }: Window): string {
  const mine = `SELECT * FROM ${events} WHERE change_id = '${CHANGE_ID}'`;
  const inWindow = `event = 'quote_viewed' AND at_ms >= ${from} AND at_ms < ${to}`;
  return `WITH mine AS (${mine}),
    first_views AS (SELECT variant, unit, min(at_ms) AS at_ms FROM mine WHERE ${inWindow} GROUP BY variant, unit),
    conversions AS (
      SELECT v.variant, v.unit, bool_or(d.at_ms > v.at_ms AND d.at_ms <= v.at_ms + ${WITHIN_MS}) AS converted
      FROM first_views v LEFT JOIN mine d ON d.unit = v.unit AND d.event = 'quote_done' GROUP BY v.variant, v.unit
    ),
    minutes AS (
      SELECT variant, unit, ${MINUTE} AS minute, max(CASE WHEN status = 'error' THEN 1 ELSE 0 END) AS failed
      FROM mine WHERE ${inWindow} GROUP BY variant, unit, ${MINUTE}
    ),
    by_unit AS (SELECT variant, unit, count(*) AS trials, sum(failed) AS failed FROM minutes GROUP BY variant, unit)
  SELECT variant, units, converted, trials, failed, failed_squared, trials_squared, failed_times_trials
  FROM (SELECT variant, count(*) AS units, count(*) FILTER (WHERE converted) AS converted FROM conversions GROUP BY variant) c
  JOIN (
    SELECT variant, sum(trials) AS trials, sum(failed) AS failed, sum(failed * failed) AS failed_squared,
      sum(trials * trials) AS trials_squared, sum(failed * trials) AS failed_times_trials
    FROM by_unit GROUP BY variant
  ) s USING (variant)`;
}

/** Rows of the answer, whatever type its numbers came as. */
export function toCounts(rows: readonly Readonly<Record<string, unknown>>[]): CountsByVariant {
  const of = (name: 'off' | 'on'): Counts => {
    const row = rows.find(({ variant }) => variant === name) ?? {};
    const number = (column: string) => Number(row[column] ?? Number.NaN);
    return {
      units: number('units'),
      converted: number('converted'),
      trials: number('trials'),
      failed: number('failed'),
      failedSquared: number('failed_squared'),
      trialsSquared: number('trials_squared'),
      failedTimesTrials: number('failed_times_trials'),
    };
  };
  return { off: of('off'), on: of('on') };
}
