import { logAddExp, logSumExp } from './log-sum-exp.ts';
import { type Onset, RAMP_STEP_SHARE, scheduledMass } from './onset-schedule.ts';

/** The wealth of a monitor: a reserve that waits for harm to begin, and one stake a candidate. Plain JSON; null stands
 *  for ln 0. */
export interface MixtureWealth {
  readonly logCandidates: readonly (number | null)[];
  readonly logReserve: number | null;
  /** Share of the onset schedule that has been moved to the candidates, in [0, 1]. */
  readonly scheduleMoved: number;
}

/** Wealth is shown up to here; the state itself is never capped (docs/statistics.md U). */
const DISPLAY_CAP = 1e12;
const WEIGHT_SLACK = 1e-9;

/** Wealth 1, all in reserve (docs/statistics.md K6). */
export function startWealth(candidates: number): MixtureWealth {
  return { logCandidates: Array.from({ length: candidates }, () => null), logReserve: 0, scheduleMoved: 0 };
}

/**
 * Moves what the onset schedule has due by this minute from the reserve to the candidates (docs/statistics.md K6). Call
 * it before the bets of a block: it depends on time only, so the mixture stays an e-process.
 */
export function releaseScheduled<State extends MixtureWealth>(
  state: State,
  weights: readonly number[],
  onset: Onset,
  minute: number,
): State {
  const mass = scheduledMass(onset, minute);
  const left = 1 - state.scheduleMoved;
  const due = Math.max(0, mass - state.scheduleMoved);
  const moved = moveReserve(state, weights, left > 0 ? Math.min(1, due / left) : 1);
  return { ...moved, scheduleMoved: Math.max(mass, state.scheduleMoved) };
}

/** Moves an extra 10% of the remaining reserve: an increase of exposure is a likely onset (docs/statistics.md K6). */
export function releaseRampStep<State extends MixtureWealth>(state: State, weights: readonly number[]): State {
  return moveReserve(state, weights, RAMP_STEP_SHARE);
}

/** Multiplies each stake by its e-value; candidates that hold nothing yet are not asked. */
export function growCandidates<State extends MixtureWealth>(state: State, increment: (k: number) => number): State {
  return { ...state, logCandidates: state.logCandidates.map((log, k) => (log === null ? null : log + increment(k))) };
}

/** ln of the wealth: alarm when it reaches ln(1/alpha). Always finite, 0 at the start. */
export function logWealth(state: Pick<MixtureWealth, 'logCandidates' | 'logReserve'>): number {
  return logSumExp([state.logReserve, ...state.logCandidates].map((log) => log ?? Number.NEGATIVE_INFINITY));
}

/** Wealth for display, capped at 1e12 (docs/statistics.md U). Never decide on it. */
export function displayWealth(logWealth: number): number {
  return Math.min(DISPLAY_CAP, Math.exp(logWealth));
}

/**
 * p-value for display, valid at any time: min(1, 1 / largest wealth so far) (docs/statistics.md K15). Decide on the
 * wealth.
 * @param maxLogWealth ln of the largest wealth seen
 * @returns            in (0, 1]; NaN for NaN
 */
export function displayPValue(maxLogWealth: number): number {
  return Math.min(1, Math.exp(-maxLogWealth));
}

/** Whether there is one positive weight for each of at least one candidate and they sum to 1. */
export function isWeights(weights: readonly number[], candidates: number): boolean {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (
    candidates > 0 &&
    weights.length === candidates &&
    weights.every((weight) => weight > 0) &&
    Math.abs(total - 1) <= WEIGHT_SLACK
  );
}

function moveReserve<State extends MixtureWealth>(state: State, weights: readonly number[], share: number): State {
  const { logReserve } = state;
  if (logReserve === null || share <= 0) return state;
  const logMoved = logReserve + Math.log(share);
  const logCandidates = state.logCandidates.map((log, k) =>
    logAddExp(log ?? Number.NEGATIVE_INFINITY, logMoved + Math.log(weights[k] ?? Number.NaN)),
  );
  return { ...state, logCandidates, logReserve: share < 1 ? logReserve + Math.log1p(-share) : null };
}
