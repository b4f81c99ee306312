import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { FilesSourceSchema } from '../../src/adapters/metric-sources/files/config.ts';
import { createFilesSource } from '../../src/adapters/metric-sources/files/files-source.ts';
import { type Kpi, KpiRegistrySchema } from '../../src/contract/kpi-registry.ts';
import { MINUTE_MS, WEEK_MINUTES } from '../../src/domain/model/time.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import { milliseconds, type Report, threeFigures } from '../report.ts';

const CHANGE = 'chg-1-00000000aa';
/** 2026-11-02T00:00Z, a Monday. */
const FROM = 29_892_960;
const TO = FROM + WEEK_MINUTES;
const THREADS = 2;
const MEMORY_MB = 2_048;

/**
 * A question over a whole window of files against the shortest SQL for the same numbers, in a DuckDB with the same
 * threads and memory, in one run: what the checks, the facts about the files and the lock-down cost.
 * @param rows rows of the Parquet file that is made for it
 */
export async function benchFiles(rows = 10_000_000): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'changegate-bench-files-'));
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(THREADS),
    memory_limit: `${MEMORY_MB}MB`,
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  const config = { type: 'files', directory, files: '*.parquet', threads: THREADS, memory_mb: MEMORY_MB };
  const source = createFilesSource('bench', FilesSourceSchema.parse({ ...config, deadline_seconds: 60 }), {
    now: () => (TO + 2_000) * MINUTE_MS,
  });
  try {
    const path = join(directory, 'events.parquet');
    await connection.run(eventsSql(rows, path));
    const measured = [];
    for (const kpi of KPIS) measured.push(await measure(kpi, source, connection, bareSql(path)[kpi.id]!));
    return {
      title: `Files: a question over ${rows.toLocaleString('en-US')} rows of Parquet, ${THREADS} threads`,
      rows: measured.map(({ kpi, ours, bare }) => ({
        what: kpi,
        result: `${milliseconds(ours)}; bare SQL ${milliseconds(bare)}; ${threeFigures(ours / bare)} times`,
      })),
      data: { rows, measured },
    };
  } finally {
    await source.close();
    connection.closeSync();
    instance.closeSync();
    await rm(directory, { recursive: true, force: true });
  }
}

const common = { title: 'A KPI', definition: 'For the benchmark.', owner: 'bench', direction: 'increase_is_good' };
const KPIS: readonly Kpi[] = KpiRegistrySchema.parse({
  status: { ...common, unit: 'ratio', measure: { source: 'bench', type: 'proportion', of: 'visit', status: 'error' } },
  conversion: {
    ...common,
    unit: 'ratio',
    measure: { source: 'bench', type: 'proportion', of: 'visit', success: 'order', within: '1d' },
  },
  mean: {
    ...common,
    unit: 'EUR',
    measure: { source: 'bench', type: 'mean', of: 'visit', value_of: 'order', within: '1d', cap: 100 },
  },
  rate: { ...common, unit: 'per visit', measure: { source: 'bench', type: 'rate', of: 'visit', count: 'order' } },
});

/** A tenth as many units as rows; the last row, a day after the window, says that the export is complete. */
function eventsSql(rows: number, path: string): string {
  const ms = `${FROM * MINUTE_MS} + i * ${(WEEK_MINUTES * MINUTE_MS) / rows}`;
  return `COPY (
    SELECT make_timestamp((${ms})::BIGINT * 1000) AS "timestamp",
      CASE WHEN h % 10 < 6 THEN 'visit' WHEN h % 10 < 9 THEN 'page' ELSE 'order' END AS event,
      '${CHANGE}' AS change_id, CASE WHEN u % 2 = 0 THEN 'on' ELSE 'off' END AS version_flag, 'user-' || u AS user_id,
      CASE WHEN h % 20 = 0 THEN 'error' ELSE 'success' END AS status, (h % 9000) / 100.0::DOUBLE AS value
    FROM (SELECT i, hash(i) % ${Math.ceil(rows / 10)} AS u, (hash(i * 7 + 3) >> 1)::BIGINT AS h FROM range(${rows}) t(i))
    UNION ALL
    SELECT make_timestamp(${(TO + 1_500) * MINUTE_MS} * 1000), 'export_done', NULL, NULL, NULL, NULL, NULL
  ) TO '${path}' (FORMAT parquet)`;
}

