import {
  advanceBlocks,
  type BlockMonitorState,
  type BlockRules,
  endOpenBlock,
  startBlocks,
  stepUp,
} from './block-monitor.ts';
import { candidateRate } from './candidates.ts';
import { conditionalIncrements, MOST_CONDITIONAL_UNITS } from './conditional-bets.ts';
import { clipRate, predictControlRate } from './control-rate.ts';
import { isCount, isProportionArm, type ProportionArm } from './estimate.ts';
import { isWeights } from './mixture-wealth.ts';
import { type HarmDirection, type MarginKind, type NullLine, nullLine } from './null-line.ts';
import { isOnset, type Onset } from './onset-schedule.ts';
import { referencePoint } from './reference-point.ts';

export { displayWealth, logWealth } from './mixture-wealth.ts';

/** What one metric stream is watched for. Fixed before the first block: changing it mid-way voids the guarantee. */
export interface HarmMonitorConfig {
  /** Odds multipliers > 1 of the candidates (K3). */
  readonly psi: readonly number[];
  /** Prior weight of each candidate, > 0, summing to 1. */
  readonly weights: readonly number[];
  readonly marginKind: MarginKind;
  /** Fraction >= 0 (0.05 is 5% or 5 percentage points); ignored for `none`. A ratio with harm = decrease is < 1. */
  readonly margin: number;
  readonly harm: HarmDirection;
  /** A block closes when both arms hold this many units: 3, or 2 for tiny traffic (K1). */
  readonly nMin: number;
  /** y events of n units before the deploy, of the KPI as it is (not turned into bad events); null when unknown. */
  readonly history: ProportionArm | null;
  readonly onset: Onset;
  /** Exponent in (0, 1] of each candidate's bets where units come in clusters (K5); absent when independent. */
  readonly tempering?: readonly number[];
  /**
   * `conditional` bets on whose the bad events are, which needs no control rate (K16); taken where it is valid, that is
   * without a margin and without tempering. Otherwise, and where absent, `reference` (K4).
   */
  readonly bets?: 'conditional' | 'reference';
}

/** Units and bad events of the open block. */
interface OpenBlock {
  readonly nA: number;
  readonly yA: number;
  readonly nB: number;
  readonly yB: number;
}

/** Plain JSON; everything needed to go on bit for bit. In it, events are bad events and null stands for ln 0. */
export interface HarmMonitorState extends BlockMonitorState<OpenBlock> {
  /** Control units and bad events of closed blocks. */
  readonly past: ProportionArm;
}

/** Units first exposed in one minute, per arm, with their events of the KPI as it is. */
export interface MonitorMinute {
  /** Minutes since the start of the window, an integer >= 0. */
  readonly minute: number;
  readonly nA: number;
  readonly yA: number;
  readonly nB: number;
  readonly yB: number;
}

const NO_UNITS = { nA: 0, yA: 0, nB: 0, yB: 0 } as const;

/**
 * Starts the always-valid harm monitor for one Bernoulli stream (docs/statistics.md K1-K6, K16): wealth 1, all in reserve.
 * @returns state; status `invalid` (never alarms) for psi <= 1, weights that are not a distribution, a margin out of
 *          range, nMin < 1 or a broken history
 */
export function startHarmMonitor(config: HarmMonitorConfig): HarmMonitorState {
  return { ...startBlocks(isConfig(config), config.psi.length, NO_UNITS), past: { y: 0, n: 0 } };
}

/**
 * Consumes one minute (docs/statistics.md K1): adds it to the open block and closes the block when both arms reach
 * nMin. Only the sizes decide, so validity is kept; the same minutes in the same order give a bit-identical state.
 * @param minute consumable minute, in time order within one allocation
 * @returns      the next state; unchanged for a minute already consumed; broken counts (NaN, negative, y > n) leave the
 *               wealth alone and are counted in rejectedMinutes
 */
export function advanceHarmMonitor(
  config: HarmMonitorConfig,
  state: HarmMonitorState,
  minute: MonitorMinute,
): HarmMonitorState {
  return advanceBlocks(bernoulliRules(config), state, minute);
}

/**
 * Ends the open block at a change of allocation, which no block may span (docs/statistics.md U): closes it when both
 * arms hold a unit, otherwise discards its units. Sizes alone decide, so validity is kept. Call it before the first
 * minute of the new phase.
 */
