import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createUnleashActivation } from './adapters/flags/unleash/unleash-activation.ts';
import { createUnleashControl } from './adapters/flags/unleash/unleash-control.ts';
import { createUnleashObserver } from './adapters/flags/unleash/unleash-observer.ts';
import { openSources, SOURCE_KINDS } from './adapters/metric-sources/source-kinds.ts';
import { createSqliteStore } from './adapters/store/sqlite/sqlite-store.ts';
import { systemClock } from './adapters/system/system-clock.ts';
import { systemRandom } from './adapters/system/system-random.ts';
import { type ConfiguredSources, runCli } from './cli/program.ts';
import { type GateConfig, readConfig } from './config/read-config.ts';
import { GateError } from './contract/gate-error.ts';
import { makeRoutes } from './http/routes.ts';
import { createServer } from './http/server.ts';
import type { BusinessClock } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { Store } from './ports/store.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { assertSameSecret } from './services/assert-same-secret.ts';
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
  await assertSameSecret(store, config.secret).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const { url, project, environment, watchToken, clientToken, activationToken, allowAdminToken } = config.unleash;
  const unleash = { url, project, environment, appName: 'changegate', allowAdminToken };
  const business = overrides.businessClock ?? systemClock;
  const sources = openSources(config.sources, business);
  const observer = createUnleashObserver({ url, environment, clientToken, appName: 'changegate' });
  const gate: Gate = {
    store,
    business,
    real: systemClock,
    flags: createUnleashControl({ ...unleash, token: watchToken }),
    observer,
    sources,
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
  const listening = await listenOrClose(app, config, store);
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
      await Promise.all([...sources.values()].map((source) => source.close()));
      await store.close();
    },
  };
}

/** @throws GateError invalid_config, when the address cannot be listened on; the store is closed then */
async function listenOrClose(app: FastifyInstance, { host, port }: GateConfig, store: Store): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    await store.close();
    throw new GateError(
      'invalid_config',
      `Nothing can listen on ${host}:${port}: ${(error as Error).message}.`,
      'Set listen.host and listen.port in the configuration file to an address that is free.',
      { cause: error },
    );
  }
}

/** Runs the service until SIGTERM or SIGINT; a failure that nobody caught ends the process, because its state is unknown. */
async function serve(): Promise<void> {
  const service = await startGateService(readConfig(process.env, SOURCE_KINDS));
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
  const openConfiguredSources = (): ConfiguredSources => {
    const config = readConfig(process.env, SOURCE_KINDS);
    return { eventSources: config.eventSources, sources: openSources(config.sources, systemClock) };
  };
  await runCli(argv, { serve, openSources: openConfiguredSources });
}
