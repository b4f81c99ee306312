import { type EpochMinute, type EpochMs, minuteOf } from '../../domain/model/time.ts';
import type { Variant } from '../../domain/model/variant.ts';
import { grown, type Hash64, HashIndex } from './hash-index.ts';

/** Later than any time of the window. */
export const NEVER = Number.MAX_SAFE_INTEGER;
const SEEN = { off: 1, on: 2 } as const;
const BOTH = 3;

/** Every unit of the file, and the first variant that each was served in the window. */
export class UnitTable {
  readonly #start: EpochMs;
  readonly #index = new HashIndex();
  /** Twice the milliseconds since the start, and 1 for the treatment: the smallest is the first exposure. */
  #first = new Float64Array(this.#index.capacity).fill(NEVER);
  #seen = new Uint8Array(this.#index.capacity);

  constructor(start: EpochMs) {
    this.#start = start;
  }

  get size(): number {
    return this.#index.size;
  }

  /** Rows that columns beside this table must have. */
  get capacity(): number {
    return this.#first.length;
  }

  /** Memory of the table, for the report of what a replay needed. */
  get bytes(): number {
    return this.#index.bytes + this.#first.byteLength + this.#seen.byteLength;
  }

  numberOf(hash: Hash64): number {
    const number = this.#index.take(hash);
    const { capacity } = this.#index;
    if (capacity > this.#first.length) {
      this.#first = grown(this.#first, capacity, NEVER);
      this.#seen = grown(this.#seen, capacity);
    }
    return number;
  }

  /** Takes note that a unit was served a variant in the window. */
  expose(unit: number, at: EpochMs, variant: Variant): void {
    this.#seen[unit]! |= SEEN[variant];
    const key = (at - this.#start) * 2 + (variant === 'on' ? 1 : 0);
    if (key < this.#first[unit]!) this.#first[unit] = key;
  }

  /** The first variant of a unit in the window; null when it was served none. */
  variantOf(unit: number): Variant | null {
    const key = this.#first[unit]!;
    return key === NEVER ? null : key % 2 === 1 ? 'on' : 'off';
  }

  exposed(): { readonly off: number; readonly on: number; readonly both: number } {
    const counts = { off: 0, on: 0, both: 0 };
    for (let unit = 0; unit < this.#index.size; unit++) {
      const variant = this.variantOf(unit);
      if (variant !== null) counts[variant]++;
      if (this.#seen[unit] === BOTH) counts.both++;
    }
    return counts;
  }

  /** Units by the minute of their first exposure, ascending, only minutes with any. */
  exposedMinutes(): readonly { readonly minute: EpochMinute; readonly off: number; readonly on: number }[] {
    const minutes = new Map<EpochMinute, { off: number; on: number }>();
    for (let unit = 0; unit < this.#index.size; unit++) {
      const variant = this.variantOf(unit);
      if (variant === null) continue;
      const minute = minuteOf(this.#start + Math.floor(this.#first[unit]! / 2));
      const counts = minutes.get(minute) ?? { off: 0, on: 0 };
      counts[variant]++;
      minutes.set(minute, counts);
    }
    return [...minutes].toSorted(([left], [right]) => left - right).map(([minute, counts]) => ({ minute, ...counts }));
  }
}