export function closeOrDiscardOpenBlock(config: HarmMonitorConfig, state: HarmMonitorState): HarmMonitorState {
  return endOpenBlock(bernoulliRules(config), state);
}

/**
 * Marks an increase of exposure, a likely moment for harm to begin: ends the open block and moves an extra 10% of the
 * remaining reserve to the candidates (docs/statistics.md K6).
 */
export function rampStep(config: HarmMonitorConfig, state: HarmMonitorState): HarmMonitorState {
  return stepUp(bernoulliRules(config), state);
}

function bernoulliRules(config: HarmMonitorConfig): BlockRules<OpenBlock, HarmMonitorState, MonitorMinute> {
  const { harm, nMin, psi, tempering } = config;
  const isConditional = betsConditionally(config);
  return {
    weights: config.weights,
    onset: config.onset,
    nothing: NO_UNITS,
    accepts: ({ nA, yA, nB, yB }) => isProportionArm({ y: yA, n: nA }) && isProportionArm({ y: yB, n: nB }),
    merge: (open, { nA, yA, nB, yB }) => ({
      nA: open.nA + nA,
      yA: open.yA + badEvents(harm, yA, nA),
      nB: open.nB + nB,
      yB: open.yB + badEvents(harm, yB, nB),
    }),
    isFull: ({ nA, nB }) => nA >= nMin && nB >= nMin,
    canClose: ({ nA, nB }) => nA > 0 && nB > 0,
    settle: ({ open, past }) => {
      const learnt = { past: { y: past.y + open.yA, n: past.n + open.nA } };
      if (isConditional && open.nA + open.nB <= MOST_CONDITIONAL_UNITS) {
        const logs = conditionalIncrements(psi, open);
        return { increment: (k) => logs[k] ?? Number.NaN, learnt };
      }
      const { history } = config;
      const badHistory = history && { y: badEvents(harm, history.y, history.n), n: history.n };
      const thetaA = predictControlRate(badHistory, past);
      const line = nullLine(config.marginKind, config.margin, harm);
      return {
        increment: (k) =>
          (tempering?.[k] ?? 1) * logIncrement(open, thetaA, candidateRate(psi[k] ?? Number.NaN, thetaA, line), line),
        learnt,
      };
    },
  };
}

/** With a margin the law of a block's events depends on the rate, and exponents are made for the bets of K4 (K5). */
function betsConditionally({ bets, marginKind, tempering = [] }: HarmMonitorConfig): boolean {
  return bets === 'conditional' && marginKind === 'none' && tempering.every((exponent) => exponent === 1);
}

function badEvents(harm: HarmDirection, y: number, n: number): number {
  return harm === 'increase' ? y : n - y;
}

/** Log likelihood ratio of a block, candidate over reference point (docs/statistics.md K4); 0 ln 0 = 0. */
function logIncrement(block: OpenBlock, thetaA: number, thetaB: number, line: NullLine): number {
  const { nA, yA, nB, yB } = block;
  const { a, b } = referencePoint(nB / (nA + nB), thetaA, thetaB, line);
  return logRatio(yA, nA, thetaA, a) + logRatio(yB, nB, thetaB, b);
}

function logRatio(y: number, n: number, theta: number, reference: number): number {
  const hits = y === 0 ? 0 : y * Math.log(theta / reference);
  return y === n ? hits : hits + (n - y) * Math.log((1 - theta) / (1 - reference));
}

function isConfig(config: HarmMonitorConfig): boolean {
  const { psi, weights, margin, marginKind, harm, nMin, history, onset, tempering = weights, bets } = config;
  const largestMargin = marginKind === 'ratio' && harm === 'increase' ? Number.MAX_VALUE : 1 - clipRate(0);
  return (
    isWeights(weights, psi.length) &&
    psi.every((multiplier) => Number.isFinite(multiplier) && multiplier > 1) &&
    (marginKind === 'none' || (margin >= 0 && margin <= largestMargin)) &&
    isCount(nMin) &&
    nMin >= 1 &&
    (history === null || isProportionArm(history)) &&
    isOnset(onset) &&
    (bets === undefined || bets === 'conditional' || bets === 'reference') &&
    tempering.length === psi.length &&
    tempering.every((exponent) => exponent > 0 && exponent <= 1)
  );
}
