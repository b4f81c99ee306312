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
import { type HarmDirection, type MarginKind, type NullLine, nullLine } from './null-line.ts';
import { isOnset, type Onset } from './onset-schedule.ts';

/** Relative effects the candidates bet on (docs/statistics.md K10). */
export const DEFAULT_RELATIVE_EFFECTS: readonly number[] = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8];

/** Units per arm before a block of a mean closes (docs/statistics.md K1): fewer say too little about the spread. */
export const MEAN_BLOCK_UNITS = 20;

/** What a stream of unit values is watched for. Fixed before the first block. */
export interface MeanMonitorConfig {
  /** Effects > 0 of the candidates, as fractions of the baseline mean. */
  readonly relativeEffects: readonly number[];
  /** Prior weight of each candidate, > 0, summing to 1. */
  readonly weights: readonly number[];
  /** M: values are winsorised to [0, M] before they are summed. Baseline p99.9, in the unit of the metric. */
  readonly cap: number;
  /** Mean and standard deviation of the winsorised baseline, in the unit of the metric; 0 < mean < cap, sd > 0. */
  readonly baselineMean: number;
  readonly baselineSd: number;
  readonly marginKind: MarginKind;
  /** >= 0: a fraction for `ratio` (< 1 when harm is a decrease), the metric's unit for `difference` (< cap). */
  readonly margin: number;
  readonly harm: HarmDirection;
  /** A block closes when both arms hold this many units. */
  readonly nMin: number;
  readonly onset: Onset;
}

/** Units, sum and sum of squares of one arm, in units of the cap and turned so that more is worse. */
interface OpenSums {
  readonly nA: number;
  readonly sA: number;
  readonly qA: number;
  readonly nB: number;
  readonly sB: number;
  readonly qB: number;
}

/** Plain JSON, 6 log wealths and 11 numbers. */
export type MeanMonitorState = BlockMonitorState<OpenSums>;

/** Units first exposed in one minute, per arm, with the sum and the sum of squares of their winsorised values. */
export interface MeanMinute {
  /** Minutes since the start of the window, an integer >= 0. */
  readonly minute: number;
  readonly nA: number;
  readonly sumA: number;
  readonly sumSqA: number;
  readonly nB: number;
  readonly sumB: number;
  readonly sumSqB: number;
}

const NOTHING = { nA: 0, sA: 0, qA: 0, nB: 0, sB: 0, qB: 0 } as const;

/** Largest loss a bet risks, as a share of the wealth (docs/statistics.md K10). */
const LARGEST_STAKE = 0.75;
/** What adding up floats may add to a sum of squares or take from it (docs/statistics.md A). */
const ROUNDING = 1e-9;

/**
 * Starts the always-valid harm monitor for means of bounded values (docs/statistics.md K8-K11): exact for any
 * distribution on [0, M], however skewed. Both arms are centred on the baseline mean, which then cancels whatever the
 * true mean is.
 * @returns state; status `invalid` (never alarms) for effects <= 0, weights that are not a distribution, a baseline
 *          without spread or with a mean outside (0, M), a margin out of range, or nMin < 1
 */
export function startMeanMonitor(config: MeanMonitorConfig): MeanMonitorState {
  return startBlocks(isConfig(config), config.relativeEffects.length, NOTHING);
}

/**
 * Consumes one minute; a block closes when both arms hold nMin units (docs/statistics.md K1).
 * @param minute sums of values already winsorised to [0, M]
 * @returns      the next state; unchanged for a minute already consumed; sums that no values in [0, M] can have
 *               (negative, above n M, squares below sum^2/n or above M sum, NaN) leave the wealth alone and count in
 *               rejectedMinutes
 * @see          oracle egate_mean_eb of the reference implementation
 */
export function advanceMeanMonitor(
  config: MeanMonitorConfig,
  state: MeanMonitorState,
  minute: MeanMinute,
): MeanMonitorState {
  return advanceBlocks(meanRules(config), state, minute);
}

/** Ends the open block at a change of allocation: closed with a unit in both arms, otherwise discarded. */
export function endMeanBlock(config: MeanMonitorConfig, state: MeanMonitorState): MeanMonitorState {
  return endOpenBlock(meanRules(config), state);
}

/** Marks an increase of exposure: ends the open block and moves an extra 10% of the reserve (docs/statistics.md K6). */
export function meanRampStep(config: MeanMonitorConfig, state: MeanMonitorState): MeanMonitorState {
  return stepUp(meanRules(config), state);
}

