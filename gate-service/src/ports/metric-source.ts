import type { Kpi } from '../contract/kpi-registry.ts';
import type { Tally } from '../domain/model/tally.ts';
import type { EpochMinute } from '../domain/model/time.ts';
import type { Variant } from '../domain/model/variant.ts';

/**
 * Where a KPI's numbers come from when they are not events sent to the gate: Prometheus, PostgreSQL, files. What a source
 * answers is kept in the gate's own roll-ups, so that a look, a verdict and a recomputation read what was said then,
 * whatever the source says later.
 */
export interface MetricSource {
  /**
   * Sufficient statistics of one KPI in [from, to), or exactly one reason why there are none. Never throws, never takes
   * longer than its deadline, never turns absence into 0.
   */
  read(question: SourceQuestion): Promise<SourceAnswer>;
  /** What is known before the first question: oldest sample, retention, labels, rights. In the order to be shown. */
  check(kpi: Kpi): Promise<readonly SourceFinding[]>;
  close(): Promise<void>;
}

export interface SourceQuestion {
  readonly kpi: Kpi;
  /** Null: the KPI's own history, whoever made it. */
  readonly changeId: string | null;
  readonly from: EpochMinute;
  readonly to: EpochMinute;
  /** First minute of the change's window: what named the change before counts for nothing. Left out: all of it counts. */
  readonly since?: EpochMinute;
  /** Length of a bucket in minutes; `from` and `to` are multiples of it. */
  readonly bucketMinutes: 1 | 60;
  /** Whether to break the answer down by cohort; else every cohort is ''. */
  readonly byCohort: boolean;
}

/** One bucket of one variant and cohort; buckets without a trial are left out. */
export interface SourceBucket {
  /** First minute of the bucket. */
  readonly minute: EpochMinute;
  /** Null in the KPI's own history. */
  readonly variant: Variant | null;
  readonly cohort: string;
  readonly tally: Tally;
}

export type SourceAnswer =
  | {
      readonly status: 'ok';
      readonly buckets: readonly SourceBucket[];
      /** First minute that the source does not vouch for yet, in [from, to]. */
      readonly completeUntil: EpochMinute;
      /** Newest minute with a sample of the KPI, of anybody and of this change; null when there is none. */
      readonly lastSeen: { readonly kpi: EpochMinute | null; readonly change: EpochMinute | null };
      /** The question as it was sent, with every value filled in: kept in the evidence. */
      readonly query: string;
      /** What people should know, such as counter resets; never a reason to doubt the numbers. */
      readonly facts: readonly string[];
    }
  | {
      readonly status: 'no_data' | 'stale' | 'source_error';
      readonly fault: SourceFault;
      /** What was found, what is allowed, what to do next; holds no secret and no answer's body. */
      readonly detail: string;
      readonly query: string | null;
    };

/** Why a source did not answer (docs/reliability.md section 3, rows A1 to A26). */
export const SOURCE_FAULTS = [
  'unreachable',
  'deadline',
  'unauthorised',
  'overloaded',
  'refused',
  'not_json',
  'bad_schema',
  'too_large',
  'not_finite',
  'empty',
  'ambiguous',
  'stale',
  'type_changed',
  'partial',
  'retention',
  'lock_wait',
  'replica_lag',
  'bad_value',
  'bad_query',
  'not_configured',
] as const;
export type SourceFault = (typeof SOURCE_FAULTS)[number];

export interface SourceFinding {
  readonly check: string;
  readonly status: 'ok' | 'failed' | 'unknown';
  readonly detail: string;
}
