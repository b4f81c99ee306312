import {
  advanceBlocks,
  type BlockMonitorState,
  type BlockRules,
  endOpenBlock,
  startBlocks,
  stepUp,
} from './block-monitor.ts';
import { isCount } from './estimate.ts';
import { isWeights } from './mixture-wealth.ts';
import type { HarmDirection } from './null-line.ts';
import { isOnset, type Onset } from './onset-schedule.ts';

/** What a stream of counts over exposure is watched for. Fixed before the first block. */
export interface CountMonitorConfig {
  /** Rate multipliers > 1 of the candidates (K7); divisors when harm is a decrease. */
  readonly psi: readonly number[];
  /** Prior weight of each candidate, > 0, summing to 1. */
  readonly weights: readonly number[];
  /** Tolerated relative change of the rate in the harmful direction, as a fraction: 0 for none; < 1 for a decrease. */
  readonly marginRatio: number;
  readonly harm: HarmDirection;
  readonly onset: Onset;
  /** Exponent in (0, 1] of each candidate's bets where events come in clumps (K5, K7); absent for Poisson counts. */
  readonly tempering?: readonly number[];
}

/** Exposure (units x time, any one unit, > 0) and counts of the open block. */
interface OpenCounts {
  readonly mA: number;
  readonly cA: number;
  readonly mB: number;
  readonly cB: number;
}

/** Plain JSON, 8 log wealths and 9 numbers. */
export type CountMonitorState = BlockMonitorState<OpenCounts>;

/** Exposure m and events c in one minute, per arm. */
export interface CountMinute extends OpenCounts {
  /** Minutes since the start of the window, an integer >= 0. */
  readonly minute: number;
}

const NOTHING = { mA: 0, cA: 0, mB: 0, cB: 0 } as const;

/**
 * Starts the always-valid harm monitor for counts over exposure (docs/statistics.md K7): given a block's total, the
 * treatment's share of the events is binomial, so the unknown common rate drops out and may change from block to block.
 * @returns state; status `invalid` (never alarms) for psi <= 1, weights that are not a distribution, a margin or
 *          an exponent out of range
 */
export function startCountMonitor(config: CountMonitorConfig): CountMonitorState {
  return startBlocks(isConfig(config), config.psi.length, NOTHING);
}

/**
 * Consumes one minute; a block closes when both arms have exposure (docs/statistics.md K1, K7).
 * @returns the next state; unchanged for a minute already consumed; exposure that is not a finite number >= 0, counts
 *          that are not counts, or events without exposure leave the wealth alone and are counted in rejectedMinutes
 * @see     oracle egate_poisson of the reference implementation
 */
export function advanceCountMonitor(
  config: CountMonitorConfig,
  state: CountMonitorState,
  minute: CountMinute,
): CountMonitorState {
  return advanceBlocks(countRules(config), state, minute);
}

/** Ends the open block at a change of allocation: with exposure in one arm only it says nothing and is discarded. */
export function endCountBlock(config: CountMonitorConfig, state: CountMonitorState): CountMonitorState {
  return endOpenBlock(countRules(config), state);
}

/** Marks an increase of exposure: ends the open block and moves an extra 10% of the reserve (docs/statistics.md K6). */
export function countRampStep(config: CountMonitorConfig, state: CountMonitorState): CountMonitorState {
  return stepUp(countRules(config), state);
}

function countRules(config: CountMonitorConfig): BlockRules<OpenCounts, CountMonitorState, CountMinute> {
  const { psi, marginRatio, harm, tempering } = config;
  const edge = harm === 'increase' ? 1 + marginRatio : 1 - marginRatio;
  const hasBoth = ({ mA, mB }: OpenCounts) => mA > 0 && mB > 0;
  return {
    weights: config.weights,
    onset: config.onset,
    nothing: NOTHING,
    accepts: ({ mA, cA, mB, cB }) => isExposed(mA, cA) && isExposed(mB, cB),
    merge: (open, { mA, cA, mB, cB }) => ({
      mA: open.mA + mA,
      cA: open.cA + cA,
      mB: open.mB + mB,
      cB: open.cB + cB,
    }),
    isFull: hasBoth,
    canClose: hasBoth,
    settle: ({ open }) => ({
      increment: (k) => {
        const multiplier = psi[k] ?? Number.NaN;
        const candidate = harm === 'increase' ? edge * multiplier : edge / multiplier;
        return (tempering?.[k] ?? 1) * logRateRatio(open, edge, candidate);
      },
      learnt: {},
    }),
  };
}

/** l_k = cB ln(rho_k/rho_0) + (cA+cB) ln((mA + rho_0 mB)/(mA + rho_k mB)), 0 without events (docs/statistics.md K7). */
function logRateRatio({ mA, cA, mB, cB }: OpenCounts, edge: number, candidate: number): number {
  return cB * Math.log(candidate / edge) + (cA + cB) * Math.log((mA + edge * mB) / (mA + candidate * mB));
}

function isExposed(exposure: number, count: number): boolean {
  return Number.isFinite(exposure) && exposure >= 0 && isCount(count) && (exposure > 0 || count === 0);
}

function isConfig({ psi, weights, marginRatio, harm, onset, tempering = weights }: CountMonitorConfig): boolean {
  return (
    isWeights(weights, psi.length) &&
    psi.every((multiplier) => Number.isFinite(multiplier) && multiplier > 1) &&
    marginRatio >= 0 &&
    marginRatio < (harm === 'increase' ? Number.POSITIVE_INFINITY : 1) &&
    isOnset(onset) &&
    tempering.length === psi.length &&
    tempering.every((exponent) => exponent > 0 && exponent <= 1)
  );
}
