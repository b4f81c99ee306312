import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import { makeEventLines } from '../event-lines.ts';
import { nextMessage, send } from '../ingest.ts';
import { FIRST_EVENT_AT } from '../ingest-server.ts';
import { insertRaw, type RawPace, readRows } from '../raw-inserts.ts';
import { mebibytes, milliseconds, type Report, threeFigures } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { type CopyPace, copyRows } from './copy-rows.ts';
import { type BenchPostgres, startBenchPostgres } from './postgres.ts';

const SENDERS = 4;
const BATCH = 500;
const SPAN_MS = 360 * MINUTE_MS;
/** Lines that are sent again and again, each time as other visitors and other events. */
const LINES = 100_000;
/** The peers get the first rows of a pass: enough for seconds of work, and they fit into memory. */
const MOST_ROWS = 500_000;
const SERVER = join(import.meta.dirname, '..', 'ingest-server.ts');

export interface IngestOptions {
  readonly seconds: number;
  readonly passes: number;
}

interface Sent {
  readonly atMs: number;
  readonly ms: number;
}

interface Pass {
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Rate of the last fifth of the time to that of the first. */
  readonly lastToFirst: number;
  readonly batchMs: readonly number[];
  readonly raw: RawPace;
  readonly copy: CopyPace;
  readonly peakRssBytes: number;
  readonly cpuMicrosecondsPerEvent: number;
}

/** Events a second through HTTP, against the rows that came of them inserted and copied by the databases alone. */
export async function benchIngest(
  { seconds, passes }: IngestOptions,
  progress: (text: string) => void,
): Promise<Report> {
  const lines = makeEventLines(LINES, FIRST_EVENT_AT, SPAN_MS);
  const postgres = await startBenchPostgres();
  try {
    const found: Pass[] = [];
    for (let pass = 1; pass <= passes; pass += 1) {
      progress(`ingest: pass ${pass} of ${passes}, ${threeFigures(seconds / passes)} s of load`);
      found.push(await runPass(lines, (seconds / passes) * 1000, postgres));
    }
    return report(found, seconds);
  } finally {
    await postgres.stop();
  }
}

function report(passes: readonly Pass[], seconds: number): Report {
  const over = (read: (pass: Pass) => number) => median(passes.map(read));
  const batchMs = passes.flatMap((pass) => pass.batchMs);
  const data = {
    seconds,
    cores: availableParallelism(),
    events: passes.reduce((sum, { events }) => sum + events, 0),
    eventsPerSecond: over(({ eventsPerSecond }) => eventsPerSecond),
    lastToFirst: over(({ lastToFirst }) => lastToFirst),
    ratioToRaw: over(({ eventsPerSecond, raw }) => eventsPerSecond / raw.perSecond),
    ratioToCopyBatches: over(({ eventsPerSecond, copy }) => eventsPerSecond / copy.batchesPerSecond),
    ratioToCopyWhole: over(({ eventsPerSecond, copy }) => eventsPerSecond / copy.wholePerSecond),
    rawPerSecond: over(({ raw }) => raw.perSecond),
    copyBatchesPerSecond: over(({ copy }) => copy.batchesPerSecond),
    copyWholePerSecond: over(({ copy }) => copy.wholePerSecond),
    batches: batchMs.length,
    p50Ms: quantile(batchMs, 0.5),
    p99Ms: quantile(batchMs, 0.99),
    slowestMs: quantile(batchMs, 1),
    cpuMicrosecondsPerEvent: over(({ cpuMicrosecondsPerEvent }) => cpuMicrosecondsPerEvent),
    peakRssBytes: over(({ peakRssBytes }) => peakRssBytes),
  };
  const peer = (perSecond: number, ratio: number) =>
    `${threeFigures(perSecond)} rows/s: we do ${(ratio * 100).toFixed(1)}% of it`;
  return {
    title: `Ingest: ${threeFigures(seconds)} s of load over HTTP, ${SENDERS} senders, batches of ${BATCH}, ${data.cores} cores`,
    rows: [
      {
        what: 'events/s into the store',
        result: `${threeFigures(data.eventsPerSecond)}/s (${data.events.toLocaleString('en-US')} events); the last fifth of the time ran at ${(data.lastToFirst * 100).toFixed(0)}% of the first`,
      },
      { what: 'raw node:sqlite, the same rows', result: peer(data.rawPerSecond, data.ratioToRaw) },
      {
        what: 'PostgreSQL COPY, the same batches',
        result: peer(data.copyBatchesPerSecond, data.ratioToCopyBatches),
      },
      { what: 'PostgreSQL COPY, all rows at once', result: peer(data.copyWholePerSecond, data.ratioToCopyWhole) },
      {
        what: 'time of a batch',
        result: `p50 ${milliseconds(data.p50Ms)}, p99 ${milliseconds(data.p99Ms)}, slowest ${milliseconds(data.slowestMs)} of ${data.batches.toLocaleString('en-US')}`,
      },
      {
        what: 'the service',
        result: `${threeFigures(data.cpuMicrosecondsPerEvent)} µs of CPU an event, peak RSS ${mebibytes(data.peakRssBytes)}`,
      },
    ],
    data,
  };
}

