import type { Amount } from '../../contract/kpi-measure.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { NO_SUMS } from '../../domain/model/tally.ts';
import { DAY_MINUTES, MINUTE_MS, minuteOf } from '../../domain/model/time.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { CohortSums } from './cohort-sums.ts';
import { FirstRows } from './first-rows.ts';
import { grown } from './hash-index.ts';
import type { KpiTally } from './kpi-tally.ts';
import { MinuteSums } from './minute-sums.ts';
import type { RowTrial } from './parse-row.ts';
import { type ReplaySpan, SeenMinutes, type TalliedRow } from './replay-span.ts';
import type { UnitTable } from './unit-table.ts';

/** Before its first row, a unit's amount over this time is the covariate of a mean (docs/statistics.md section H). */
const PRE_PERIOD_MS = 28 * DAY_MINUTES * MINUTE_MS;
/** Lets a cap of 10,000 steps be that many although cap and step were rounded. */
const CAP_TOLERANCE = 1e-6;

/** Two sums by unit, in steps, not yet clipped. */
class UnitSums {
  readonly #units: UnitTable;
  #y = new Float64Array(0);
  #d = new Float64Array(0);

  constructor(units: UnitTable) {
    this.#units = units;
  }

  get bytes(): number {
    return this.#y.byteLength + this.#d.byteLength;
  }

  add(unit: number, y: number, d: number): void {
    if (y !== 0) {
      if (unit >= this.#y.length) this.#y = grown(this.#y, this.#units.capacity);
      this.#y[unit]! += y;
    }
    if (d !== 0) {
      if (unit >= this.#d.length) this.#d = grown(this.#d, this.#units.capacity);
      this.#d[unit]! += d;
    }
  }

  of(unit: number): readonly [y: number, d: number] {
    return [this.#y[unit] ?? 0, this.#d[unit] ?? 0];
  }
}

/**
 * The units of a mean or a ratio. A unit's amount is the sum over its rows from its first one in the window until
 * `within` later, whatever their variants, kept in [0, cap]; in the history the same from its first row of each week. A
 * mean's covariate is the same unit's amount in the 28 days before, of the history only: nobody had the change in it.
 */
export class AmountTally implements KpiTally {
  readonly #kpi: Kpi;
  readonly #units: UnitTable;
  readonly #span: ReplaySpan;
  readonly #seen: SeenMinutes;
  readonly #first: FirstRows;
  readonly #window: UnitSums;
  readonly #weeks: readonly UnitSums[];
  readonly #withinMs: number;
  readonly #isMean: boolean;

  constructor(kpi: Kpi, units: UnitTable, span: ReplaySpan) {
    this.#kpi = kpi;
    this.#units = units;
    this.#span = span;
    this.#seen = new SeenMinutes(span);
    this.#first = new FirstRows(units, span);
    this.#window = new UnitSums(units);
    this.#weeks = Array.from({ length: this.#first.weeks }, () => new UnitSums(units));
    this.#withinMs = kpi.measure.withinMinutes * MINUTE_MS;
    this.#isMean = kpi.measure.type === 'mean';
  }

  get bytesOfUnits(): number {
    return this.#weeks.reduce((sum, week) => sum + week.bytes, this.#first.bytes + this.#window.bytes);
  }

  takeRow(row: TalliedRow): void {
    this.#seen.take(row);
    this.#first.take(row, 0);
  }

  addUp({ unit, at }: TalliedRow, { y, d }: RowTrial): void {
    const minute = minuteOf(at);
    if (minute < this.#span.from) return;
    const trialAt = this.#first.trialAt(unit);
    if (trialAt !== null) this.#addToTrial(unit, at - trialAt, minute < this.#span.start, y, d);
    const newest = this.#first.weekAt(at);
    for (let week = newest; week >= 0; week--) {
      const past = this.#first.pastAt(week, unit);
      if (past !== null && at >= past && at - past <= this.#withinMs) this.#weeks[week]!.add(unit, y, d);
    }
  }

  /** Every row of a unit adds to its amount. */
  repeated(): number {
    return 0;
  }

  result(): ReplayKpi {
    const sums = new MinuteSums(this.#span, true);
    const cohorts = new CohortSums(this.#units);
    const [top, bottom] = this.#caps();
    for (const { unit, at, arm, week } of this.#first.trials()) {
      const [y, d] = (week === null ? this.#window : this.#weeks[week]!).of(unit);
      const [keptY, keptD] = [clip(y, top), clip(d, bottom)];
      const isClipped = keptY !== y || (!this.#isMean && keptD !== d);
      sums.addTrial(minuteOf(at), arm, keptY, keptD, isClipped);
      const squares = { yy: keptY * keptY, d: keptD, dd: keptD * keptD, yd: keptY * keptD };
      cohorts.add(unit, arm, { n: 1, y: keptY, sums: { ...NO_SUMS, ...squares, clipped: isClipped ? 1 : 0 } });
    }
    return { kpiId: this.#kpi.id, ...sums.result(), ...this.#seen.result(), ...cohorts.result() };
  }

  #addToTrial(unit: number, since: number, isPast: boolean, y: number, d: number): void {
    if (since >= 0 && since <= this.#withinMs) this.#window.add(unit, y, d);
    else if (this.#isMean && isPast && since < 0 && since >= -PRE_PERIOD_MS) this.#window.add(unit, 0, y);
  }

  /** Most steps of y and of d. */
  #caps(): readonly [number, number] {
    const { measure } = this.#kpi;
    if (measure.type === 'mean') return [capOf(measure.amount), capOf(measure.amount)];
    if (measure.type === 'ratio') return [capOf(measure.numerator), capOf(measure.denominator)];
    return [0, 0];
  }
}

/** Most steps of an amount. */
export function capOf({ cap, step }: Amount): number {
  return Math.floor(cap / step + CAP_TOLERANCE);
}

/** The nearest number in [0, most]. */
export function clip(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
