import { type EpochMinute, type EpochMs, minuteOf } from '../../domain/model/time.ts';
import type { Variant } from '../../domain/model/variant.ts';
import { grown, type Hash64, HashIndex } from './hash-index.ts';

/** Later than any time of the window. */
export const NEVER = Number.MAX_SAFE_INTEGER;
const SEEN = { off: 1, on: 2 } as const;
const BOTH = 3;

/** Every unit of the file, and the first variant that each was served in the window, with the cohort it then was in. */
export class UnitTable {
  /** Those that are told apart. */
  readonly cohorts: readonly string[];
  readonly #start: EpochMs;
  readonly #index = new HashIndex();
  /** Twice the milliseconds since the start, and 1 for the treatment: the smallest is the first exposure. */
  #first = new Float64Array(this.#index.capacity).fill(NEVER);
  #seen = new Uint8Array(this.#index.capacity);
  /** Place in `cohorts` from 1 on; 0 for any other and for none. */
  #cohort = new Uint8Array(0);
  readonly #codes: ReadonlyMap<string, number>;
  #hasCohorts = false;

  /** @param cohorts at most 254 */
  constructor(start: EpochMs, cohorts: readonly string[] = []) {
    this.#start = start;
    this.cohorts = cohorts;
    this.#codes = new Map(cohorts.map((name, place) => [name, place + 1]));
  }

  /** Whether cohorts are told apart and any unit that was served a variant named one. */
  get hasCohorts(): boolean {
    return this.#hasCohorts;
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
    return this.#index.bytes + this.#first.byteLength + this.#seen.byteLength + this.#cohort.byteLength;
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

  /**
   * Takes note that a unit was served a variant in the window.
   * @param cohort as the row has it; '' for none
   */
  expose(unit: number, at: EpochMs, variant: Variant, cohort: string): void {
    this.#seen[unit]! |= SEEN[variant];
    const key = (at - this.#start) * 2 + (variant === 'on' ? 1 : 0);
    const first = this.#first[unit]!;
    if (this.cohorts.length > 0) this.#place(unit, cohort, key < first, key === first);
    if (key < first) this.#first[unit] = key;
  }

  /** Place of a unit's cohort in `cohorts` from 1 on, by its first row in the window; 0 for any other and for none. */
  cohortOf(unit: number): number {
    return this.#cohort[unit] ?? 0;
  }

  /** Of two rows at one time the one with the higher place counts, whichever comes first in the file. */
  #place(unit: number, cohort: string, isFirst: boolean, isTie: boolean): void {
    if (unit >= this.#cohort.length) this.#cohort = grown(this.#cohort, this.capacity);
    if (cohort !== '') this.#hasCohorts = true;
    const code = this.#codes.get(cohort) ?? 0;
    if (isFirst || (isTie && code > this.#cohort[unit]!)) this.#cohort[unit] = code;
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
