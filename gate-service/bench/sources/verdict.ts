import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GateError } from '../../src/contract/gate-error.ts';
import { judgeChange } from '../../src/domain/decision/judge-change.ts';
import { CHANGE_ID } from '../bench-gate.ts';
import { makeSubject } from '../look.ts';
import { mebibytes, milliseconds, type Report, threeFigures } from '../report.ts';
import { median } from '../statistics.ts';
import { writeChangeRows } from './change-rows.ts';
import { startBenchPostgres } from './postgres.ts';
import { loadDuckdb, loadPostgres, ourWay, readEvidence, type Way, windowOf } from './ways.ts';

export interface VerdictOptions {
  readonly events: number;
  readonly rounds: number;
}

/** A way and how long each of its turns took. */
interface Timed {
  readonly way: Way;
  readonly ms: number[];
}

/**
 * What a verdict knows, read from our roll-ups, against scans of the same events by DuckDB and PostgreSQL. The ways take
 * turns, and all must find the same counts.
 */
export async function benchVerdict(
  { events, rounds }: VerdictOptions,
  progress: (text: string) => void,
): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'changegate-bench-'));
  // PostgreSQL reads the CSV file as a user of its own.
  await chmod(directory, 0o755);
  const storePath = join(directory, 'changegate.db');
  const csv = join(directory, 'events.csv');
  progress(`verdict: making a store with ${events.toLocaleString('en-US')} events`);
  const { gate, registerSeconds, windowSeconds } = await makeSubject(storePath, events);
  const postgres = await startBenchPostgres();
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(join(directory, 'events.duckdb'));
  const duckdb = await instance.connect();
  try {
    const change = (await gate.store.transaction((tx) => tx.changes.find(CHANGE_ID)))!;
    progress('verdict: the same events for the others');
    await writeChangeRows(storePath, csv);
    const inDuckdb = await loadDuckdb(duckdb, csv, windowOf(change));
    const inPostgres = await loadPostgres(postgres, csv, windowOf(change));
    const ours: Timed = { way: ourWay(gate, change), ms: [] };
    const scans = [...inDuckdb.ways, ...inPostgres.ways].map((way): Timed => ({ way, ms: [] }));
    const judgeMs: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      progress(`verdict: turn ${round} of ${rounds}`);
      await takeTurns([ours, ...scans]);
      const evidence = await readEvidence(gate, change);
      judgeMs.push(timeOf(() => judgeChange(evidence)));
    }
    return report({
      events,
      rounds,
      ours,
      scans,
      judgeMs,
      seconds: {
        'our roll-ups': registerSeconds + windowSeconds,
        DuckDB: inDuckdb.seconds,
        PostgreSQL: inPostgres.seconds,
      },
      bytes: { store: (await stat(storePath)).size, csv: (await stat(csv)).size },
    });
  } finally {
    duckdb.disconnectSync();
    instance.closeSync();
    await postgres.stop();
    await gate.store.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function takeTurns(all: readonly Timed[]): Promise<void> {
  const found = new Map<string, string>();
  for (const { way, ms } of all) {
    const begun = performance.now();
    const counts = await way.ask();
    ms.push(performance.now() - begun);
    found.set(way.name, JSON.stringify(counts));
  }
  if (new Set(found.values()).size === 1) return;
  const said = [...found].map(([name, counts]) => `${name}: ${counts}`).join('\n');
  throw new GateError('internal', `The ways do not count the same.\n${said}`, 'Report this.');
}

function timeOf(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

interface Found {
  readonly events: number;
  readonly rounds: number;
  readonly ours: Timed;
  readonly scans: readonly Timed[];
  readonly judgeMs: readonly number[];
  readonly seconds: Readonly<Record<string, number>>;
  readonly bytes: { readonly store: number; readonly csv: number };
}

function report({ events, rounds, ours, scans, judgeMs, seconds, bytes }: Found): Report {
  const data = {
    events,
    rounds,
    oursMs: median(ours.ms),
    judgeMs: median(judgeMs),
    scans: scans.map(({ way, ms }) => ({
      name: way.name,
      ms: median(ms),
      /** Within each turn. */
      ratio: median(ms.map((value, turn) => value / ours.ms[turn]!)),
    })),
    seconds,
    bytes,
  };
  return {
    title: `What a verdict knows, over ${events.toLocaleString('en-US')} events, median of ${rounds} turns`,
    rows: [
      { what: ours.way.name, result: milliseconds(data.oursMs) },
      { what: 'judging it', result: milliseconds(data.judgeMs) },
      ...data.scans.map(({ name, ms, ratio }) => ({
        what: `${name}: the counts alone`,
        result: `${milliseconds(ms)} = ${threeFigures(ratio)} times ours`,
      })),
      {
        what: 'until the first question',
        result: Object.entries(seconds)
          .map(([name, value]) => `${name} ${threeFigures(value)} s`)
          .join(', '),
      },
      { what: 'on disk', result: `our store ${mebibytes(bytes.store)}, the CSV file ${mebibytes(bytes.csv)}` },
    ],
    data,
  };
}