/** What somebody would write who asks once: no check, no facts, hours of the window by variant. */
function bareSql(path: string): Readonly<Record<string, string>> {
  const table = `read_parquet('${path}')`;
  const time = (minute: number) => `make_timestamp(${minute * MINUTE_MS} * 1000)`;
  const inWindow = `change_id = '${CHANGE}' AND "timestamp" >= ${time(FROM)} AND "timestamp" < ${time(TO)}`;
  const trials = `SELECT user_id, min("timestamp") FILTER (event = 'visit') AS t0, arg_min(version_flag, "timestamp") AS v
    FROM ${table} WHERE ${inWindow} GROUP BY user_id`;
  const orders = `${table} o ON o.user_id = trials.user_id AND o.event = 'order' AND o."timestamp" <= t0 + INTERVAL 1 DAY`;
  const steps = `round(value / 0.01)`;
  return {
    status: `SELECT h, version_flag, count(*), sum(bad) FROM (
      SELECT user_id, time_bucket(INTERVAL 1 minute, "timestamp") AS m, date_trunc('hour', any_value("timestamp")) AS h,
        version_flag, max((status = 'error')::INTEGER) AS bad
      FROM ${table} WHERE event = 'visit' AND ${inWindow} GROUP BY user_id, m, version_flag) GROUP BY h, version_flag`,
    conversion: `WITH trials AS (${trials})
      SELECT date_trunc('hour', t0) AS h, v, count(*), sum(y) FROM (
        SELECT trials.user_id, t0, v, (count(o."timestamp") > 0)::INTEGER AS y
        FROM trials LEFT JOIN ${orders} AND o."timestamp" > t0 WHERE t0 IS NOT NULL GROUP BY ALL) GROUP BY h, v`,
    mean: `WITH trials AS (${trials}), units AS (
        SELECT trials.user_id, t0, v,
          least(10000, coalesce(sum(${steps}) FILTER (o."timestamp" > t0), 0)) AS y,
          least(10000, coalesce(sum(${steps}) FILTER (o."timestamp" < t0), 0)) AS d
        FROM trials LEFT JOIN ${orders} AND o."timestamp" >= t0 - INTERVAL 28 DAY
        WHERE t0 IS NOT NULL GROUP BY ALL)
      SELECT date_trunc('hour', t0) AS h, v, count(*), sum(y), sum(y * y), sum(d), sum(d * d), sum(y * d) FROM units GROUP BY h, v`,
    rate: `SELECT date_trunc('hour', "timestamp") AS h, version_flag, count(*) FILTER (event = 'visit'), count(*) FILTER (event = 'order')
      FROM ${table} WHERE event IN ('visit', 'order') AND ${inWindow} GROUP BY ALL`,
  };
}

/** Both in turn, the faster of two runs each. */
async function measure(kpi: Kpi, source: MetricSource, connection: DuckDBConnection, sql: string) {
  const question = {
    kpi,
    changeId: CHANGE,
    from: FROM,
    to: TO,
    since: FROM,
    bucketMinutes: 60,
    byCohort: false,
  } as const;
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let run = 0; run < 2; run += 1) {
    bare.push(await timed(() => connection.runAndReadAll(sql)));
    ours.push(
      await timed(async () => {
        const answer = await source.read(question);
        if (answer.status !== 'ok') throw new Error(answer.detail);
      }),
    );
  }
  return { kpi: kpi.id, ours: Math.min(...ours), bare: Math.min(...bare) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
