import type { Kpi } from '../../contract/kpi-registry.ts';
import { isConversion } from '../../domain/model/measure.ts';
import type { ReplayKpi } from '../../domain/replay/replay-data.ts';
import { AmountTally } from './amount-tally.ts';
import { ConversionTally } from './conversion-tally.ts';
import { EventTally } from './event-tally.ts';
import { LatencyTally } from './latency-tally.ts';
import type { RowTrial } from './parse-row.ts';
import type { ReplaySpan, TalliedRow } from './replay-span.ts';
import { StatusTally } from './status-tally.ts';
import type { TrialSet } from './trial-set.ts';
import type { UnitTable } from './unit-table.ts';

/** The trials of one KPI. Whatever the order of the rows, the result is the same. */
export interface KpiTally {
  /** Memory that grows with the units. */
  readonly bytesOfUnits: number;
  /** Takes every row once, in the first reading. */
  takeRow(row: TalliedRow, trial: RowTrial): void;
  /** Takes every row once, in the reading of its minute, where one (unit, minute) is a trial. */
  takeInMinute?(row: TalliedRow, trial: RowTrial, trials: TrialSet): void;
  /** Takes every row once more when every unit's first row is known, where rows of a unit add up. */
  addUp?(row: TalliedRow, trial: RowTrial): void;
  /** Rows of the window that count for nothing, since an earlier one of their unit does. */
  repeated(): number;
  result(): ReplayKpi;
}

export function makeKpiTally(kpi: Kpi, units: UnitTable, span: ReplaySpan): KpiTally {
  switch (kpi.measure.type) {
    case 'proportion':
      return isConversion(kpi.measure) ? new ConversionTally(kpi, units, span) : new StatusTally(kpi, units, span);
    case 'mean':
    case 'ratio':
      return new AmountTally(kpi, units, span);
    case 'rate':
    case 'gauge':
      return new EventTally(kpi, span);
    case 'quantile':
      return new LatencyTally(kpi, span);
    default:
      return kpi.measure satisfies never;
  }
}
