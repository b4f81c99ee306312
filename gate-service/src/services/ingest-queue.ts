import type { Gate } from './gate.ts';
import { type EventBatch, type IngestResult, ingestBatch } from './ingest-events.ts';

/** Lines that one transaction takes at most: bounds the time for which the event loop is held. */
const GROUP_LINES = 10_000;

interface Waiting {
  readonly batch: EventBatch;
  readonly lines: number;
  readonly resolve: (result: IngestResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: batches that arrive while one is being written share the next transaction, and each is
 * answered only after that transaction is on disk. When a group fails, its batches are tried one by one,
 * so that one bad batch never takes another with it.
 */
export class IngestQueue {
  readonly #gate: Gate;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Resolves when the batch is durable. */
  push(batch: EventBatch): Promise<IngestResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, lines: batch.text.split('\n').length, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        const results = await this.#commit(group);
        group.forEach((item, index) => {
          item.resolve(results[index]!);
        });
      } catch (error) {
        if (group.length === 1) group[0]!.reject(error);
        else
          for (const item of group) await this.#commit([item]).then(([result]) => item.resolve(result!), item.reject);
      }
    }
    // In the same step as the last look at the list: a batch pushed in between would wait for ever.
    this.#running = false;
  }

  #takeGroup(): Waiting[] {
    let lines = 0;
    let count = 0;
    for (const item of this.#waiting) {
      if (count > 0 && lines + item.lines > GROUP_LINES) break;
      lines += item.lines;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #commit(group: readonly Waiting[]): Promise<IngestResult[]> {
    return this.#gate.store.transaction(async (tx) => {
      const results: IngestResult[] = [];
      for (const { batch } of group) results.push(await ingestBatch(this.#gate, tx, batch));
      return results;
    });
  }
}
