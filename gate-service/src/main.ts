import { hostname } from 'node:os';
import { pino } from 'pino';
import { createUnleashActivation } from './adapters/flags/unleash/unleash-activation.ts';
import { createUnleashControl } from './adapters/flags/unleash/unleash-control.ts';
import { createUnleashObserver } from './adapters/flags/unleash/unleash-observer.ts';
import { createSqliteStore } from './adapters/store/sqlite/sqlite-store.ts';
import { systemClock } from './adapters/system/system-clock.ts';
import { systemRandom } from './adapters/system/system-random.ts';
import { runCli } from './cli/program.ts';
import { type GateConfig, readConfig } from './config/read-config.ts';
import { makeRoutes } from './http/routes.ts';
import { createServer } from './http/server.ts';
import type { BusinessClock } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import type { ActivationGate, Gate } from './services/gate.ts';
import { IngestQueue } from './services/ingest-queue.ts';

export interface GateService {
  /** Where it listens: http://host:port. */
  readonly url: string;
  readonly scheduler: Scheduler;
  /** Stops taking work, finishes what is under way, closes everything. */
  stop(): Promise<void>;
}

export interface ServiceOverrides {
  /** A driven clock for simulations; the scheduler then runs only when its `drain` is called. */
  readonly businessClock?: BusinessClock;
  readonly log?: Log;
}

/** Builds the gate service from its configuration and starts it: the only place that knows every adapter. */
export async function startGateService(config: GateConfig, overrides: ServiceOverrides = {}): Promise<GateService> {
  const log =
    overrides.log ??
    (pino({ level: config.logLevel, redact: ['*.token', '*.authorization'] }, pino.destination(2)) as Log);
  const store = await createSqliteStore({ path: config.storePath });
  const { url, project, environment, watchToken, clientToken, activationToken, allowAdminToken } = config.unleash;
  const unleash = { url, project, environment, appName: 'changegate', allowAdminToken };
  const observer = createUnleashObserver({ url, environment, clientToken, appName: 'changegate' });
  const gate: Gate = {
    store,
    business: overrides.businessClock ?? systemClock,
    real: systemClock,
    flags: createUnleashControl({ ...unleash, token: watchToken }),
    observer,
    log,
    random: systemRandom,
    options: { ...config, owner: `${hostname()}:${process.pid}` },
  };
  const activationGate: ActivationGate | null =
    activationToken === null
      ? null
      : { ...gate, activation: createUnleashActivation({ ...unleash, token: activationToken }) };
  const app = createServer(gate, makeRoutes(gate, activationGate, new IngestQueue(gate)), {
    adminToken: config.adminToken,
  });
  const listening = await app.listen({ host: config.host, port: config.port });
  const scheduler = new Scheduler(gate);
  if (!overrides.businessClock) scheduler.start();
  log.info({ url: listening, store: config.storePath, activation: activationGate !== null }, 'gate service started');
  return {
    url: listening,
    scheduler,
    async stop() {
      await app.close();
      await scheduler.stop();
      await observer.close();
      await store.close();
    },
  };
}

/** Runs the service until SIGTERM or SIGINT; a failure that nobody caught ends the process, because its state is unknown. */
async function serve(): Promise<void> {
  const service = await startGateService(readConfig(process.env));
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void service.stop().then(() => process.exit(0));
    });
  }
}

/** Entry of the `changegate` command. */
export async function main(argv: readonly string[]): Promise<void> {
  await runCli(argv, { serve });
}
