/** Two 32-bit halves of a hash. */
export interface Hash64 {
  readonly hi: number;
  readonly lo: number;
}

/**
 * A 64-bit hash of a text. Not for secrets: two of a million different texts share one with a chance of 3 in 10^8, and
 * would then count as one unit.
 */
export function hash64(text: string): Hash64 {
  let hi = 0xdeadbeef;
  let lo = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    hi = Math.imul(hi ^ code, 2654435761);
    lo = Math.imul(lo ^ code, 1597334677);
  }
  hi = Math.imul(hi ^ (hi >>> 16), 2246822507) ^ Math.imul(lo ^ (lo >>> 13), 3266489909);
  lo = Math.imul(lo ^ (lo >>> 16), 2246822507) ^ Math.imul(hi ^ (hi >>> 13), 3266489909);
  return { hi: hi >>> 0, lo: lo >>> 0 };
}

/** The hash of one of a text's occurrences, told apart by two small numbers; different texts stay different. */
export function mixHash({ hi, lo }: Hash64, first: number, second: number): Hash64 {
  return {
    hi: Math.imul(hi ^ Math.imul(first + 1, 0x9e3779b1), 0x85ebca6b) >>> 0,
    lo: Math.imul(lo ^ Math.imul(first + 1, 0x27d4eb2f) ^ Math.imul(second + 1, 0x165667b1), 0xc2b2ae35) >>> 0,
  };
}

const FIRST_CAPACITY = 1024;
/** Typed arrays grow by half, slots double: some 20 bytes an entry. */
const GROWTH = 1.5;
const FULL = 0.7;

/** Numbers 64-bit hashes 0, 1, 2 … in the order in which they are first seen: open addressing in typed arrays. */
export class HashIndex {
  #hi = new Uint32Array(FIRST_CAPACITY);
  #lo = new Uint32Array(FIRST_CAPACITY);
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Entries that fit before the columns beside this index must grow too. */
  get capacity(): number {
    return this.#hi.length;
  }

  /** Memory of this index. */
  get bytes(): number {
    return this.#hi.byteLength + this.#lo.byteLength + this.#slots.byteLength;
  }

  /** The number of a hash, given when it is new: then it equals the size before. */
  take({ hi, lo }: Hash64): number {
    const slot = this.#slotOf(hi, lo);
    const known = this.#slots[slot]! - 1;
    if (known >= 0) return known;
    const number = this.#size++;
    if (number === this.#hi.length) {
      this.#hi = grown(this.#hi, Math.ceil(number * GROWTH));
      this.#lo = grown(this.#lo, this.#hi.length);
    }
    this.#hi[number] = hi;
    this.#lo[number] = lo;
    this.#slots[slot] = number + 1;
    if (this.#size > this.#slots.length * FULL) this.#rehash();
    return number;
  }

  hashAt(number: number): Hash64 {
    return { hi: this.#hi[number]!, lo: this.#lo[number]! };
  }

  #slotOf(hi: number, lo: number): number {
    const mask = this.#slots.length - 1;
    let slot = (lo ^ Math.imul(hi, 0x9e3779b1)) & mask;
    for (;;) {
      const number = this.#slots[slot]! - 1;
      if (number < 0 || (this.#lo[number] === lo && this.#hi[number] === hi)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#size; number++) {
      this.#slots[this.#slotOf(this.#hi[number]!, this.#lo[number]!)] = number + 1;
    }
  }
}

/** A longer copy of a typed array; what is new holds `fill`. */
export function grown<Column extends Uint8Array | Int16Array | Uint32Array | Int32Array | Float64Array>(
  column: Column,
  length: number,
  fill = 0,
): Column {
  const longer = new (column.constructor as new (length: number) => Column)(length);
  longer.set(column);
  if (fill !== 0) longer.fill(fill, column.length);
  return longer;
}
