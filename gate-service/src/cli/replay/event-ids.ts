import type { EpochMinute } from '../../domain/model/time.ts';
import { grown, type Hash64, HashIndex, hash64 } from './hash-index.ts';
import type { MinuteCounts } from './minute-counts.ts';

/**
 * Finds event ids that come again. What is said twice counts once; an id that comes with other contents contradicts
 * itself, and the row with the smallest hash of its contents is used, so that the order of the rows never matters.
 */
export class EventIds {
  readonly #part: number;
  readonly #parts: number;
  readonly #index = new HashIndex();
  #contents = new Uint32Array(this.#index.capacity);
  #minutes = new Int32Array(this.#index.capacity);
  #repeats = new Uint32Array(this.#index.capacity);
  /** The contents that are used, by the id's hash, of the ids that contradict themselves. */
  readonly conflicts = new Map<string, number>();

  /** @param part of `parts`: ids of the other parts are passed over */
  constructor(part = 0, parts = 1) {
    this.#part = part;
    this.#parts = parts;
  }

  get size(): number {
    return this.#index.size;
  }

  add(eventId: string, content: string, minute: EpochMinute): void {
    const hash = hash64(eventId);
    if (hash.lo % this.#parts !== this.#part) return;
    const before = this.#index.size;
    const number = this.#index.take(hash);
    const contents = hash64(content).lo;
    if (number === before) {
      this.#grow();
      this.#contents[number] = contents;
      this.#minutes[number] = minute;
      return;
    }
    const known = this.#contents[number]!;
    this.#repeats[number]!++;
    if (known === contents) return;
    this.conflicts.set(keyOf(hash), Math.min(known, contents, this.conflicts.get(keyOf(hash)) ?? contents));
  }

  /** Adds the rows that say again what another said, by their minute. */
  countDuplicates(duplicates: MinuteCounts): void {
    for (let number = 0; number < this.#index.size; number++) {
      const repeats = this.#repeats[number]!;
      if (repeats === 0 || this.conflicts.has(keyOf(this.#index.hashAt(number)))) continue;
      duplicates.add(this.#minutes[number]!, repeats);
    }
  }

  #grow(): void {
    const { capacity } = this.#index;
    if (capacity === this.#contents.length) return;
    this.#contents = grown(this.#contents, capacity);
    this.#minutes = grown(this.#minutes, capacity);
    this.#repeats = grown(this.#repeats, capacity);
  }
}

/** Whether a row is the one that is used of those with its id. */
export function isUsed(conflicts: ReadonlyMap<string, number>, eventId: string, content: string): boolean {
  if (conflicts.size === 0) return true;
  const used = conflicts.get(keyOf(hash64(eventId)));
  return used === undefined || used === hash64(content).lo;
}

function keyOf({ hi, lo }: Hash64): string {
  return `${hi}:${lo}`;
}
