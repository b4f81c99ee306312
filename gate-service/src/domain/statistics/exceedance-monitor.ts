import { isCount } from './estimate.ts';
import {
  advanceHarmMonitor,
  closeOrDiscardOpenBlock,
  type HarmMonitorConfig,
  type HarmMonitorState,
  logWealth,
  rampStep,
  startHarmMonitor,
} from './harm-monitor.ts';
import { logSumExp } from './log-sum-exp.ts';

/** What a latency is watched for: one Bernoulli monitor a threshold, margins being in the thresholds themselves. */
export interface ExceedanceMonitorConfig extends Omit<HarmMonitorConfig, 'history' | 'marginKind' | 'margin'> {
  /** Baseline values above the control's edge of each threshold, or null when unknown. */
  readonly histories: readonly HarmMonitorConfig['history'][];
}

/** Plain JSON: a monitor a threshold, in the order of the histories. */
export interface ExceedanceMonitorState {
  readonly streams: readonly HarmMonitorState[];
}

/** Units first exposed in one minute, per arm, and how many were slower than each threshold. */
export interface ExceedanceMinute {
  /** Minutes since the start of the window, an integer >= 0. */
  readonly minute: number;
  readonly nA: number;
  readonly slowerA: readonly number[];
  readonly nB: number;
  readonly slowerB: readonly number[];
}

/**
 * Starts the always-valid harm monitor for a latency (docs/statistics.md F6): "slower than c_j" for thresholds c_j of
 * the baseline, each a Bernoulli monitor on the same units. Their mean is an e-process for "the treatment is not
 * stochastically slower", whatever the shape of the latencies, and needs no common distribution.
 * @returns state; its streams are `invalid` (never alarm) for an unusable configuration; none at all without thresholds
 */
export function startExceedanceMonitor(config: ExceedanceMonitorConfig): ExceedanceMonitorState {
  return { streams: config.histories.map((_, j) => startHarmMonitor(streamConfig(config, j))) };
}

/**
 * Consumes one minute in every stream (docs/statistics.md K1, F6).
 * @returns the next state; a minute whose counts rise with the threshold, or that has another number of thresholds, is
 *          refused in every stream, counted, and leaves the wealth alone
 */
export function advanceExceedanceMonitor(
  config: ExceedanceMonitorConfig,
  state: ExceedanceMonitorState,
  row: ExceedanceMinute,
): ExceedanceMonitorState {
  const { minute, nA, slowerA, nB, slowerB } = row;
  const count = config.histories.length;
  const fits = isFalling(nA, slowerA, count) && isFalling(nB, slowerB, count);
  return {
    streams: state.streams.map((stream, j) =>
      advanceHarmMonitor(streamConfig(config, j), stream, {
        minute,
        nA,
        yA: fits ? (slowerA[j] ?? Number.NaN) : Number.NaN,
        nB,
        yB: fits ? (slowerB[j] ?? Number.NaN) : Number.NaN,
      }),
    ),
  };
}

/** Ends the open blocks at a change of allocation, see `closeOrDiscardOpenBlock`. */
export function endExceedanceBlock(
  config: ExceedanceMonitorConfig,
  state: ExceedanceMonitorState,
): ExceedanceMonitorState {
  return { streams: state.streams.map((stream, j) => closeOrDiscardOpenBlock(streamConfig(config, j), stream)) };
}

/** Marks an increase of exposure in every stream, see `rampStep`. */
export function exceedanceRampStep(
  config: ExceedanceMonitorConfig,
  state: ExceedanceMonitorState,
): ExceedanceMonitorState {
  return { streams: state.streams.map((stream, j) => rampStep(streamConfig(config, j), stream)) };
}

/**
 * ln of the mean wealth of the streams (docs/statistics.md F6): alarm when it reaches ln(1/alpha).
 * @returns 0 at the start and without streams, which can then never alarm
 */
export function exceedanceLogWealth({ streams }: ExceedanceMonitorState): number {
  return streams.length === 0 ? 0 : logSumExp(streams.map(logWealth)) - Math.log(streams.length);
}

/** The threshold that gained most, as an index, to say where the latency got worse; null without streams. */
export function worstThreshold({ streams }: ExceedanceMonitorState): number | null {
  const logs = streams.map(logWealth);
  return logs.length === 0 ? null : logs.indexOf(Math.max(...logs));
}

function streamConfig({ histories, ...common }: ExceedanceMonitorConfig, j: number): HarmMonitorConfig {
  return { ...common, marginKind: 'none', margin: 0, history: histories[j] ?? null };
}

function isFalling(n: number, slower: readonly number[], count: number): boolean {
  const sizes = [n, ...slower];
  return slower.length === count && sizes.every((size, i) => isCount(size) && size <= (sizes[i - 1] ?? size));
}
