import { GateError } from '../contract/gate-error.ts';
import type { Gate } from './gate.ts';
import { type EventBatch, type IngestResult, ingestBatch } from './ingest-events.ts';

/** Lines that one transaction takes at most: bounds the time for which the event loop is held. */
const GROUP_LINES = 5_000;
/** Lines and characters that wait at most, acknowledged to nobody yet: some seconds of work, and bounded memory. */
const WAITING_LINES = 100_000;
const WAITING_CHARACTERS = 67_108_864;

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
  #waitingLines = 0;
  #waitingCharacters = 0;
  #running = false;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Resolves when the batch is durable. @throws GateError overloaded when too much waits already; nothing of it is kept */
  push(batch: EventBatch): Promise<IngestResult> {
    const lines = batch.text.split('\n').length;
    if (this.#waiting.length > 0 && !this.#hasRoom(lines, batch.text.length)) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, lines, resolve, reject });
      this.#waitingLines += lines;
      this.#waitingCharacters += batch.text.length;
      if (this.#running) return;
      this.#running = true;
      void this.#drain();
    });
  }

  #hasRoom(lines: number, characters: number): boolean {
    return this.#waitingLines + lines <= WAITING_LINES && this.#waitingCharacters + characters <= WAITING_CHARACTERS;
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
      // The store never yields by itself: without a turn here, looks and interventions would wait for the whole queue.
      await this.#gate.real.sleep(0);
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
    const group = this.#waiting.splice(0, count);
    this.#waitingLines -= lines;
    for (const { batch } of group) this.#waitingCharacters -= batch.text.length;
    return group;
  }

  #commit(group: readonly Waiting[]): Promise<IngestResult[]> {
    return this.#gate.store.transaction(async (tx) => {
      const results: IngestResult[] = [];
      for (const { batch } of group) results.push(await ingestBatch(this.#gate, tx, batch));
      return results;
    });
  }
}

function overloaded(): GateError {
  return new GateError(
    'overloaded',
    `More than ${WAITING_LINES} lines of events wait to be written; nothing of this batch was kept.`,
    'Send the same batch again after a second, with the same idempotency-key.',
  );
}
