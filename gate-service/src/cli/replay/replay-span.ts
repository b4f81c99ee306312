import { type EpochMinute, type EpochMs, minuteOf } from '../../domain/model/time.ts';
import type { Variant } from '../../domain/model/variant.ts';
import type { Hash64 } from './hash-index.ts';

/** The minutes that a replay counts: [from, start) is history, [start, end) the window; outcomes may come until `last`. */
export interface ReplaySpan {
  readonly from: EpochMinute;
  readonly start: EpochMinute;
  readonly end: EpochMinute;
  readonly last: EpochMinute;
}

/** A row as the tallies take it. */
export interface TalliedRow {
  /** Number of the unit in the unit table; -1 for a row of nobody. */
  readonly unit: number;
  readonly hash: Hash64;
  readonly at: EpochMs;
  readonly variant: Variant | null;
}

/** Where a row of the window counts: in a variant, or in none of them. */
export const ARMS = { off: 0, on: 1 } as const satisfies Record<Variant, number>;
export const NO_ARM = 2;
export const HISTORY_ARM = 3;
/** Arms that the window has. */
export const WINDOW_ARMS = 3;

/** The arm of a row by its time and variant; null outside of history and window. */
export function armOf({ at, variant }: Pick<TalliedRow, 'at' | 'variant'>, span: ReplaySpan): number | null {
  const minute = minuteOf(at);
  if (minute < span.from || minute >= span.end) return null;
  if (minute < span.start) return HISTORY_ARM;
  return variant === null ? NO_ARM : ARMS[variant];
}

/** The minutes in which a KPI had a row: of anybody, and of a unit in a variant of the window. */
export class SeenMinutes {
  readonly #span: ReplaySpan;
  /** One minute each: 1 somebody, 2 a unit of the change. */
  readonly #bits: Uint8Array;

  constructor(span: ReplaySpan) {
    this.#span = span;
    this.#bits = new Uint8Array(Math.max(0, span.last - span.from) + 1);
  }

  take({ at, variant }: TalliedRow): void {
    const minute = minuteOf(at);
    const { from, start, end, last } = this.#span;
    if (minute < from || minute > last) return;
    this.#bits[minute - from]! |= variant !== null && minute >= start && minute < end ? 3 : 1;
  }

  result(): { readonly seen: readonly EpochMinute[]; readonly seenByChange: readonly EpochMinute[] } {
    const { from } = this.#span;
    const having = (bit: number) =>
      [...this.#bits.keys()].filter((i) => (this.#bits[i]! & bit) !== 0).map((i) => from + i);
    return { seen: having(1), seenByChange: having(2) };
  }
}
