import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { MinuteTally } from '../model/look.ts';
import type { Tally, TallyByVariant } from '../model/tally.ts';
import type { EpochMinute } from '../model/time.ts';

/** What a file says about one KPI, as sufficient statistics: the same whatever the order of its rows. */
export interface ReplayKpi {
  readonly kpiId: string;
  /** Minutes of the window with trials, ascending. */
  readonly minutes: readonly MinuteTally[];
  /** Minutes before the window with trials of anybody, ascending; of a quantile the first minutes of its hours. */
  readonly history: readonly (Tally & { readonly minute: EpochMinute })[];
  /** The same of the window, also the trials in no variant; of a quantile the first minute of each hour with any. */
  readonly own: readonly (Tally & { readonly minute: EpochMinute })[];
  /** The units behind a status KPI's trials of the window: n units, y trials that count, d trials. */
  readonly units?: TallyByVariant;
  /** Trials of the window by the declared cohort of their unit, all others as ''; absent when the file tells no cohort. */
  readonly cohorts?: readonly (TallyByVariant & { readonly cohort: string })[];
  /** Minutes with a row of the KPI, ascending: of anybody, and of a unit that was served a variant in the window. */
  readonly seen: readonly EpochMinute[];
  readonly seenByChange: readonly EpochMinute[];
}

/** What is known of the rows of the window beside the trials. */
export interface ReplayCounts {
  /** Units by the variant of their first row in the window. */
  readonly exposed: { readonly off: number; readonly on: number };
  /** The same by the minute of that row, ascending. */
  readonly exposedMinutes: readonly { readonly minute: EpochMinute; readonly off: number; readonly on: number }[];
  readonly multiExposedUnits: number;
  /** Rows of the window that were used, repeated event ids left out. */
  readonly acceptedRows: number;
  readonly duplicateRows: number;
  readonly conflictingRows: number;
  /** Rows that cannot be read and may belong to the window. */
  readonly unreadableRows: number;
}

/** The input of a replay: a contract, its KPIs, and what a file says. */
export interface ReplayInput {
  readonly contract: ChangeContract;
  readonly kpis: readonly Kpi[];
  readonly hashes: { readonly changeId: string; readonly contract: string; readonly kpis: string };
  readonly contractPath: string;
  /** First minute of the window: that of the first row with the change. */
  readonly startMinute: EpochMinute;
  /** Minute of the newest row of the file. */
  readonly lastMinute: EpochMinute;
  readonly data: readonly ReplayKpi[];
  readonly counts: ReplayCounts;
}
