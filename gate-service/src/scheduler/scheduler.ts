import type { EpochMs } from '../domain/model/time.ts';
import type { Gate } from '../services/gate.ts';
import { judgeChange } from '../services/judge-change.ts';
import { runInterventions } from '../services/run-interventions.ts';
import { runLook } from '../services/run-look.ts';

const LEASE_MS = 60_000;
/** Tasks at the same time; each one runs by itself, so that a slow one delays no other. */
const WORKERS = 16;
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
  readonly #running = new Set<Promise<void>>();
  #loops: Promise<unknown> | null = null;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Goes on until `stop`. */
  start(): void {
    // Two loops, so that a flag service that hangs delays no look.
    this.#loops ??= Promise.all([this.#run(() => this.#fillWorkers()), this.#run(() => runInterventions(this.#gate))]);
  }

  /** Takes no new work and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loops;
    await Promise.all(this.#running);
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

  /** Starts what is due as far as there are workers, and waits for none of it. */
  async #fillWorkers(): Promise<number> {
    if (this.#running.size >= WORKERS) return 0;
    const tasks = await this.#claim(WORKERS - this.#running.size);
    for (const task of tasks) {
      const work: Promise<void> = this.#work(task).finally(() => this.#running.delete(work));
      this.#running.add(work);
    }
    return tasks.length;
  }

  async #runTasks(): Promise<number> {
    const tasks = await this.#claim(WORKERS);
    await Promise.all(tasks.map((task) => this.#work(task)));
    return tasks.length;
  }

  #claim(limit: number): Promise<readonly Task[]> {
    const { store, business, real, options } = this.#gate;
    return store.transaction((tx) =>
      tx.schedule.claim({
        businessNow: business.now(),
        realNow: real.now(),
        leaseMs: LEASE_MS,
        owner: options.owner,
        limit,
      }),
    );
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
