import { type EpochMs, minuteOf, startOfMinute, startOfWeek, weekOf } from '../../domain/model/time.ts';
import { grown } from './hash-index.ts';
import { ARMS, HISTORY_ARM, NO_ARM, type ReplaySpan, type TalliedRow } from './replay-span.ts';
import { NEVER, type UnitTable } from './unit-table.ts';

const NO_ROW = 0xffffffff;

/** A unit's first row in the window, or in one week of the history. */
export interface FirstRow {
  readonly unit: number;
  readonly at: EpochMs;
  readonly mark: number;
  readonly arm: number;
  /** Number of the week among those of the history; null in the window. */
  readonly week: number | null;
}

/**
 * The first row of every unit in a variant of the window, in none of them, and in each week of the history. Each has a
 * mark, 0 or 1; of two rows at one time the one with 0 is the first.
 */
export class FirstRows {
  readonly #units: UnitTable;
  readonly #span: ReplaySpan;
  readonly #start: EpochMs;
  readonly #firstWeek: number;
  /** By unit: twice the milliseconds since the start, and the mark. */
  #inVariant = new Float64Array(0);
  #inNone = new Float64Array(0);
  /** By week, by unit: twice the milliseconds since the week began, and the mark. */
  readonly #weeks: Uint32Array[];
  #rows = 0;

  constructor(units: UnitTable, span: ReplaySpan) {
    this.#units = units;
    this.#span = span;
    this.#start = startOfMinute(span.start);
    this.#firstWeek = weekOf(span.from);
    this.#weeks = Array.from({ length: weekOf(span.start) - this.#firstWeek + 1 }, () => new Uint32Array(0));
  }

  get bytes(): number {
    const window = this.#inVariant.byteLength + this.#inNone.byteLength;
    return this.#weeks.reduce((sum, week) => sum + week.byteLength, window);
  }

  take({ unit, at, variant }: TalliedRow, mark: number): void {
    const minute = minuteOf(at);
    const { from, start, end } = this.#span;
    if (minute < from || minute >= end) return;
    if (minute < start) this.#takePast(unit, at, mark);
    else if (variant === null) this.#inNone = this.#earlier(this.#inNone, unit, at, mark);
    else {
      this.#rows++;
      this.#inVariant = this.#earlier(this.#inVariant, unit, at, mark);
    }
  }

  /** Time of a unit's trial in the window: its first row in a variant, else its first in none; null without one. */
  trialAt(unit: number): EpochMs | null {
    const inVariant = this.#inVariant[unit] ?? NEVER;
    const key = inVariant === NEVER ? (this.#inNone[unit] ?? NEVER) : inVariant;
    return key === NEVER ? null : this.#start + Math.floor(key / 2);
  }

  /** Weeks of the history, and the newest one that has begun at a time. */
  get weeks(): number {
    return this.#weeks.length;
  }

  weekAt(at: EpochMs): number {
    return Math.min(this.#weeks.length - 1, weekOf(minuteOf(at)) - this.#firstWeek);
  }

  /** Time of a unit's first row in a week of the history; null without one. */
  pastAt(week: number, unit: number): EpochMs | null {
    const key = this.#weeks[week]?.[unit] ?? NO_ROW;
    return key === NO_ROW ? null : this.#startOf(week) + Math.floor(key / 2);
  }

  /** Rows in a variant of the window that are not the first of their unit. */
  repeated(): number {
    return this.#rows - this.#inVariant.reduce((sum, key) => sum + (key === NEVER ? 0 : 1), 0);
  }

  /** Every first row, those of the window and those of the history. */
  *trials(): Generator<FirstRow> {
    for (let unit = 0; unit < this.#units.size; unit++) {
      const at = this.trialAt(unit);
      if (at === null) continue;
      const inVariant = this.#inVariant[unit] ?? NEVER;
      const variant = inVariant === NEVER ? null : this.#units.variantOf(unit);
      const mark = (inVariant === NEVER ? this.#inNone[unit]! : inVariant) % 2;
      yield { unit, at, mark, arm: variant === null ? NO_ARM : ARMS[variant], week: null };
    }
    for (const [week, keys] of this.#weeks.entries()) {
      for (const [unit, key] of keys.entries()) {
        if (key === NO_ROW) continue;
        yield { unit, at: this.#startOf(week) + Math.floor(key / 2), mark: key % 2, arm: HISTORY_ARM, week };
      }
    }
  }

  #startOf(week: number): EpochMs {
    return startOfMinute(startOfWeek(this.#firstWeek + week));
  }

  #earlier(keys: Float64Array<ArrayBuffer>, unit: number, at: EpochMs, mark: number): Float64Array<ArrayBuffer> {
    const long = unit >= keys.length ? grown(keys, this.#units.capacity, NEVER) : keys;
    const key = (at - this.#start) * 2 + mark;
    if (key < long[unit]!) long[unit] = key;
    return long;
  }

  #takePast(unit: number, at: EpochMs, mark: number): void {
    const number = weekOf(minuteOf(at)) - this.#firstWeek;
    let week = this.#weeks[number]!;
    if (unit >= week.length) {
      week = grown(week, this.#units.capacity, NO_ROW);
      this.#weeks[number] = week;
    }
    const key = (at - this.#startOf(number)) * 2 + mark;
    if (key < week[unit]!) week[unit] = key;
  }
}
