import type { MinuteTally } from '../model/look.ts';
import type {
  MetricMonitorConfig,
  MetricMonitorState,
  MonitorKind,
  MonitorKinds,
  PendingCounts,
} from '../model/monitor.ts';
import type { Tally } from '../model/tally.ts';
import {
  advanceCountMonitor,
  type CountMonitorConfig,
  countRampStep,
  endCountBlock,
  startCountMonitor,
} from '../statistics/count-monitor.ts';
import {
  advanceExceedanceMonitor,
  endExceedanceBlock,
  exceedanceLogWealth,
  exceedanceRampStep,
  startExceedanceMonitor,
} from '../statistics/exceedance-monitor.ts';
import {
  advanceHarmMonitor,
  closeOrDiscardOpenBlock,
  rampStep as harmRampStep,
  startHarmMonitor,
} from '../statistics/harm-monitor.ts';
import { type LogHistogram, logHistogramCount } from '../statistics/log-histogram.ts';
import { advanceMeanMonitor, endMeanBlock, meanRampStep, startMeanMonitor } from '../statistics/mean-monitor.ts';
import { logWealth } from '../statistics/mixture-wealth.ts';

interface Operations<C, S> {
  readonly start: (config: C) => S;
  readonly advance: (config: C, state: S, minute: MinuteTally) => S;
  readonly endBlock: (config: C, state: S) => S;
  readonly rampStep: (config: C, state: S) => S;
  readonly logWealth: (state: S) => number;
  readonly isWorking: (state: S) => boolean;
  readonly closedBlocks: (state: S) => number;
}

const NO_COUNTS: PendingCounts = { mA: 0, cA: 0, mB: 0, cB: 0 };

const OPERATIONS: { readonly [K in MonitorKind]: Operations<MonitorKinds[K]['config'], MonitorKinds[K]['state']> } = {
  proportion: {
    start: startHarmMonitor,
    advance: (config, state, { minute, off, on }) =>
      advanceHarmMonitor(config, state, { minute, nA: off.n, yA: off.y, nB: on.n, yB: on.y }),
    endBlock: closeOrDiscardOpenBlock,
    rampStep: harmRampStep,
    logWealth,
    isWorking: ({ status }) => status === 'ok',
    closedBlocks: ({ closedBlocks: blocks }) => blocks,
  },
  mean: {
    start: startMeanMonitor,
    advance: (config, state, { minute, off, on }) => {
      const { controlSlope, treatmentSlope, shift } = config.value;
      const a = linearSums(off, controlSlope, shift);
      const b = linearSums(on, treatmentSlope, shift);
      const sums = { nA: off.n, sumA: a.sum, sumSqA: a.sumSq, nB: on.n, sumB: b.sum, sumSqB: b.sumSq };
      return advanceMeanMonitor(config, state, { minute, ...sums });
    },
    endBlock: endMeanBlock,
    rampStep: meanRampStep,
    logWealth,
    isWorking: ({ status }) => status === 'ok',
    closedBlocks: ({ closedBlocks: blocks }) => blocks,
  },
  count: {
    start: (config) => ({ ...startCountMonitor(config), pending: NO_COUNTS }),
    advance: advanceCounts,
    endBlock: (config, state) => ({ ...state, ...endCountBlock(config, state), pending: NO_COUNTS }),
    rampStep: (config, state) => ({ ...state, ...countRampStep(config, state), pending: NO_COUNTS }),
    logWealth,
    isWorking: ({ status }) => status === 'ok',
    closedBlocks: ({ closedBlocks: blocks }) => blocks,
  },
  exceedance: {
    start: startExceedanceMonitor,
    advance: (config, state, { minute, off, on }) =>
      advanceExceedanceMonitor(config, state, {
        minute,
        nA: timed(off),
        slowerA: config.edges.map(({ control }) => slowerThan(off.histogram, control)),
        nB: timed(on),
        slowerB: config.edges.map(({ treatment }) => slowerThan(on.histogram, treatment)),
      }),
    endBlock: endExceedanceBlock,
    rampStep: exceedanceRampStep,
    logWealth: exceedanceLogWealth,
    isWorking: ({ streams }) => streams.length > 0 && streams.every(({ status }) => status === 'ok'),
    closedBlocks: ({ streams }) => Math.max(0, ...streams.map(({ closedBlocks: blocks }) => blocks)),
  },
  none: {
    start: () => ({}),
    advance: (_, state) => state,
    endBlock: (_, state) => state,
    rampStep: (_, state) => state,
    logWealth: () => 0,
    isWorking: () => true,
    closedBlocks: () => 0,
  },
};

