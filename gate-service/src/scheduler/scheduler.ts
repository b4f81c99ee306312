import type { EpochMs } from '../domain/model/time.ts';
import type { Gate } from '../services/gate.ts';
import { judgeChange } from '../services/judge-change.ts';
import { runInterventions } from '../services/run-interventions.ts';
import { runLook } from '../services/run-look.ts';

const LEASE_MS = 60_000;
const BATCH = 16;
const PAUSE_MS = 200;

type Task = {
  readonly kind: 'look' | 'judge';
  readonly changeId: string;
  readonly dueAt: EpochMs;
  readonly fence: number;
};

/**
 * Runs what is due: looks, verdicts, interventions. State is in the store only; a process that dies leaves
 * leases that run out.
 */
export class Scheduler {
  readonly #gate: Gate;
  readonly #stopped = new AbortController();
  #loops: Promise<unknown> | null = null;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Goes on until `stop`. */
  start(): void {
    // Two loops, so that a flag service that hangs delays no look.
    this.#loops ??= Promise.all([this.#run(() => this.#runTasks()), this.#run(() => runInterventions(this.#gate))]);
  }

  /** Takes no new work and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loops;
  }

  /** Works until nothing is due at this moment of business time; for drivers of a simulated clock. */
  async drain(): Promise<void> {
    while ((await this.#runTasks()) + (await runInterventions(this.#gate)) > 0);
  }

  async #run(pass: () => Promise<number>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        if ((await pass()) === 0) await this.#gate.real.sleep(PAUSE_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#gate.log.error({ err: error }, 'scheduler pass failed');
        await this.#gate.real.sleep(PAUSE_MS, signal).catch(() => undefined);
      }
    }
  }

  async #runTasks(): Promise<number> {
    const { store, business, real, options } = this.#gate;
    const tasks = await store.transaction((tx) =>
      tx.schedule.claim({
        businessNow: business.now(),
        realNow: real.now(),
        leaseMs: LEASE_MS,
        owner: options.owner,
        limit: BATCH,
      }),
    );
    await Promise.all(tasks.map((task) => this.#work(task)));
    return tasks.length;
  }

  async #work(task: Task): Promise<void> {
    const { store, log, real } = this.#gate;
    try {
      const next =
        task.kind === 'look' ? await runLook(this.#gate, task) : await judgeChange(this.#gate, task.changeId);
      await store.transaction((tx) => tx.schedule.release(task, next));
    } catch (error) {
      // The lease keeps others away until it runs out: that is the back-off, and one bad change delays no other.
      log.error(
        { err: error, change_id: task.changeId, kind: task.kind, real_now: real.now() },
        'task failed; it is tried again when its lease runs out',
      );
    }
  }
}
