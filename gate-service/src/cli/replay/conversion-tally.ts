import type { Kpi } from '../../contract/kpi-registry.ts';
import { minuteOf } from '../../domain/model/time.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { CohortSums } from './cohort-sums.ts';
import { FirstRows } from './first-rows.ts';
import type { KpiTally } from './kpi-tally.ts';
import { MinuteSums } from './minute-sums.ts';
import type { RowTrial } from './parse-row.ts';
import { type ReplaySpan, SeenMinutes, type TalliedRow } from './replay-span.ts';
import type { UnitTable } from './unit-table.ts';

/**
 * The trials of a conversion: the first row of a unit in the window is its trial, and in the history its first row of
 * each week.
 */
export class ConversionTally implements KpiTally {
  readonly #kpi: Kpi;
  readonly #units: UnitTable;
  readonly #span: ReplaySpan;
  readonly #seen: SeenMinutes;
  readonly #first: FirstRows;

  constructor(kpi: Kpi, units: UnitTable, span: ReplaySpan) {
    this.#kpi = kpi;
    this.#units = units;
    this.#span = span;
    this.#seen = new SeenMinutes(span);
    this.#first = new FirstRows(units, span);
  }

  get bytesOfUnits(): number {
    return this.#first.bytes;
  }

  takeRow(row: TalliedRow, { y: isGood }: RowTrial): void {
    this.#seen.take(row);
    this.#first.take(row, 1 - isGood);
  }

  repeated(): number {
    return this.#first.repeated();
  }

  result(): ReplayKpi {
    const sums = new MinuteSums(this.#span, false);
    const cohorts = new CohortSums(this.#units);
    for (const { unit, at, mark, arm } of this.#first.trials()) {
      sums.addCounts(minuteOf(at), arm, 1, 1 - mark);
      cohorts.add(unit, arm, { n: 1, y: 1 - mark });
    }
    return { kpiId: this.#kpi.id, ...sums.result(), ...this.#seen.result(), ...cohorts.result() };
  }
}
