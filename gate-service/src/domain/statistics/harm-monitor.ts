import { candidateRate } from './candidates.ts';
import { clipRate, predictControlRate } from './control-rate.ts';
import { isCount, isProportionArm, type ProportionArm } from './estimate.ts';
import { logAddExp, logSumExp } from './log-sum-exp.ts';
import { type HarmDirection, type MarginKind, type NullLine, nullLine } from './null-line.ts';
import { isOnset, type Onset, RAMP_STEP_SHARE, scheduledMass } from './onset-schedule.ts';
import { referencePoint } from './reference-point.ts';

/** What one metric stream is watched for. Fixed before the first block: changing it mid-way voids the guarantee. */
export interface HarmMonitorConfig {
  /** Odds multipliers > 1 of the candidates (K3). */
  readonly psi: readonly number[];
  /** Prior weight of each candidate, > 0, summing to 1. */
  readonly weights: readonly number[];
  readonly marginKind: MarginKind;
  /** Fraction >= 0 (0.05 is 5% or 5 percentage points); ignored for `none`. A ratio margin with harm = decrease is < 1. */
  readonly margin: number;
  readonly harm: HarmDirection;
  /** A block closes when both arms hold this many units: 3, or 2 for tiny traffic (K1). */
  readonly nMin: number;
  /** y events of n units before the deploy, of the KPI as it is (not turned into bad events); null when unknown. */
  readonly history: ProportionArm | null;
  readonly onset: Onset;
}

