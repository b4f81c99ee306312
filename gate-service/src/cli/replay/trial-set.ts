import { grown, type Hash64, HashIndex, mixHash } from './hash-index.ts';

/** Trials after which those of minutes that can't come again are forgotten. */
const FORGET_AT = 200_000;

/**
 * The trials seen so far that are one for each (unit, minute) and arm, with the highest level that any of their rows
 * had: bad or not, or how slow. Remembers only the minutes that may come again, so a file in the order of time needs room
 * for a few minutes of trials.
 */
export class TrialSet {
  readonly #disorder: number;
  #index = new HashIndex();
  #minutes = new Int32Array(this.#index.capacity);
  #levels = new Int16Array(this.#index.capacity);
  #newest = Number.NEGATIVE_INFINITY;
  #forgetAt = FORGET_AT;

  /** @param disorder how many minutes before the newest one seen a row may lie */
  constructor(disorder: number) {
    this.#disorder = disorder;
  }

  /**
   * @param arm   a small number: the KPI and the variant
   * @param level a whole number from 0 to 32 767
   * @returns     the trial's level before this row; null when the row is its first
   */
  add(unit: Hash64, arm: number, minute: number, level: number): number | null {
    if (this.#index.size >= this.#forgetAt) this.#forget();
    this.#newest = Math.max(this.#newest, minute);
    const before = this.#index.size;
    const number = this.#index.take(mixHash(unit, minute, arm));
    if (number === before) {
      this.#put(number, minute, level);
      return null;
    }
    const known = this.#levels[number]!;
    if (level > known) this.#levels[number] = level;
    return known;
  }

  #put(number: number, minute: number, level: number): void {
    if (this.#index.capacity > this.#minutes.length) {
      this.#minutes = grown(this.#minutes, this.#index.capacity);
      this.#levels = grown(this.#levels, this.#index.capacity);
    }
    this.#minutes[number] = minute;
    this.#levels[number] = level;
  }

  #forget(): void {
    const [index, minutes, levels] = [this.#index, this.#minutes, this.#levels];
    this.#index = new HashIndex();
    this.#minutes = new Int32Array(this.#index.capacity);
    this.#levels = new Int16Array(this.#index.capacity);
    for (let number = 0; number < index.size; number++) {
      const minute = minutes[number]!;
      if (minute >= this.#newest - this.#disorder)
        this.#put(this.#index.take(index.hashAt(number)), minute, levels[number]!);
    }
    this.#forgetAt = Math.max(FORGET_AT, this.#index.size * 2);
  }
}
