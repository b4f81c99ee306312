import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DrivenGateOrder } from './driven-gate.ts';

const SCRIPT = fileURLToPath(new URL('./driven-gate.ts', import.meta.url));
const KEPT_LOG_CHARACTERS = 4_000;

/** A process that has loaded the service and waits for its order. */
export function warmUp(): ChildProcess {
  return fork(SCRIPT, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

/** A gate service that a test can kill at any moment. */
export class DrivenGate {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #log: () => string;

  private constructor(child: ChildProcess, url: string, log: () => string) {
    this.#child = child;
    this.url = url;
    this.#log = log;
  }

  /** Resolves when the service answers. `child` may have been warmed up while another service ran. */
  static async start(order: DrivenGateOrder, child: ChildProcess = warmUp()): Promise<DrivenGate> {
    let log = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-KEPT_LOG_CHARACTERS);
    });
    const ready = new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { url: string }).url));
      child.once('exit', (code) => reject(new Error(`the gate ended with ${code} before it was ready:\n${log}`)));
    });
    child.send(order);
    return new DrivenGate(child, await ready, () => log);
  }

  /** The end of what it wrote to its log. */
  get log(): string {
    return this.#log();
  }

  /** Moves business time; the gate does at once what becomes due. */
  advanceTo(clock: number): void {
    this.#child.send({ clock });
  }

  /** kill -9: it gets no chance to finish anything. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
