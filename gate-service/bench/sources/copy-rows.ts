import type { Client } from 'pg';
import type { RawRow } from '../raw-inserts.ts';
import { median } from '../statistics.ts';
import { copyIn } from './postgres.ts';

/** The columns, their order and the keys are those of the rows that are inserted into SQLite. */
const TABLE = `CREATE TABLE copied (
  event_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  repository_id bigint NOT NULL,
  event_id text NOT NULL,
  name_id bigint NOT NULL,
  at bigint NOT NULL,
  unit_key bigint,
  cohort text,
  status text,
  latency_ms double precision,
  value double precision,
  tag text,
  content_hash text NOT NULL,
  received_at bigint NOT NULL,
  UNIQUE (repository_id, event_id)
)`;
const COPY = `COPY copied (repository_id, event_id, name_id, at, unit_key, cohort, status, latency_ms, value, tag,
  content_hash, received_at) FROM STDIN`;
/** A pass is over in seconds, so that one burst of other work would decide it. */
const PASSES = 3;

export interface CopyPace {
  /** Each batch in a transaction of its own, as durable as the store's. */
  readonly batchesPerSecond: number;
  /** All rows in one statement: what PostgreSQL can do at best. */
  readonly wholePerSecond: number;
}

/**
 * Copies the rows into a new table each time; they are made into text before the clock starts.
 * @returns rows a second, medians
 */
export async function copyRows(client: Client, rows: readonly RawRow[], batch: number): Promise<CopyPace> {
  const inBatches: Buffer[] = [];
  for (let first = 0; first < rows.length; first += batch) inBatches.push(toText(rows.slice(first, first + batch)));
  const whole = [Buffer.concat(inBatches)];
  const paces: { batches: number; whole: number }[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    paces.push({
      batches: rows.length / (await secondsOf(client, inBatches)),
      whole: rows.length / (await secondsOf(client, whole)),
    });
  }
  return {
    batchesPerSecond: median(paces.map(({ batches }) => batches)),
    wholePerSecond: median(paces.map((pace) => pace.whole)),
  };
}

async function secondsOf(client: Client, texts: readonly Buffer[]): Promise<number> {
  await client.query(`DROP TABLE IF EXISTS copied; ${TABLE}; CHECKPOINT`);
  const begun = performance.now();
  for (const text of texts) await copyIn(client, COPY, text);
  return (performance.now() - begun) / 1000;
}

/** COPY's text format; no value of the benchmark holds a tab, a line's end or a backslash. */
function toText(rows: readonly RawRow[]): Buffer {
  return Buffer.from(rows.map((row) => `${row.map((value) => value ?? '\\N').join('\t')}\n`).join(''));
}