/** Plain JSON; everything needed to go on bit for bit. In it, events are bad events and null stands for ln 0. */
export interface HarmMonitorState {
  /** `invalid`: the configuration is unusable, or is not the one the state was started with. Never alarms. */
  readonly status: 'ok' | 'invalid';
  readonly logCandidates: readonly (number | null)[];
  readonly logReserve: number | null;
  /** Share of the onset schedule that has been moved to the candidates, in [0, 1]. */
  readonly scheduleMoved: number;
  /** Control units and bad events of closed blocks. */
  readonly past: ProportionArm;
  readonly open: { readonly nA: number; readonly yA: number; readonly nB: number; readonly yB: number };
  /** Last minute consumed; a minute that is not later is ignored, which makes repeats harmless. */
  readonly lastMinute: number | null;
  readonly closedBlocks: number;
  /** Minutes refused for broken counts: a data-quality failure for the caller to raise. */
  readonly rejectedMinutes: number;
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

/** Wealth is shown up to here; the state itself is never capped (STATISTICS.md U). */
const DISPLAY_CAP = 1e12;
const WEIGHT_SLACK = 1e-9;
const NO_UNITS = { nA: 0, yA: 0, nB: 0, yB: 0 } as const;

/**
 * Starts the always-valid harm monitor for one Bernoulli stream (STATISTICS.md K1-K6): wealth 1, all in reserve.
 * @returns state; status `invalid` (never alarms) for psi <= 1, weights that are not a distribution, a margin out of
 *          range, nMin < 1 or a broken history
 */
export function startHarmMonitor(config: HarmMonitorConfig): HarmMonitorState {
  return {
    status: isConfig(config) ? 'ok' : 'invalid',
    logCandidates: config.psi.map(() => null),
    logReserve: 0,
    scheduleMoved: 0,
    past: { y: 0, n: 0 },
    open: NO_UNITS,
    lastMinute: null,
    closedBlocks: 0,
    rejectedMinutes: 0,
  };
}

/**
 * Consumes one minute (STATISTICS.md K1): adds it to the open block and closes the block when both arms reach nMin. Only
 * the sizes decide, so validity is kept; the same minutes in the same order give a bit-identical state.
 * @param minute consumable minute, in time order within one allocation
 * @returns      the next state; unchanged for a minute already consumed; broken counts (NaN, negative, y > n) leave the
 *               wealth alone and are counted in rejectedMinutes
 */
export function advanceHarmMonitor(
  config: HarmMonitorConfig,
  state: HarmMonitorState,
  minute: MonitorMinute,
): HarmMonitorState {
  if (state.status !== 'ok') return state;
  if (state.logCandidates.length !== config.psi.length) return { ...state, status: 'invalid' };
  if (!isCount(minute.minute)) return { ...state, rejectedMinutes: state.rejectedMinutes + 1 };
  if (state.lastMinute !== null && minute.minute <= state.lastMinute) return state;
  const lastMinute = minute.minute;
  const { nA, yA, nB, yB } = minute;
  if (!isProportionArm({ y: yA, n: nA }) || !isProportionArm({ y: yB, n: nB })) {
    return { ...state, lastMinute, rejectedMinutes: state.rejectedMinutes + 1 };
  }
  const open = {
    nA: state.open.nA + nA,
    yA: state.open.yA + badEvents(config.harm, yA, nA),
    nB: state.open.nB + nB,
    yB: state.open.yB + badEvents(config.harm, yB, nB),
  };
  const next = { ...state, open, lastMinute };
  return open.nA >= config.nMin && open.nB >= config.nMin ? closeBlock(config, next) : next;
}

/**
 * Ends the open block at a change of allocation, which no block may span (STATISTICS.md U): closes it when both arms hold
 * a unit, otherwise discards its units. Sizes alone decide, so validity is kept. Call it before the first minute of the
 * new phase.
 */
export function closeOrDiscardOpenBlock(config: HarmMonitorConfig, state: HarmMonitorState): HarmMonitorState {
  if (state.status !== 'ok') return state;
  return state.open.nA > 0 && state.open.nB > 0 ? closeBlock(config, state) : { ...state, open: NO_UNITS };
}

/**
 * Marks an increase of exposure, a likely moment for harm to begin: ends the open block and moves an extra 10% of the
 * remaining reserve to the candidates (STATISTICS.md K6).
 */
export function rampStep(config: HarmMonitorConfig, state: HarmMonitorState): HarmMonitorState {
  return state.status === 'ok' ? moveReserve(config, closeOrDiscardOpenBlock(config, state), RAMP_STEP_SHARE) : state;
}

/** ln of the wealth: alarm when it reaches ln(1/alpha). Always finite, 0 at the start. */
export function logWealth(state: HarmMonitorState): number {
  return logSumExp([state.logReserve, ...state.logCandidates].map((log) => log ?? Number.NEGATIVE_INFINITY));
}

/** Wealth for display, capped at 1e12 (STATISTICS.md U). Never decide on it. */
export function displayWealth(logWealth: number): number {
  return Math.min(DISPLAY_CAP, Math.exp(logWealth));
}

function badEvents(harm: HarmDirection, y: number, n: number): number {
  return harm === 'increase' ? y : n - y;
}

function closeBlock(config: HarmMonitorConfig, state: HarmMonitorState): HarmMonitorState {
  const { open, past } = state;
  const mass = scheduledMass(config.onset, state.lastMinute ?? 0);
  const left = 1 - state.scheduleMoved;
  const due = Math.max(0, mass - state.scheduleMoved);
  const moved = moveReserve(config, state, left > 0 ? Math.min(1, due / left) : 1);
  const { history, harm } = config;
  const badHistory = history && { y: badEvents(harm, history.y, history.n), n: history.n };
  const thetaA = predictControlRate(badHistory, past);
  const line = nullLine(config.marginKind, config.margin, harm);
  const logCandidates = moved.logCandidates.map((log, k) =>
    log === null
      ? null
      : log + logIncrement(open, thetaA, candidateRate(config.psi[k] ?? Number.NaN, thetaA, line), line),
  );
  return {
    ...moved,
    logCandidates,
    scheduleMoved: Math.max(mass, state.scheduleMoved),
    past: { y: past.y + open.yA, n: past.n + open.nA },
    open: NO_UNITS,
    closedBlocks: state.closedBlocks + 1,
  };
}

/** Moves a share of the remaining reserve to the candidates by their weights (STATISTICS.md K6). */
function moveReserve(config: HarmMonitorConfig, state: HarmMonitorState, share: number): HarmMonitorState {
  const { logReserve } = state;
  if (logReserve === null || share <= 0) return state;
  const logMoved = logReserve + Math.log(share);
  const logCandidates = state.logCandidates.map((log, k) =>
    logAddExp(log ?? Number.NEGATIVE_INFINITY, logMoved + Math.log(config.weights[k] ?? Number.NaN)),
  );
  return { ...state, logCandidates, logReserve: share < 1 ? logReserve + Math.log1p(-share) : null };
}

/** Log likelihood ratio of a block, candidate over reference point (STATISTICS.md K4); 0 ln 0 = 0. */
function logIncrement(block: HarmMonitorState['open'], thetaA: number, thetaB: number, line: NullLine): number {
  const { nA, yA, nB, yB } = block;
  const { a, b } = referencePoint(nB / (nA + nB), thetaA, thetaB, line);
  return logRatio(yA, nA, thetaA, a) + logRatio(yB, nB, thetaB, b);
}

function logRatio(y: number, n: number, theta: number, reference: number): number {
  const hits = y === 0 ? 0 : y * Math.log(theta / reference);
  return y === n ? hits : hits + (n - y) * Math.log((1 - theta) / (1 - reference));
}

function isConfig({ psi, weights, margin, marginKind, harm, nMin, history, onset }: HarmMonitorConfig): boolean {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const largestMargin = marginKind === 'ratio' && harm === 'increase' ? Number.MAX_VALUE : 1 - clipRate(0);
  return (
    psi.length > 0 &&
    psi.length === weights.length &&
    psi.every((multiplier) => Number.isFinite(multiplier) && multiplier > 1) &&
    weights.every((weight) => weight > 0) &&
    Math.abs(total - 1) <= WEIGHT_SLACK &&
    (marginKind === 'none' || (margin >= 0 && margin <= largestMargin)) &&
    isCount(nMin) &&
    nMin >= 1 &&
    (history === null || isProportionArm(history)) &&
    isOnset(onset)
  );
}
