import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { IngestResponseSchema } from '../src/contract/api/requests.ts';
import { GateError } from '../src/contract/gate-error.ts';
import { MINUTE_MS } from '../src/domain/model/time.ts';
import { makeEventLines } from './event-lines.ts';
import { FIRST_EVENT_AT, type ServerMessage } from './ingest-server.ts';
import { insertRaw, type RawPace, readRows } from './raw-inserts.ts';
import { mebibytes, milliseconds, type Report, threeFigures } from './report.ts';
import { median, quantile } from './statistics.ts';

const SENDERS = 4;
/** The events happen in six hours of business time, with visitors at any of their minutes. */
const SPAN_MS = 360 * MINUTE_MS;

interface Setting {
  readonly batch: number;
  readonly gzip: boolean;
}

interface Pass {
  readonly eventsPerSecond: number;
  readonly raw: RawPace;
  readonly batchMs: readonly number[];
  readonly peakRssBytes: number;
  readonly idleRssBytes: number;
  readonly cpuMicrosecondsPerEvent: number;
}

const SETTINGS: readonly Setting[] = [500, 5_000].flatMap((batch) => [
  { batch, gzip: false },
  { batch, gzip: true },
]);

/**
 * Events per second through HTTP, against raw inserts of the very rows that came of them. Each pass starts with an
 * empty store; the settings are interleaved and each ratio is taken within one pass, so that other work on the machine
 * meets both sides.
 */
export async function benchIngest(quick: boolean, progress: (text: string) => void): Promise<Report> {
  const count = quick ? 20_000 : 100_000;
  const repeats = quick ? 1 : 3;
  const lines = makeEventLines(count, FIRST_EVENT_AT, SPAN_MS);
  const passes = SETTINGS.map((): Pass[] => []);
  for (let repeat = 1; repeat <= repeats; repeat += 1) {
    for (const [index, setting] of SETTINGS.entries()) {
      progress(`ingest, repeat ${repeat} of ${repeats}: ${nameOf(setting)}`);
      passes[index]!.push(await runPass(lines, setting));
    }
  }
  const data = SETTINGS.map((setting, index) => ({ ...setting, ...summarise(passes[index]!) }));
  return {
    title: `Ingest of ${count.toLocaleString('en-US')} events through HTTP, ${SENDERS} senders, median of ${repeats}`,
    rows: [
      ...data.map((result) => ({
        what: `events/s, ${nameOf(result)}`,
        result: `${threeFigures(result.eventsPerSecond)}/s = ${(result.ratioToRaw * 100).toFixed(1)}% of raw inserts (${threeFigures(result.rawPerSecond)}/s)`,
      })),
      ...data.map((result) => ({
        what: `time of a batch, ${nameOf(result)}`,
        result: `p50 ${milliseconds(result.p50Ms)}, p99 ${milliseconds(result.p99Ms)} of ${result.batches} batches`,
      })),
      ...data.map((result) => ({
        what: `CPU of the service, ${nameOf(result)}`,
        result: `${threeFigures(result.cpuMicrosecondsPerEvent)} µs an event; raw insert ${threeFigures(result.rawCpuMicrosecondsPerRow)} µs = ${((result.rawCpuMicrosecondsPerRow / result.cpuMicrosecondsPerEvent) * 100).toFixed(1)}% of it`,
      })),
      ...data.map((result) => ({
        what: `memory of the service, ${nameOf(result)}`,
        result: `peak RSS ${mebibytes(result.peakRssBytes)}, before the first batch ${mebibytes(result.idleRssBytes)}`,
      })),
    ],
    data,
  };
}

function nameOf({ batch, gzip }: Setting): string {
  return `batches of ${batch.toLocaleString('en-US')}, ${gzip ? 'gzip' : 'plain'}`;
}

