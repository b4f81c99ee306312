import { MINUTE_MS } from '../src/domain/model/time.ts';
import { makeRoutes } from '../src/http/routes.ts';
import { createServer } from '../src/http/server.ts';
import { Scheduler } from '../src/scheduler/scheduler.ts';
import { IngestQueue } from '../src/services/ingest-queue.ts';
import { issueToken } from '../src/services/tokens.ts';
import { CHANGE_ID, openBenchGate, REPOSITORY, START, stampAndActivate } from './bench-gate.ts';
import { peakRssBytes } from './peak-rss.ts';

/** What the service tells its parent: first where it listens, then what it used. */
export type ServerMessage =
  | { readonly kind: 'ready'; readonly url: string; readonly token: string; readonly idleRssBytes: number }
  | { readonly kind: 'used'; readonly peakRssBytes: number; readonly cpuSeconds: number };

/** First moment at which the benchmark's events may happen: the window has started by then. */
export const FIRST_EVENT_AT = START + 6 * MINUTE_MS;

/** The gate service as a process of its own, with one change in its window; business time stands at the end of the events. */
async function serve(storePath: string, now: number): Promise<void> {
  const gate = openBenchGate(storePath, START);
  await stampAndActivate(gate);
  const queue = new IngestQueue(gate);
  gate.business.advanceTo(START + MINUTE_MS);
  await queue.push({ repository: REPOSITORY, batchId: 'first', text: firstExposure() });
  gate.business.advanceTo(FIRST_EVENT_AT);
  const scheduler = new Scheduler(gate);
  await scheduler.drain();
  gate.business.advanceTo(now);
  scheduler.start();
  const app = createServer(gate, makeRoutes(gate, gate, queue), { adminToken: null });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const { token } = await issueToken(gate, { scopes: ['ingest'], repository: REPOSITORY, days: 1 });
  const before = process.cpuUsage();
  tell({ kind: 'ready', url, token, idleRssBytes: process.memoryUsage.rss() });
  process.once('message', async () => {
    const { user, system } = process.cpuUsage(before);
    const peak = peakRssBytes();
    await app.close();
    await scheduler.stop();
    await gate.store.close();
    tell({ kind: 'used', peakRssBytes: peak, cpuSeconds: (user + system) / 1e6 });
    process.disconnect();
  });
}

function firstExposure(): string {
  const timestamp = new Date(START + MINUTE_MS).toISOString();
  return JSON.stringify({
    event: 'quote_viewed',
    timestamp,
    change_id: CHANGE_ID,
    version_flag: 'on',
    user_id: 'first',
    status: 'success',
  });
}

function tell(message: ServerMessage): void {
  process.send?.(message);
}

if (process.send) await serve(process.argv[2]!, Number(process.argv[3]));
