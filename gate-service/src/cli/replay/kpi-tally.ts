import type { Kpi } from '../../contract/kpi-registry.ts';
import type { MinuteTally } from '../../domain/model/look.ts';
import { isConversion, isStatus } from '../../domain/model/measure.ts';
import {
  type EpochMinute,
  type EpochMs,
  MINUTE_MS,
  minuteOf,
  startOfMinute,
  startOfWeek,
  weekOf,
} from '../../domain/model/time.ts';
import type { Variant } from '../../domain/model/variant.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { grown } from './hash-index.ts';
import { NEVER, type UnitTable } from './unit-table.ts';

const NO_TRIAL = 0xffffffff;
/** Columns of the counts: off n, off y, on n, on y; the history has only n and y. */
const ARM_COLUMN = { off: 0, on: 2 } as const;
const HISTORY_ARM = 2;

interface Span {
  readonly from: EpochMinute;
  readonly start: EpochMinute;
  readonly end: EpochMinute;
  readonly last: EpochMinute;
}

/**
 * The trials of one KPI. Of a conversion the first row of a unit in the window is its trial, and in the history its first
 * row of each week; of a status KPI every (unit, minute) is one. Whatever the order of the rows, the result is the same.
 */
export class KpiTally {
  readonly #kpi: Kpi;
  readonly #units: UnitTable;
  readonly #span: Span;
  readonly #isConversion: boolean;
  readonly #window: Uint32Array;
  readonly #history: Uint32Array;
  /** One minute each from `from` to `last`: 1 somebody, 2 a unit of the change. */
  readonly #seen: Uint8Array;
  readonly #firstWeek: number;
  /** By unit: twice the milliseconds since the start, and 0 when it ended well. */
  #trials = new Float64Array(0);
  /** By week, by unit: twice the milliseconds since the week began, and 0 when it ended well. */
  readonly #weeks: Uint32Array[];
  #windowRows = 0;

  constructor(kpi: Kpi, units: UnitTable, span: Span) {
    this.#kpi = kpi;
    this.#units = units;
    this.#span = span;
    this.#isConversion = isConversion(kpi.measure);
    this.#window = new Uint32Array((span.end - span.start) * 4);
    this.#history = new Uint32Array(Math.max(0, span.start - span.from) * 2);
    this.#seen = new Uint8Array(Math.max(0, span.last - span.from) + 1);
    this.#firstWeek = weekOf(span.from);
    this.#weeks = Array.from({ length: weekOf(span.start) - this.#firstWeek + 1 }, () => new Uint32Array(0));
  }

  get bytesOfUnits(): number {
    return this.#weeks.reduce((sum, week) => sum + week.byteLength, this.#trials.byteLength);
  }

  /** Takes note of a row; a status KPI only remembers that it lives. */
  takeRow(unit: number, at: EpochMs, variant: Variant | null, good: boolean): void {
    const minute = minuteOf(at);
    const { from, start, end, last } = this.#span;
    if (minute < from || minute > last) return;
    const isOfChange = variant !== null && minute >= start && minute < end;
    this.#seen[minute - from]! |= isOfChange ? 3 : 1;
    if (!this.#isConversion) return;
    if (minute < start) this.#takePast(unit, at, minute, good);
    else if (isOfChange) this.#takeTrial(unit, at, good);
  }

  #takeTrial(unit: number, at: EpochMs, good: boolean): void {
    if (unit >= this.#trials.length) this.#trials = grown(this.#trials, this.#units.capacity, NEVER);
    this.#windowRows++;
    const key = (at - startOfMinute(this.#span.start)) * 2 + (good ? 0 : 1);
    if (key < this.#trials[unit]!) this.#trials[unit] = key;
  }

  #takePast(unit: number, at: EpochMs, minute: EpochMinute, good: boolean): void {
    const number = weekOf(minute) - this.#firstWeek;
    let week = this.#weeks[number]!;
    if (unit >= week.length) {
      week = grown(week, this.#units.capacity, NO_TRIAL);
      this.#weeks[number] = week;
    }
    const key = (at - startOfMinute(startOfWeek(weekOf(minute)))) * 2 + (good ? 0 : 1);
    if (key < week[unit]!) week[unit] = key;
  }

  /** Where a status row is counted: its variant, or the history; null for a conversion and outside of both. */
  statusArm(minute: EpochMinute, variant: Variant | null): number | null {
    const { from, start, end } = this.#span;
    if (this.#isConversion || minute < from || minute >= end) return null;
    if (minute < start) return HISTORY_ARM;
    return variant === null ? null : variant === 'on' ? 1 : 0;
  }

  /** Counts a new status trial, or one that turned bad. */
  addStatus(minute: EpochMinute, arm: number, good: boolean, turnedBad: boolean): void {
    const countsGood = isStatus(this.#kpi.measure) && this.#kpi.measure.counts === 'success';
    const [column, counts] =
      arm === HISTORY_ARM
        ? ([(minute - this.#span.from) * 2, this.#history] as const)
        : ([(minute - this.#span.start) * 4 + arm * 2, this.#window] as const);
    if (turnedBad) counts[column + 1]! += countsGood ? -1 : 1;
    else {
      counts[column]!++;
      if (good === countsGood) counts[column + 1]!++;
    }
  }

  /** Rows of the window that are not the first of their unit; 0 for a status KPI. */
  repeated(): number {
    const trials = this.#trials.reduce((sum, key) => sum + (key === NEVER ? 0 : 1), 0);
    return this.#windowRows - trials;
  }

  result(): ReplayKpi {
    const { from, start } = this.#span;
    if (this.#isConversion) this.#countConversions();
    const minutes: MinuteTally[] = [];
    for (let i = 0; i < this.#window.length; i += 4) {
      const [offN, offY, onN, onY] = this.#window.subarray(i, i + 4) as unknown as [number, number, number, number];
      if (offN + onN === 0) continue;
      minutes.push({ minute: start + i / 4, off: { n: offN, y: offY }, on: { n: onN, y: onY } });
    }
    const history: { minute: EpochMinute; n: number; y: number }[] = [];
    for (let i = 0; i < this.#history.length; i += 2) {
      if (this.#history[i]! > 0) history.push({ minute: from + i / 2, n: this.#history[i]!, y: this.#history[i + 1]! });
    }
    const seen = (bit: number) =>
      [...this.#seen.keys()].filter((i) => (this.#seen[i]! & bit) !== 0).map((i) => from + i);
    return { kpiId: this.#kpi.id, minutes, history, seen: seen(1), seenByChange: seen(2) };
  }

  #countConversions(): void {
    this.#trials.forEach((key, unit) => {
      const variant = key === NEVER ? null : this.#units.variantOf(unit);
      if (variant === null) return;
      const column = Math.floor(key / 2 / MINUTE_MS) * 4 + ARM_COLUMN[variant];
      this.#window[column]!++;
      if (key % 2 === 0) this.#window[column + 1]!++;
    });
    for (const [number, week] of this.#weeks.entries()) {
      const offset = startOfWeek(this.#firstWeek + number) - this.#span.from;
      for (const key of week) {
        if (key === NO_TRIAL) continue;
        const column = (offset + Math.floor(key / 2 / MINUTE_MS)) * 2;
        this.#history[column]!++;
        if (key % 2 === 0) this.#history[column + 1]!++;
      }
    }
  }
}
