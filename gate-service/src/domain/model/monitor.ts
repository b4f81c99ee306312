import type { CountMonitorConfig, CountMonitorState } from '../statistics/count-monitor.ts';
import type { ExceedanceMonitorConfig, ExceedanceMonitorState } from '../statistics/exceedance-monitor.ts';
import type { HarmMonitorConfig, HarmMonitorState } from '../statistics/harm-monitor.ts';
import type { MeanMonitorConfig, MeanMonitorState } from '../statistics/mean-monitor.ts';

/**
 * The value of a unit that a monitor of means sees: z = y - slope * d + shift, all in steps. A mean has slopes and shift
 * of 0; a ratio is held against the history's, with the treatment's slope moved by the margin (docs/statistics.md D1).
 */
export interface LinearValue {
  readonly controlSlope: number;
  readonly treatmentSlope: number;
  readonly shift: number;
}

/** Edges of one "slower than" stream, as indices of the log histogram's buckets; null is the edge 0. */
export interface EdgePair {
  readonly control: number | null;
  readonly treatment: number | null;
}

/** Exposure and events of minutes in which one arm had no exposure yet. */
export interface PendingCounts {
  readonly mA: number;
  readonly cA: number;
  readonly mB: number;
  readonly cB: number;
}

/** The kinds of monitor, each with what it is told at the start and what it keeps. */
export interface MonitorKinds {
  readonly proportion: { readonly config: HarmMonitorConfig; readonly state: HarmMonitorState };
  readonly mean: {
    readonly config: MeanMonitorConfig & { readonly value: LinearValue };
    readonly state: MeanMonitorState;
  };
  readonly count: {
    readonly config: CountMonitorConfig;
    readonly state: CountMonitorState & { readonly pending: PendingCounts };
  };
  readonly exceedance: {
    readonly config: ExceedanceMonitorConfig & { readonly edges: readonly EdgePair[] };
    readonly state: ExceedanceMonitorState;
  };
  readonly none: { readonly config: { readonly reason: string }; readonly state: object };
}

export type MonitorKind = keyof MonitorKinds;
type Config<K extends MonitorKind> = { readonly kind: K } & MonitorKinds[K]['config'];
type State<K extends MonitorKind> = { readonly kind: K } & MonitorKinds[K]['state'];

/**
 * How one KPI is watched for harm, fixed before the first minute. `none`: it is not, for a `reason` that people read; it
 * counts as wealth 1 for ever. Plain JSON.
 */
export type MetricMonitorConfig = { readonly [K in MonitorKind]: Config<K> }[MonitorKind];
/** What a monitor of the same kind has seen. Plain JSON; everything needed to go on bit for bit. */
export type MetricMonitorState = { readonly [K in MonitorKind]: State<K> }[MonitorKind];