async function runPass(lines: readonly string[], loadMs: number, postgres: BenchPostgres): Promise<Pass> {
  const directory = await mkdtemp(join(tmpdir(), 'changegate-bench-'));
  const storePath = join(directory, 'changegate.db');
  const child = fork(SERVER, [storePath, String(FIRST_EVENT_AT + SPAN_MS)]);
  try {
    const { url, token } = await nextMessage(child, 'ready');
    const { sent, totalMs } = await sendFor(loadMs, lines, { url, token, gzip: false });
    const exited = once(child, 'exit');
    const answer = nextMessage(child, 'used');
    child.send('stop');
    const { peakRssBytes, cpuSeconds } = await answer;
    await exited;
    const events = sent.length * BATCH;
    const rows = readRows(storePath, MOST_ROWS);
    const within = (from: number, to: number) =>
      sent.filter(({ atMs }) => atMs >= from * totalMs && atMs < to * totalMs).length;
    return {
      events,
      eventsPerSecond: (events / totalMs) * 1000,
      lastToFirst: within(0.8, 1) / within(0, 0.2),
      batchMs: sent.map(({ ms }) => ms),
      raw: insertRaw(directory, rows, BATCH),
      copy: await copyRows(postgres.client, rows, BATCH),
      peakRssBytes,
      cpuMicrosecondsPerEvent: (cpuSeconds * 1e6) / events,
    };
  } finally {
    child.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Each sender takes the next batch as soon as its last one was answered, until the time is over. */
async function sendFor(loadMs: number, lines: readonly string[], target: Parameters<typeof send>[1]) {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const sent: Sent[] = [];
  const waiting = makeBodies(lines);
  const begun = performance.now();
  try {
    await Promise.all(
      Array.from({ length: SENDERS }, async () => {
        while (performance.now() - begun < loadMs) {
          const body = waiting.next().value!;
          const before = performance.now();
          await send(body, target, agent);
          const after = performance.now();
          sent.push({ atMs: after - begun, ms: after - before });
        }
      }),
    );
    return { sent, totalMs: performance.now() - begun };
  } finally {
    agent.destroy();
  }
}

/** Batches without end: in each round through the lines, visitors and events have names of their own. */
function* makeBodies(lines: readonly string[]): Generator<Buffer, never> {
  for (let round = 0; ; round += 1) {
    const mark = round.toString(32).toUpperCase().padStart(4, '0');
    for (let first = 0; first < lines.length; first += BATCH) {
      const text = lines.slice(first, first + BATCH).join('\n');
      yield Buffer.from(
        text
          .replaceAll('"visitor-', `"visitor-${round}-`)
          .replaceAll(/"event_id":"(.{10})0000/g, `"event_id":"$1${mark}`),
      );
    }
  }
}
