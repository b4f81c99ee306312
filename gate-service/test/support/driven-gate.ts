/**
 * The real gate service in a process of its own, for tests that kill it: a real store file, business time by
 * message, and the scheduler drained over and over. Needs an IPC channel; ends when that closes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { GateConfig } from '../../src/config/read-config.ts';
import { startGateService } from '../../src/main.ts';

export interface DrivenGateOrder {
  readonly config: GateConfig;
  /** Business time at the start. */
  readonly clock: number;
  /** How much later than it really is this process believes it is: the leases of those killed before it ran out. */
  readonly laterMs: number;
}

const DRAIN_EVERY_MS = 20;

async function serve({ config, clock, laterMs }: DrivenGateOrder): Promise<void> {
  let now = clock;
  const realNow = Date.now.bind(Date);
  Date.now = () => realNow() + laterMs;
  const service = await startGateService(config, { businessClock: { now: () => now } });
  process.on('message', (message: { readonly clock: number }) => {
    now = Math.max(now, message.clock);
  });
  process.send?.({ url: service.url });
  for (;;) {
    await service.scheduler.drain();
    await delay(DRAIN_EVERY_MS);
  }
}

process.once('disconnect', () => process.exit(0));
process.once('message', (order: DrivenGateOrder) => void serve(order));
