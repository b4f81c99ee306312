import type { DuckDBConnection } from '@duckdb/node-api';
import { type Change, windowEnd } from '../../src/domain/model/change.ts';
import type { Tally } from '../../src/domain/model/tally.ts';
import { startOfMinute } from '../../src/domain/model/time.ts';
import { VARIANTS } from '../../src/domain/model/variant.ts';
import type { MetricEvidence, VerdictEvidence } from '../../src/domain/model/verdict.ts';
import { collectEvidence } from '../../src/services/collect-evidence.ts';
import type { BenchGate } from '../bench-gate.ts';
import type { BenchPostgres } from './postgres.ts';
import { type Counts, type CountsByVariant, scanSql, toCounts, type Window } from './scan.ts';

/** One way to answer the verdict's question. */
export interface Way {
  readonly name: string;
  ask(): Promise<CountsByVariant>;
}

export interface Loaded {
  readonly ways: readonly Way[];
  /** How long it took until the first question could be asked. */
  readonly seconds: number;
}

/** All that a verdict reads, at the window's end: far more than the counts that the scans are asked for. */
export function readEvidence(gate: BenchGate, change: Change): Promise<VerdictEvidence> {
  return gate.store.transaction((tx) =>
    collectEvidence(gate, tx, change, {
      cause: 'window_complete',
      until: Number.POSITIVE_INFINITY,
      treatmentHashNow: change.treatmentHash,
      ledgerVerified: true,
      pausedMinutes: 0,
    }),
  );
}

export function windowOf(change: Change): Window {
  return { from: startOfMinute(change.effectiveAt ?? 0), to: startOfMinute(windowEnd(change) ?? 0) };
}

export function ourWay(gate: BenchGate, change: Change): Way {
  return {
    name: 'our store: all evidence of a verdict',
    ask: async () => countsOf((await readEvidence(gate, change)).metrics),
  };
}

function countsOf(metrics: readonly MetricEvidence[]): CountsByVariant {
  const sum = (
    rows: readonly Readonly<Record<'off' | 'on', Tally>>[],
    arm: 'off' | 'on',
    read: (tally: Tally) => number,
  ) => rows.reduce((total, row) => total + read(row[arm]), 0);
  const of = (kpiId: string) => metrics.find((metric) => metric.kpiId === kpiId);
  const [booking, errors] = [of('booking')?.strata ?? [], of('errors')?.strata ?? []];
  const units = of('errors')?.units ?? [];
  const [off, on] = VARIANTS.toSorted().map(
    (arm): Counts => ({
      units: sum(booking, arm, ({ n }) => n),
      converted: sum(booking, arm, ({ y }) => y),
      trials: sum(errors, arm, ({ n }) => n),
      failed: sum(errors, arm, ({ y }) => y),
      failedSquared: sum(units, arm, ({ sums }) => sums?.yy ?? Number.NaN),
      trialsSquared: sum(units, arm, ({ sums }) => sums?.dd ?? Number.NaN),
      failedTimesTrials: sum(units, arm, ({ sums }) => sums?.yd ?? Number.NaN),
    }),
  );
  return { off: off!, on: on! };
}

/** The rows of the CSV file as a Parquet file, as a table of DuckDB's own, and as they are. */
export async function loadDuckdb(connection: DuckDBConnection, csv: string, window: Window): Promise<Loaded> {
  const parquet = csv.replace(/csv$/, 'parquet');
  const begun = performance.now();
  await connection.run(`CREATE TABLE events AS SELECT * FROM read_csv('${csv}')`);
  const seconds = (performance.now() - begun) / 1000;
  await connection.run(`COPY events TO '${parquet}' (FORMAT parquet)`);
  const way = (name: string, events: string): Way => ({
    name: `DuckDB, ${name}`,
    ask: async () => toCounts((await connection.runAndReadAll(scanSql(events, window))).getRowObjects()),
  });
  return {
    ways: [
      way('a table of its own', 'events'),
      way('Parquet', `read_parquet('${parquet}')`),
      way('CSV', `read_csv('${csv}')`),
    ],
    seconds,
  };
}

/** The rows in a table with the indexes that its users would make. */
export async function loadPostgres({ client }: BenchPostgres, csv: string, window: Window): Promise<Loaded> {
  const begun = performance.now();
  await client.query(`CREATE TABLE events (change_id text NOT NULL, event text NOT NULL, variant text NOT NULL,
    unit bigint NOT NULL, at_ms bigint NOT NULL, status text)`);
  await client.query(`COPY events FROM '${csv}' (FORMAT csv, HEADER)`);
  await client.query('CREATE INDEX ON events (change_id, event, at_ms)');
  await client.query('CREATE INDEX ON events (unit, event, at_ms)');
  await client.query('VACUUM ANALYZE events');
  const seconds = (performance.now() - begun) / 1000;
  const ask = async () => toCounts((await client.query(scanSql('events', window))).rows);
  return { ways: [{ name: 'PostgreSQL, an indexed table', ask }], seconds };
}
