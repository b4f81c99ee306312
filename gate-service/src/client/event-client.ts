import { randomUUID } from 'node:crypto';
import type { EventLine } from '../contract/api/event.ts';
import { type BatchAnswer, type Delivery, postBatch } from './post-batch.ts';
import { type Sealed, sealEvent } from './seal-event.ts';

/** An event as an application knows it: `timestamp` is now and `event_id` a new UUID unless given; the hash is added. */
export type AppEvent = Omit<EventLine, 'timestamp' | 'hash'> & { readonly timestamp?: string | Date };

export interface EventClientOptions {
  /** Address of the gate service, such as `https://gate.example.com`. */
  readonly url: string;
  /** Token with the scope `ingest`. */
  readonly token: string;
  /** `owner/name`; needed when the token is bound to no repository. */
  readonly repository?: string;
  /** The gate service's ingest key, when it has one: hashes are then HMACs with it. */
  readonly ingestKey?: string;
  /** Most events of one batch, 1 to 5,000. Default 1,000. */
  readonly batchEvents?: number;
  /** Longest time in milliseconds that an event waits for others. Default 2,000. */
  readonly flushMs?: number;
  /** Most events that wait in memory; what comes when it is full is dropped and counted. Default 50,000. */
  readonly queueEvents?: number;
  /** Deadline of one call in milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
  /** Pause after a failed call in milliseconds: doubled each time, up to the second. Default 500 and 60,000. */
  readonly pauseMs?: readonly [first: number, longest: number];
  /** Told of everything that was not counted. What it throws is ignored. */
  readonly onProblem?: (problem: EventProblem) => void;
}

/** Why events were not counted. `events`: how many. */
export interface EventProblem {
  readonly kind: 'invalid' | 'queue_full' | 'refused' | 'unreachable' | 'closed';
  readonly events: number;
  readonly message: string;
}

/** Counts since the start. Each event is in exactly one of the first five. */
export interface EventClientStats {
  readonly waiting: number;
  /** Accepted, or known to the gate from an earlier try. */
  readonly delivered: number;
  /** Quarantined or rejected by the gate. */
  readonly refused: number;
  /** Refused by the client itself: no event by docs/events.md. */
  readonly invalid: number;
  /** Queue full, or still waiting when the client was closed. */
  readonly dropped: number;
  readonly failedCalls: number;
}

const DEFAULTS = { batchEvents: 1_000, flushMs: 2_000, queueEvents: 50_000, deadlineMs: 10_000 } as const;
const PAUSE_MS = [500, 60_000] as const;
/** A batch stays under the gate's limit of bytes with this much room. */
const BATCH_BYTES = 4_000_000;

/**
 * Sends events to a gate service in the background: batched, hashed, each with an id so that a repetition is never
 * counted twice, retried with growing pauses, within bounded memory. No method throws into the application, and the
 * timers keep no process alive; call `close` before it ends.
 */
export class EventClient {
  readonly #options: EventClientOptions;
  readonly #delivery: Delivery;
  readonly #queue: Sealed[] = [];
  readonly #counts = { delivered: 0, refused: 0, invalid: 0, dropped: 0, failedCalls: 0 };
  readonly #abort = new AbortController();
  #batchEvents: number;
  #inFlight = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #failures = 0;
  #retryAfterMs: number | null = null;
  #closed = false;

