import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { GateError } from '../../src/contract/gate-error.ts';

/** What the server's process tells when it is ready. */
export interface PostgresReady {
  readonly host: string;
  readonly port: number;
  /** A standby that streams from the server at `port`. */
  readonly standbyPort: number;
  /** Of the superuser `owner`. */
  readonly password: string;
  /** Of the server's first process, for tests that end it. */
  readonly pid: number;
}

export interface RunningPostgres extends PostgresReady {
  /** Runs statements as the superuser, on the primary or on another port. */
  query(text: string, port?: number): Promise<readonly Record<string, unknown>[]>;
  /** A connection of the superuser that stays open until the caller ends it. */
  connect(port?: number): Promise<Client>;
  stop(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./postgres-server.ts', import.meta.url));
const START_MS = 90_000;
const STOP_MS = 15_000;
const KEPT_LOG_CHARACTERS = 2_000;

/** The server; null, said so, where it cannot run. In CI it must run. */
export async function startPostgresOrSkip(): Promise<RunningPostgres | null> {
  try {
    return await startPostgres();
  } catch (error) {
    if (process.env.CI) throw error;
    console.warn(`\nNOT TESTED against the real PostgreSQL server. ${String(error)}\n`);
    return null;
  }
}

/**
 * Starts a real PostgreSQL and its standby in a process of their own, on free ports of 127.0.0.1.
 * @throws GateError `internal` with the end of the server's log
 */
async function startPostgres(): Promise<RunningPostgres> {
  const child = fork(SCRIPT, [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
    execArgv: ['--disable-warning=DeprecationWarning'],
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-KEPT_LOG_CHARACTERS);
  });
  const ready = await waitUntilReady(child).catch((cause: Error) => {
    child.kill('SIGTERM');
    throw new GateError(
      'internal',
      `PostgreSQL could not be started: ${cause.message}\n${log.trim()}`,
      'Run "npm ci" with Node 24.',
      {
        cause,
      },
    );
  });
  const connect = async (port = ready.port) => {
    const client = new Client({
      host: ready.host,
      port,
      user: 'owner',
      password: ready.password,
      database: 'postgres',
      ssl: false,
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  return {
    ...ready,
    connect,
    async query(text, port) {
      const client = await connect(port);
      try {
        const result: unknown = await client.query(text);
        const { rows = [] } = (Array.isArray(result) ? result.at(-1) : result) as { rows?: Record<string, unknown>[] };
        return rows;
      } finally {
        await client.end();
      }
    },
    stop: () => stop(child),
  };
}

function waitUntilReady(child: ChildProcess): Promise<PostgresReady> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${START_MS} ms`)), START_MS);
    const settle = (how: () => void) => {
      clearTimeout(timer);
      how();
    };
    child.once('message', (message) => settle(() => resolve(message as PostgresReady)));
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code, signal) => settle(() => reject(new Error(`ended with ${signal ?? `code ${code}`}`))));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
