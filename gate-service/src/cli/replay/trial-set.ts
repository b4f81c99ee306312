import { grown, type Hash64, HashIndex, mixHash } from './hash-index.ts';

/** Trials after which those of minutes that can't come again are forgotten. */
const FORGET_AT = 200_000;

/**
 * The status trials seen so far, one for each (unit, minute) and arm: bad if any of its rows was. Remembers only the
 * minutes that may come again, so a file in the order of time needs room for a few minutes of trials.
 */
export class TrialSet {
  readonly #disorder: number;
  #index = new HashIndex();
  #minutes = new Int32Array(this.#index.capacity);
  #bad = new Uint8Array(this.#index.capacity);
  #newest = Number.NEGATIVE_INFINITY;
  #forgetAt = FORGET_AT;

  /** @param disorder how many minutes before the newest one seen a row may lie */
  constructor(disorder: number) {
    this.#disorder = disorder;
  }

  /** @param arm a small number: the KPI and the variant */
  add(unit: Hash64, arm: number, minute: number, isBad: boolean): 'new' | 'turned_bad' | 'known' {
    if (this.#index.size >= this.#forgetAt) this.#forget();
    this.#newest = Math.max(this.#newest, minute);
    const before = this.#index.size;
    const number = this.#index.take(mixHash(unit, minute, arm));
    if (number === before) {
      this.#put(number, minute, isBad);
      return 'new';
    }
    if (!isBad || this.#bad[number] === 1) return 'known';
    this.#bad[number] = 1;
    return 'turned_bad';
  }

  #put(number: number, minute: number, isBad: boolean): void {
    if (this.#index.capacity > this.#minutes.length) {
      this.#minutes = grown(this.#minutes, this.#index.capacity);
      this.#bad = grown(this.#bad, this.#index.capacity);
    }
    this.#minutes[number] = minute;
    this.#bad[number] = isBad ? 1 : 0;
  }

  #forget(): void {
    const [index, minutes, bad] = [this.#index, this.#minutes, this.#bad];
    this.#index = new HashIndex();
    this.#minutes = new Int32Array(this.#index.capacity);
    this.#bad = new Uint8Array(this.#index.capacity);
    for (let number = 0; number < index.size; number++) {
      const minute = minutes[number]!;
      if (minute >= this.#newest - this.#disorder)
        this.#put(this.#index.take(index.hashAt(number)), minute, bad[number] === 1);
    }
    this.#forgetAt = Math.max(FORGET_AT, this.#index.size * 2);
  }
}
