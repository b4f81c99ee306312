import type { Kpi } from '../../contract/kpi-registry.ts';
import { minuteOf } from '../../domain/model/time.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { capOf, clip } from './amount-tally.ts';
import type { KpiTally } from './kpi-tally.ts';
import { MinuteSums } from './minute-sums.ts';
import type { RowTrial } from './parse-row.ts';
import { armOf, type ReplaySpan, SeenMinutes, type TalliedRow } from './replay-span.ts';

/** A rate or a gauge: each row is so many events of so much exposure, or one sample of a level. */
export class EventTally implements KpiTally {
  readonly bytesOfUnits = 0;
  readonly #kpi: Kpi;
  readonly #span: ReplaySpan;
  readonly #seen: SeenMinutes;
  readonly #sums: MinuteSums;

  constructor(kpi: Kpi, span: ReplaySpan) {
    this.#kpi = kpi;
    this.#span = span;
    this.#seen = new SeenMinutes(span);
    this.#sums = new MinuteSums(span, kpi.measure.type === 'gauge');
  }

  takeRow(row: TalliedRow, { y, d: exposure }: RowTrial): void {
    this.#seen.take(row);
    const arm = armOf(row, this.#span);
    if (arm === null) return;
    const { measure } = this.#kpi;
    if (measure.type !== 'gauge') {
      this.#sums.addCounts(minuteOf(row.at), arm, exposure, y);
      return;
    }
    const level = clip(y, capOf(measure.amount));
    this.#sums.addTrial(minuteOf(row.at), arm, level, 0, level !== y);
  }

  repeated(): number {
    return 0;
  }

  result(): ReplayKpi {
    return { kpiId: this.#kpi.id, ...this.#sums.result(), ...this.#seen.result() };
  }
}