function meanRules(config: MeanMonitorConfig): BlockRules<OpenSums, MeanMonitorState, MeanMinute> {
  const { cap, harm, nMin } = config;
  return {
    weights: config.weights,
    onset: config.onset,
    nothing: NOTHING,
    accepts: ({ nA, sumA, sumSqA, nB, sumB, sumSqB }) =>
      isBoundedSum(nA, sumA / cap, sumSqA / cap ** 2) && isBoundedSum(nB, sumB / cap, sumSqB / cap ** 2),
    merge: (open, { nA, sumA, sumSqA, nB, sumB, sumSqB }) => {
      const a = badSums(harm, nA, sumA / cap, sumSqA / cap ** 2);
      const b = badSums(harm, nB, sumB / cap, sumSqB / cap ** 2);
      return {
        nA: open.nA + nA,
        sA: open.sA + a.sum,
        qA: open.qA + a.sumSq,
        nB: open.nB + nB,
        sB: open.sB + b.sum,
        qB: open.qB + b.sumSq,
      };
    },
    isFull: ({ nA, nB }) => nA >= nMin && nB >= nMin,
    canClose: ({ nA, nB }) => nA > 0 && nB > 0,
    settle: ({ open }) => ({ increment: blockIncrement(config, open), learnt: {} }),
  };
}

/**
 * A falling value is watched as its rising complement 1 - x: it turns K8-K11 for harm = decrease, sign and h_min
 * included, into those for harm = increase.
 */
function badSums(harm: HarmDirection, n: number, sum: number, sumSq: number): { sum: number; sumSq: number } {
  return harm === 'increase' ? { sum, sumSq } : { sum: n - sum, sumSq: n - 2 * sum + sumSq };
}

/**
 * Log increment of each candidate for one block (docs/statistics.md K8-K11), margins included: with the null's edge b =
 * i + r a, a control unit bets on -f r (x - c) and a treatment unit on (1-f) (x - i - r c). Their expected sum is a
 * positive multiple of mean_B - (i + r mean_A), so at most 0 under the null, whatever the baseline mean c was taken
 * for.
 */
function blockIncrement(config: MeanMonitorConfig, { nA, sA, qA, nB, sB, qB }: OpenSums): (k: number) => number {
  const { cap, baselineMean, baselineSd, relativeEffects } = config;
  const { intercept, slope } = edgeOf(config);
  const c = config.harm === 'increase' ? baselineMean / cap : 1 - baselineMean / cap;
  const edge = intercept + slope * c;
  const f = nB / (nA + nB);
  const fA = f * slope;
  const sum = (1 - f) * (sB - edge * nB) - fA * (sA - c * nA);
  const squares = (1 - f) ** 2 * (qB - 2 * edge * sB + edge ** 2 * nB) + fA ** 2 * (qA - 2 * c * sA + c ** 2 * nA);
  const worst = Math.max((1 - f) * edge, fA * (1 - c));
  return (k) => {
    const wanted = ((relativeEffects[k] ?? Number.NaN) * baselineMean * cap) / baselineSd ** 2;
    const capped = Math.min(wanted, LARGEST_STAKE / worst);
    const lambda = Math.min(capped, capped / (2 * Math.abs(quadraticFloor(capped * worst))));
    return lambda * sum + quadraticFloor(lambda * worst) * lambda ** 2 * squares;
  };
}

/** kappa(c0): the largest number with ln(1+y) >= y + kappa y^2 for all y >= -c0; below -1/2 (docs/statistics.md K9). */
function quadraticFloor(c0: number): number {
  // Below this the closed form subtracts two equal numbers; the series is exact to rounding.
  if (c0 < 1e-4) return -0.5 - c0 / 3;
  return (Math.log1p(-c0) + c0) / c0 ** 2;
}

function edgeOf({ marginKind, margin, cap, harm }: MeanMonitorConfig): NullLine {
  return nullLine(marginKind, marginKind === 'difference' ? margin / cap : margin, harm);
}

function isBoundedSum(n: number, sum: number, sumSq: number): boolean {
  if (!isCount(n) || !(sum >= 0 && sum <= n * (1 + ROUNDING))) return false;
  const slack = ROUNDING * Math.max(sum, sumSq);
  return sumSq <= sum + slack && sumSq >= (n === 0 ? 0 : sum ** 2 / n) - slack;
}

function isConfig(config: MeanMonitorConfig): boolean {
  const { relativeEffects, weights, cap, baselineMean, baselineSd, margin, marginKind, harm, nMin, onset } = config;
  const largestMargin = marginKind === 'difference' ? cap : harm === 'increase' ? Number.POSITIVE_INFINITY : 1;
  return (
    isWeights(weights, relativeEffects.length) &&
    relativeEffects.every((effect) => effect > 0 && Number.isFinite(effect)) &&
    Number.isFinite(cap) &&
    baselineMean > 0 &&
    baselineMean < cap &&
    baselineSd > 0 &&
    Number.isFinite(baselineSd) &&
    (marginKind === 'none' || (margin >= 0 && margin < largestMargin)) &&
    isCount(nMin) &&
    nMin >= 1 &&
    isOnset(onset)
  );
}
