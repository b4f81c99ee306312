import { addTallies, NO_TALLY, type Tally } from '../../domain/model/tally.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { ARMS } from './replay-span.ts';
import type { UnitTable } from './unit-table.ts';

/** What the trials of the window add up to by the declared cohort of their unit, all others together as ''. */
export class CohortSums {
  readonly #units: UnitTable;
  /** By cohort: without and with the change. */
  readonly #arms: [off: Tally, on: Tally][];

  constructor(units: UnitTable) {
    this.#units = units;
    this.#arms = ['', ...units.cohorts].map(() => [NO_TALLY, NO_TALLY]);
  }

  /** Adds a trial, or several of one unit; those in no variant are passed over. */
  add(unit: number, arm: number, tally: Tally): void {
    if (!this.#units.hasCohorts || (arm !== ARMS.off && arm !== ARMS.on)) return;
    const arms = this.#arms[this.#units.cohortOf(unit)]!;
    arms[arm] = addTallies(arms[arm], tally);
  }

  /** Nothing when no cohort is declared, or the file told none. */
  result(): Pick<ReplayKpi, 'cohorts'> {
    if (!this.#units.hasCohorts) return {};
    const names = ['', ...this.#units.cohorts];
    return { cohorts: this.#arms.map(([off, on], code) => ({ cohort: names[code]!, off, on })) };
  }
}
