import type { Kpi } from '../../contract/kpi-registry.ts';
import { isStatus } from '../../domain/model/measure.ts';
import { minuteOf } from '../../domain/model/time.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { CohortSums } from './cohort-sums.ts';
import { grown } from './hash-index.ts';
import type { KpiTally } from './kpi-tally.ts';
import { clusterTally, MinuteSums } from './minute-sums.ts';
import type { RowTrial } from './parse-row.ts';
import { ARMS, armOf, type ReplaySpan, SeenMinutes, type TalliedRow } from './replay-span.ts';
import type { TrialSet } from './trial-set.ts';
import type { UnitTable } from './unit-table.ts';

/** Arms in which units are clusters: off and on. */
const CLUSTER_ARMS = 2;

/** The trials of a status KPI: every (unit, minute) is one, bad if any of its rows was. */
export class StatusTally implements KpiTally {
  readonly #kpi: Kpi;
  readonly #units: UnitTable;
  readonly #span: ReplaySpan;
  readonly #seen: SeenMinutes;
  readonly #sums: MinuteSums;
  readonly #countsGood: boolean;
  /** By unit and variant: trials in the window, and those that count. */
  #trials = new Uint32Array(0);
  #counted = new Uint32Array(0);

  constructor(kpi: Kpi, units: UnitTable, span: ReplaySpan) {
    this.#kpi = kpi;
    this.#units = units;
    this.#span = span;
    this.#seen = new SeenMinutes(span);
    this.#sums = new MinuteSums(span, false);
    this.#countsGood = isStatus(kpi.measure) && kpi.measure.counts === 'success';
  }

  get bytesOfUnits(): number {
    return this.#trials.byteLength + this.#counted.byteLength;
  }

  takeRow(row: TalliedRow): void {
    this.#seen.take(row);
  }

  takeInMinute(row: TalliedRow, { kpi, y: isGood }: RowTrial, trials: TrialSet): void {
    const arm = armOf(row, this.#span);
    if (arm === null) return;
    const minute = minuteOf(row.at);
    const isBad = 1 - isGood;
    const before = trials.add(row.hash, kpi * 4 + arm, minute, isBad);
    if (before !== null && before >= isBad) return;
    const counted = before === null ? (this.#countsGood ? isGood : isBad) : this.#countsGood ? -1 : 1;
    const isNew = before === null ? 1 : 0;
    this.#sums.addCounts(minute, arm, isNew, counted);
    if (arm === ARMS.off || arm === ARMS.on) this.#addToUnit(row.unit * CLUSTER_ARMS + arm, isNew, counted);
  }

  repeated(): number {
    return 0;
  }

  result(): ReplayKpi {
    const cohorts = new CohortSums(this.#units);
    for (let cluster = 0; cluster < this.#trials.length; cluster++) {
      const [n, y] = [this.#trials[cluster]!, this.#counted[cluster]!];
      if (n > 0) cohorts.add(Math.floor(cluster / CLUSTER_ARMS), cluster % CLUSTER_ARMS, { n, y });
    }
    const units = this.#clusters();
    return { kpiId: this.#kpi.id, ...this.#sums.result(), ...this.#seen.result(), units, ...cohorts.result() };
  }

  #addToUnit(cluster: number, trials: number, counted: number): void {
    if (cluster >= this.#trials.length) {
      const length = this.#units.capacity * CLUSTER_ARMS;
      this.#trials = grown(this.#trials, length);
      this.#counted = grown(this.#counted, length);
    }
    this.#trials[cluster]! += trials;
    this.#counted[cluster]! += counted;
  }

  #clusters(): NonNullable<ReplayKpi['units']> {
    return { off: clusterTally(this.#clustersOf(ARMS.off)), on: clusterTally(this.#clustersOf(ARMS.on)) };
  }

  *#clustersOf(arm: number): Generator<readonly [number, number]> {
    for (let cluster = arm; cluster < this.#trials.length; cluster += CLUSTER_ARMS) {
      if (this.#trials[cluster]! > 0) yield [this.#counted[cluster]!, this.#trials[cluster]!];
    }
  }
}