  constructor(options: EventClientOptions) {
    this.#options = options;
    this.#batchEvents = Math.max(1, Math.min(5_000, options.batchEvents ?? DEFAULTS.batchEvents));
    this.#delivery = {
      url: options.url.replace(/\/+$/, ''),
      token: options.token,
      repository: options.repository ?? null,
      deadlineMs: options.deadlineMs ?? DEFAULTS.deadlineMs,
      signal: this.#abort.signal,
    };
  }

  /**
   * Takes one event. Returns at once.
   * @returns false when it is not taken: no event by docs/events.md, a full queue, or a closed client
   */
  send(event: AppEvent): boolean {
    if (this.#closed) return this.#drop('closed', 'The client is closed.');
    const sealed = sealEvent(event, { id: randomUUID, now: Date.now, ingestKey: this.#options.ingestKey ?? null });
    if (typeof sealed === 'string') {
      this.#counts.invalid += 1;
      this.#tell({ kind: 'invalid', events: 1, message: sealed });
      return false;
    }
    if (this.#queue.length + this.#inFlight >= (this.#options.queueEvents ?? DEFAULTS.queueEvents)) {
      return this.#drop('queue_full', 'The queue is full: the gate service is slower than the events come, or away.');
    }
    this.#queue.push(sealed);
    if (this.#queue.length >= this.#batchEvents && this.#failures === 0) this.#start();
    else this.#wait(this.#options.flushMs ?? DEFAULTS.flushMs);
    return true;
  }

  /** How full the queue is, from 0 to 1: an application that can send less should, from about 0.5. */
  get pressure(): number {
    return (this.#queue.length + this.#inFlight) / (this.#options.queueEvents ?? DEFAULTS.queueEvents);
  }

  get stats(): EventClientStats {
    return { waiting: this.#queue.length + this.#inFlight, ...this.#counts };
  }

  /**
   * Tries to deliver everything that waits.
   * @param withinMs how long to try
   * @returns        whether nothing waits any more
   */
  async flush(withinMs = 10_000): Promise<boolean> {
    const end = Date.now() + withinMs;
    while (this.#queue.length + this.#inFlight > 0 && Date.now() < end) {
      this.#start();
      await Promise.race([this.#sending, sleep(end - Date.now())]);
      if (this.#failures > 0) await sleep(Math.min(this.#pause(), Math.max(0, end - Date.now())));
    }
    return this.#queue.length + this.#inFlight === 0;
  }

  /** Flushes, then stops; what could not be delivered is dropped and counted. @returns what `flush` returned */
  async close(withinMs = 10_000): Promise<boolean> {
    this.#closed = true;
    const done = await this.flush(withinMs);
    this.#abort.abort();
    await this.#sending;
    if (this.#timer) clearTimeout(this.#timer);
    const left = this.#queue.splice(0).length;
    if (left > 0) {
      this.#counts.dropped += left;
      this.#tell({ kind: 'closed', events: left, message: 'The client was closed before they were delivered.' });
    }
    return done;
  }

  #drop(kind: 'closed' | 'queue_full', message: string): false {
    this.#counts.dropped += 1;
    this.#tell({ kind, events: 1, message });
    return false;
  }

  #wait(ms: number): void {
    if (this.#timer || this.#sending) return;
    this.#timer = setTimeout(() => this.#start(), ms);
    this.#timer.unref();
  }

  /** One batch at a time, so that a gate that is slow is not made slower. */
  #start(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#sending || this.#queue.length === 0) return;
    this.#sending = this.#sendBatch().finally(() => {
      this.#sending = null;
      if (this.#queue.length === 0) return;
      const isFull = this.#queue.length >= this.#batchEvents;
      this.#wait(this.#failures > 0 ? this.#pause() : isFull ? 0 : (this.#options.flushMs ?? DEFAULTS.flushMs));
    });
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#takeBatch();
    this.#inFlight = batch.length;
    const answer = await postBatch(
      this.#delivery,
      batch.map(({ line }) => line),
    );
    this.#inFlight = 0;
    this.#settle(batch, answer);
  }

  #takeBatch(): Sealed[] {
    let [count, bytes] = [0, 0];
    while (count < Math.min(this.#batchEvents, this.#queue.length)) {
      bytes += this.#queue[count]!.bytes;
      if (count > 0 && bytes > BATCH_BYTES) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  #settle(batch: readonly Sealed[], answer: BatchAnswer): void {
    switch (answer.kind) {
      case 'taken': {
        this.#failures = 0;
        this.#counts.delivered += batch.length - answer.refused.length;
        this.#counts.refused += answer.refused.length;
        for (const { reason, events } of countReasons(answer.refused)) {
          this.#tell({ kind: 'refused', events, message: reason });
        }
        return;
      }
      case 'refused':
        this.#refuse(batch.length, answer.message);
        return;
      case 'too_large':
        if (batch.length === 1) {
          this.#refuse(1, 'Something on the way to the gate service takes no body of this size.');
          return;
        }
        this.#batchEvents = Math.floor(batch.length / 2);
        this.#queue.unshift(...batch);
        return;
      case 'later':
        this.#failures += 1;
        this.#counts.failedCalls += 1;
        this.#retryAfterMs = answer.afterMs;
        this.#queue.unshift(...batch);
        this.#tell({ kind: 'unreachable', events: batch.length, message: answer.message });
        return;
      default:
        answer satisfies never;
    }
  }

  #refuse(events: number, message: string): void {
    this.#failures = 0;
    this.#counts.refused += events;
    this.#tell({ kind: 'refused', events, message });
  }

  #pause(): number {
    const [first, longest] = this.#options.pauseMs ?? PAUSE_MS;
    const doubled = Math.min(longest, first * 2 ** (this.#failures - 1));
    // Half of it at random, so that many clients of a gate that was away do not come back at once.
    return Math.max(this.#retryAfterMs ?? 0, doubled / 2 + Math.random() * (doubled / 2));
  }

  #tell(problem: EventProblem): void {
    try {
      this.#options.onProblem?.(problem);
    } catch {
      // The application's own handler must not stop its events.
    }
  }
}

function countReasons(refused: readonly string[]): readonly { readonly reason: string; readonly events: number }[] {
  const counts = new Map<string, number>();
  for (const reason of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, events]) => ({ reason, events }));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
}