function summarise(passes: readonly Pass[]) {
  const over = (read: (pass: Pass) => number) => median(passes.map(read));
  const batchMs = passes.flatMap((pass) => pass.batchMs);
  return {
    eventsPerSecond: over((pass) => pass.eventsPerSecond),
    rawPerSecond: over((pass) => pass.raw.perSecond),
    ratioToRaw: over((pass) => pass.eventsPerSecond / pass.raw.perSecond),
    batches: batchMs.length,
    p50Ms: quantile(batchMs, 0.5),
    p99Ms: quantile(batchMs, 0.99),
    peakRssBytes: over((pass) => pass.peakRssBytes),
    idleRssBytes: over((pass) => pass.idleRssBytes),
    cpuMicrosecondsPerEvent: over((pass) => pass.cpuMicrosecondsPerEvent),
    rawCpuMicrosecondsPerRow: over((pass) => pass.raw.cpuMicrosecondsPerRow),
  };
}

async function runPass(lines: readonly string[], setting: Setting): Promise<Pass> {
  const directory = await mkdtemp(join(tmpdir(), 'changegate-bench-'));
  const storePath = join(directory, 'changegate.db');
  const child = fork(join(import.meta.dirname, 'ingest-server.ts'), [storePath, String(FIRST_EVENT_AT + SPAN_MS)]);
  try {
    const { url, token, idleRssBytes } = await nextMessage(child, 'ready');
    const sent = await sendAll(makeBodies(lines, setting), { url, token, gzip: setting.gzip });
    const exited = once(child, 'exit');
    const answer = nextMessage(child, 'used');
    child.send('stop');
    const { peakRssBytes, cpuSeconds } = await answer;
    await exited;
    const rows = readRows(storePath);
    return {
      eventsPerSecond: (lines.length / sent.totalMs) * 1000,
      raw: insertRaw(directory, rows, setting.batch),
      batchMs: sent.batchMs,
      peakRssBytes,
      idleRssBytes,
      cpuMicrosecondsPerEvent: (cpuSeconds * 1e6) / lines.length,
    };
  } finally {
    child.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

export async function nextMessage<Kind extends ServerMessage['kind']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<ServerMessage, { kind: Kind }>> {
  const died = once(child, 'exit').then(() => null);
  const message = await Promise.race([once(child, 'message').then(([first]) => first as ServerMessage), died]);
  if (message?.kind === kind) return message as Extract<ServerMessage, { kind: Kind }>;
  throw new GateError(
    'internal',
    `The gate service of the benchmark ended before it was ${kind}.`,
    'Look at its output.',
  );
}

function makeBodies(lines: readonly string[], { batch, gzip }: Setting): readonly Buffer[] {
  const bodies: Buffer[] = [];
  for (let first = 0; first < lines.length; first += batch) {
    const body = Buffer.from(lines.slice(first, first + batch).join('\n'));
    bodies.push(gzip ? gzipSync(body) : body);
  }
  return bodies;
}

interface Target {
  readonly url: string;
  readonly token: string;
  readonly gzip: boolean;
}

/** Each sender takes the next batch as soon as its last one was answered. */
async function sendAll(bodies: readonly Buffer[], target: Target) {
  const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
  const batchMs: number[] = [];
  const waiting = bodies.values();
  const begun = performance.now();
  try {
    await Promise.all(
      Array.from({ length: SENDERS }, async () => {
        for (const body of waiting) {
          const before = performance.now();
          await send(body, target, agent);
          batchMs.push(performance.now() - before);
        }
      }),
    );
    return { totalMs: performance.now() - begun, batchMs };
  } finally {
    agent.destroy();
  }
}

export async function send(body: Buffer, { url, token, gzip }: Target, agent: Agent): Promise<void> {
  const call = request(`${url}/v1/events`, {
    method: 'POST',
    agent,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/x-ndjson',
      'content-length': body.length,
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    },
  });
  call.end(body);
  const [response] = await once(call, 'response');
  const answer = IngestResponseSchema.safeParse(JSON.parse(await text(response)));
  if (answer.success && answer.data.lines.length === 0) return;
  throw new GateError(
    'internal',
    `The gate service answered ${response.statusCode} to a batch whose lines are all sound.`,
    'Report this.',
  );
}
