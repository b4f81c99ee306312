import { isCount } from './estimate.ts';
import {
  growCandidates,
  type MixtureWealth,
  releaseRampStep,
  releaseScheduled,
  startWealth,
} from './mixture-wealth.ts';
import type { Onset } from './onset-schedule.ts';

/** What every monitor of minutes keeps, whatever it counts. Plain JSON; everything needed to go on bit for bit. */
export interface BlockMonitorState<Open> extends MixtureWealth {
  /** `invalid`: the configuration is unusable, or is not the one the state was started with. Never alarms. */
  readonly status: 'ok' | 'invalid';
  readonly open: Open;
  /** Last minute consumed; a minute that is not later is ignored, which makes repeats harmless. */
  readonly lastMinute: number | null;
  readonly closedBlocks: number;
  /** Minutes refused for broken counts: a data-quality failure for the caller to raise. */
  readonly rejectedMinutes: number;
}

/** What differs between monitors: what a minute holds, when a block is full, and what it is worth. */
export interface BlockRules<Open, State extends BlockMonitorState<Open>, Minute> {
  readonly weights: readonly number[];
  readonly onset: Onset;
  readonly nothing: Open;
  readonly accepts: (minute: Minute) => boolean;
  readonly merge: (open: Open, minute: Minute) => Open;
  /** By sizes alone, never by outcomes: that keeps the wealth valid (docs/statistics.md K1). */
  readonly isFull: (open: Open) => boolean;
  /** Whether the block may be closed early, at a change of allocation: also by sizes alone. */
  readonly canClose: (open: Open) => boolean;
  /** Log increment of candidate k, from the open block and what was known before it; and what is known after it. */
  readonly settle: (state: State) => { readonly increment: (k: number) => number; readonly learnt: Partial<State> };
}

/** A monitor's state before its first minute: wealth 1, all in reserve. */
export function startBlocks<Open>(isConfig: boolean, candidates: number, nothing: Open): BlockMonitorState<Open> {
  return {
    status: isConfig ? 'ok' : 'invalid',
    ...startWealth(candidates),
    open: nothing,
    lastMinute: null,
    closedBlocks: 0,
    rejectedMinutes: 0,
  };
}

/**
 * Consumes one minute (docs/statistics.md K1): adds it to the open block and closes the block when it is full. The same
 * minutes in the same order give a bit-identical state.
 * @returns the next state; unchanged for a minute already consumed; a broken minute leaves the wealth alone and is
 *          counted
 */
export function advanceBlocks<Open, State extends BlockMonitorState<Open>, Minute extends { readonly minute: number }>(
  rules: BlockRules<Open, State, Minute>,
  state: State,
  minute: Minute,
): State {
  if (state.status !== 'ok') return state;
  if (state.logCandidates.length !== rules.weights.length) return { ...state, status: 'invalid' };
  if (!isCount(minute.minute)) return { ...state, rejectedMinutes: state.rejectedMinutes + 1 };
  if (state.lastMinute !== null && minute.minute <= state.lastMinute) return state;
  const lastMinute = minute.minute;
  if (!rules.accepts(minute)) return { ...state, lastMinute, rejectedMinutes: state.rejectedMinutes + 1 };
  const next = { ...state, open: rules.merge(state.open, minute), lastMinute };
  return rules.isFull(next.open) ? closeBlock(rules, next) : next;
}

/**
 * Ends the open block at a change of allocation, which no block may span (docs/statistics.md U): closed or discarded.
 */
export function endOpenBlock<Open, State extends BlockMonitorState<Open>, Minute>(
  rules: BlockRules<Open, State, Minute>,
  state: State,
): State {
  if (state.status !== 'ok') return state;
  return rules.canClose(state.open) ? closeBlock(rules, state) : { ...state, open: rules.nothing };
}

/** Marks an increase of exposure (docs/statistics.md K6): ends the open block and moves an extra 10% of the reserve. */
export function stepUp<Open, State extends BlockMonitorState<Open>, Minute>(
  rules: BlockRules<Open, State, Minute>,
  state: State,
): State {
  return state.status === 'ok' ? releaseRampStep(endOpenBlock(rules, state), rules.weights) : state;
}

function closeBlock<Open, State extends BlockMonitorState<Open>, Minute>(
  rules: BlockRules<Open, State, Minute>,
  state: State,
): State {
  const { increment, learnt } = rules.settle(state);
  const released = releaseScheduled(state, rules.weights, rules.onset, state.lastMinute ?? 0);
  return {
    ...growCandidates(released, increment),
    ...learnt,
    open: rules.nothing,
    closedBlocks: state.closedBlocks + 1,
  };
}
