import type { EpochMinute } from '../../domain/model/time.ts';

/** How often something happened in each minute, so that it can be placed when the window is known. */
export class MinuteCounts {
  readonly #byMinute = new Map<EpochMinute | null, number>();

  /** @param minute null when it is not known: then it may have been in any span */
  add(minute: EpochMinute | null, count = 1): void {
    this.#byMinute.set(minute, (this.#byMinute.get(minute) ?? 0) + count);
  }

  get total(): number {
    return [...this.#byMinute.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Those of [from, to), and those of which the minute is not known. */
  within(from: EpochMinute, to: EpochMinute): number {
    let sum = 0;
    for (const [minute, count] of this.#byMinute) if (minute === null || (minute >= from && minute < to)) sum += count;
    return sum;
  }
}
