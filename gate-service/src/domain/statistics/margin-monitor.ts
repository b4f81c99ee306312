import { advanceBlocks, type BlockMonitorState, type BlockRules, startBlocks } from './block-monitor.ts';
import { equalWeights } from './candidates.ts';
import { isCount } from './estimate.ts';
import type { HarmDirection } from './null-line.ts';
import { isOnset, type Onset } from './onset-schedule.ts';

/** What a stream without a control arm is watched for. Fixed before the first minute. */
export interface MarginMonitorConfig {
  /** R > 1: up to R times what is expected (or down to 1/R of it) is no harm; from `historicalMargin`. */
  readonly margin: number;
  readonly harm: HarmDirection;
  readonly onset: Onset;
}

interface OpenMinute {
  readonly count: number;
  readonly expected: number;
}

/** Plain JSON, 5 log wealths and 7 numbers. */
export type MarginMonitorState = BlockMonitorState<OpenMinute>;

/** Events of one minute, and those to expect from the same hour of earlier weeks. */
export interface MarginMinute extends OpenMinute {
  /** Minutes since the start of the window, an integer >= 0. */
  readonly minute: number;
}

/** How far beyond the margin the candidates lie (docs/statistics.md L11). */
const BEYOND_MARGIN: readonly number[] = [1.2, 1.5, 2, 4, 10];
const WEIGHTS = equalWeights(BEYOND_MARGIN.length);
const SMALLEST_MARGIN = 1.25;
const HISTORY_LEVEL = 0.995;
const NOTHING = { count: 0, expected: 0 } as const;

/**
 * How far an ordinary hour strays from what was expected: max(1.25, 99.5% quantile of the historical hourly ratios)
 * (docs/statistics.md L11).
 * @param ratios total of an hour / mean of the same hour of earlier weeks; for harm = decrease their inverses count
 * @returns      R >= 1.25; null when there is no finite ratio, or one is negative
 */
export function historicalMargin(ratios: readonly number[], harm: HarmDirection): number | null {
  if (ratios.length === 0 || !ratios.every((ratio) => ratio >= 0 && Number.isFinite(ratio))) return null;
  const strays = harm === 'increase' ? ratios : ratios.map((ratio) => 1 / ratio);
  const sorted = strays.toSorted((left, right) => left - right);
  const quantile = sorted[Math.ceil(HISTORY_LEVEL * sorted.length) - 1] ?? Number.NaN;
  return Number.isFinite(quantile) ? Math.max(SMALLEST_MARGIN, quantile) : null;
}

/**
 * Starts the e-process for a change that is on for everybody (docs/statistics.md L11): slow and blind to small harm,
 * but the only claim it needs is that an ordinary hour stays within the margin. Alarm at wealth 1/.01.
 * @returns state; status `invalid` (never alarms) for a margin that is not a finite number above 1
 */
export function startMarginMonitor(config: MarginMonitorConfig): MarginMonitorState {
  const isConfig = config.margin > 1 && Number.isFinite(config.margin) && isOnset(config.onset);
  return startBlocks(isConfig, BEYOND_MARGIN.length, NOTHING);
}

/**
 * Consumes one minute. With rho the candidate's multiple of the edge, y ln(rho) - edge (rho - 1) has an e-value of mean
 * at most 1 for Poisson counts, and for events of a known number of units too, within the margin.
 * @returns the next state; unchanged for a minute already consumed; a count that is none, or an expectation that is not
 *          a finite number >= 0, or events where none are expected, are refused and counted
 */
export function advanceMarginMonitor(
  config: MarginMonitorConfig,
  state: MarginMonitorState,
  minute: MarginMinute,
): MarginMonitorState {
  return advanceBlocks(marginRules(config), state, minute);
}

function marginRules({
  margin,
  harm,
  onset,
}: MarginMonitorConfig): BlockRules<OpenMinute, MarginMonitorState, MarginMinute> {
  return {
    weights: WEIGHTS,
    onset,
    nothing: NOTHING,
    accepts: ({ count, expected }) =>
      isCount(count) && expected >= 0 && Number.isFinite(expected) && (expected > 0 || count === 0),
    merge: (_, { count, expected }) => ({ count, expected }),
    isFull: ({ expected }) => expected > 0,
    canClose: () => false,
    settle: ({ open }) => ({
      increment: (k) => {
        const beyond = BEYOND_MARGIN[k] ?? Number.NaN;
        const [edge, rho] =
          harm === 'increase' ? [open.expected * margin, beyond] : [open.expected / margin, 1 / beyond];
        return open.count * Math.log(rho) - edge * (rho - 1);
      },
      learnt: {},
    }),
  };
}
