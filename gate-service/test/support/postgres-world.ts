import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type PostgresConfig, PostgresSourceSchema } from '../../src/adapters/metric-sources/postgres/config.ts';
import { createPostgresSource } from '../../src/adapters/metric-sources/postgres/postgres-source.ts';
import { startOfMinute } from '../../src/domain/model/time.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import { type Observation, SUITE_NOW, type SuiteKind } from '../suites/metric-source-observations.ts';
import type { RunningPostgres } from './postgres-database.ts';

/** The KPIs of docs/sources.md, by the kind of KPI that each is the template of. */
const DOCUMENTED: Readonly<Record<SuiteKind, string>> = {
  status: 'request_errors',
  conversion: 'visit_to_order',
  mean: 'revenue_per_visit',
  ratio: 'orders_per_item',
  rate: 'tickets_per_request',
  quantile: 'page_latency',
  gauge: 'queue_length',
};
const READER = 'changegate_reader';
export const READER_PASSWORD = 'choose-one';
const TABLE = `create table events (at timestamptz not null, change_id text, variant text, cohort text, unit text not null,
  event text not null, status text, value numeric, latency_ms double precision);
  create index on events (event, at); create index on events (unit, at)`;

/** A database with the table and the role of docs/sources.md in it. */
export async function prepareDatabase(
  server: RunningPostgres,
  observations: readonly Observation[] = [],
): Promise<void> {
  await server.query(`${TABLE}; ${documented('sql')}`);
  if (observations.length > 0) await insert(server, observations);
}

/** The queries that docs/sources.md shows, as the queries of the suite's KPIs. */
export function documentedKpis(): Record<SuiteKind, { query: string; fresh?: string }> {
  const { kpis } = parse(documented('yaml')).sources.shop;
  return Object.fromEntries(Object.entries(DOCUMENTED).map(([kind, id]) => [kind, kpis[id]])) as never;
}

/** A source that reads as the documented role; `more` is written over its configuration. */
export function sourceOn(
  server: Pick<RunningPostgres, 'host' | 'port'>,
  more: Partial<Record<keyof PostgresConfig, unknown>> = {},
  password = READER_PASSWORD,
): MetricSource {
  const deps = { clock: { now: () => startOfMinute(SUITE_NOW) } };
  return createPostgresSource('shop', configOn(server, more), { password }, deps);
}

/** What the source above is configured with. */
export function configOn(
  server: Pick<RunningPostgres, 'host' | 'port'>,
  more: Partial<Record<keyof PostgresConfig, unknown>> = {},
): PostgresConfig {
  return PostgresSourceSchema.parse({
    type: 'postgres',
    host: server.host,
    port: server.port,
    database: 'postgres',
    user: READER,
    tls: { mode: 'off' },
    kpis: documentedKpis(),
    ...more,
  });
}

/** The first block of a language in the section of docs/sources.md. */
function documented(language: 'sql' | 'yaml'): string {
  const page = readFileSync(new URL('../../../docs/sources.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('\n## PostgreSQL\n'));
  return section.split(`\`\`\`${language}\n`)[1]!.split('\n```')[0]!;
}

async function insert(server: RunningPostgres, observations: readonly Observation[]): Promise<void> {
  const rows = observations.map((one) => ({
    at: new Date(startOfMinute(one.minute) + one.second * 1000).toISOString(),
    change_id: one.changeId,
    variant: one.variant,
    cohort: one.cohort,
    unit: one.unit,
    event: one.event,
    status: one.status,
    value: one.value,
    latency_ms: one.latencyMs,
  }));
  const client = await server.connect();
  await client.query('insert into events select * from json_populate_recordset(null::events, $1)', [
    JSON.stringify(rows),
  ]);
  await client.end();
}