/**
 * Config and state of one metric always have one kind, which the types of a table cannot say. A state that was stored
 * before there were kinds is a proportion's.
 */
function operationsOf({ kind = 'proportion' }: { readonly kind?: MonitorKind }) {
  return OPERATIONS[kind] as Operations<MetricMonitorConfig, object>;
}

function tagged(kind: MonitorKind, state: object): MetricMonitorState {
  return { ...state, kind } as MetricMonitorState;
}

/** A monitor before its first minute: wealth 1. */
export function startMonitor(config: MetricMonitorConfig): MetricMonitorState {
  return tagged(config.kind, operationsOf(config).start(config));
}

/**
 * Consumes one minute of the metric (docs/statistics.md K1, K7, K8, F6).
 * @param minute `minute` in minutes since the monitor's own start, later than every minute before
 * @returns      unchanged wealth for a minute with sums that cannot be
 */
export function advanceMonitor(
  config: MetricMonitorConfig,
  state: MetricMonitorState,
  minute: MinuteTally,
): MetricMonitorState {
  return tagged(config.kind, operationsOf(config).advance(config, state, minute));
}

/** Ends the open block at a change of allocation, which no block may span (docs/statistics.md U). */
export function endBlock(config: MetricMonitorConfig, state: MetricMonitorState): MetricMonitorState {
  return tagged(config.kind, operationsOf(config).endBlock(config, state));
}

/** Marks an increase of exposure: ends the open block and moves an extra 10% of the reserve (docs/statistics.md K6). */
export function rampStep(config: MetricMonitorConfig, state: MetricMonitorState): MetricMonitorState {
  return tagged(config.kind, operationsOf(config).rampStep(config, state));
}

/** ln of the metric's wealth: 0 at the start, and for ever when nothing is watched. */
export function monitorLogWealth(state: MetricMonitorState): number {
  return operationsOf(state).logWealth(state);
}

/** Whether the monitor can run; one of kind `none` has nothing that could fail. */
export function isWorking(state: MetricMonitorState): boolean {
  return operationsOf(state).isWorking(state);
}

/** How often both arms have been compared so far. */
export function closedBlocks(state: MetricMonitorState): number {
  return operationsOf(state).closedBlocks(state);
}

/** The monitor of a throttled phase bets everything with its first block (docs/statistics.md section P). */
export function atOnce(config: MetricMonitorConfig): MetricMonitorConfig {
  return config.kind === 'none' ? config : { ...config, onset: 'immediate' };
}

/**
 * Sum and sum of squares of z = y - slope d + shift over the units of a tally, exact from its power sums.
 * @returns NaN for units without sums
 */
export function linearSums(
  { n, y, sums }: Tally,
  slope: number,
  shift: number,
): { readonly sum: number; readonly sumSq: number } {
  if (n === 0 && y === 0 && sums === undefined) return { sum: 0, sumSq: 0 };
  if (sums === undefined) return { sum: Number.NaN, sumSq: Number.NaN };
  if (slope === 0) return { sum: y + n * shift, sumSq: sums.yy + 2 * shift * y + n * shift ** 2 };
  const { yy, d, dd, yd } = sums;
  const [sum, sumSq] = [y - slope * d, yy - 2 * slope * yd + slope ** 2 * dd];
  return { sum: sum + n * shift, sumSq: sumSq + 2 * shift * sum + n * shift ** 2 };
}

/** Values of a histogram above a bucket's upper edge; null stands for the edge 0. */
export function slowerThan(histogram: LogHistogram | undefined, edge: number | null): number {
  if (histogram === undefined) return 0;
  return histogram.buckets.reduce((sum, [index, count]) => sum + (edge === null || index > edge ? count : 0), 0);
}

function timed({ histogram }: Tally): number {
  return histogram === undefined ? 0 : logHistogramCount(histogram);
}

/**
 * Events may come in a minute without exposure, after the exposure that they belong to: such minutes are kept back until
 * both arms have exposure, which is when a block closes anyway (K7). Only exposure decides.
 */
function advanceCounts(
  config: CountMonitorConfig,
  state: MonitorKinds['count']['state'],
  { minute, off, on }: MinuteTally,
): MonitorKinds['count']['state'] {
  if (state.lastMinute !== null && minute <= state.lastMinute) return state;
  const { mA, cA, mB, cB } = state.pending;
  const pending = { mA: mA + off.n, cA: cA + off.y, mB: mB + on.n, cB: cB + on.y };
  if (!(pending.mA > 0 && pending.mB > 0)) return { ...state, pending, lastMinute: minute };
  return { ...state, ...advanceCountMonitor(config, state, { minute, ...pending }), pending: NO_COUNTS };
}
