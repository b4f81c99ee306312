import { isCount, isProbabilityLevel } from './estimate.ts';
import { lanDemetsBounds } from './lan-demets.ts';
import { logAddExp } from './log-sum-exp.ts';

/** How the daily looks are planned. Fixed before the first. */
export interface DailyLooksConfig {
  /** Error budget of the looks alone: half of the alarm's, the other half being the monitor's. */
  readonly alpha: number;
  /** Units of both arms that the forecast expects in the window, > 0. */
  readonly plannedUnits: number;
}

/** Plain JSON: what the looks have spent, and what they found. */
export interface DailyLooksState {
  readonly status: 'ok' | 'invalid';
  /** Share of the planned units at each look taken, rising, at most 1. */
  readonly fractions: readonly number[];
  /** Bound on z of each look taken. */
  readonly bounds: readonly number[];
  /** A look crossed its bound; stays so. */
  readonly crossed: boolean;
  /** Last day consumed; a day that is not later is ignored. */
  readonly lastDay: number | null;
  readonly rejectedDays: number;
}

/** The totals of the window so far, once a day. */
export interface DailyLook {
  /** Days since the start of the window, an integer >= 0. */
  readonly day: number;
  /** Units of both arms so far. */
  readonly units: number;
  /** Pooled score z of the totals so far, turned so that above 0 is harm (docs/statistics.md B5). */
  readonly z: number;
}

/** Error spent by a fraction t of the window is alpha t^2: little early, when a few units say little. */
const SPENDING_POWER = 2;

/** Starts the daily looks for tiny traffic, fewer than 200 units an arm in seven days (docs/statistics.md K). */
export function startDailyLooks({ alpha, plannedUnits }: DailyLooksConfig): DailyLooksState {
  const isConfig = isProbabilityLevel(alpha) && plannedUnits > 0 && Number.isFinite(plannedUnits);
  return {
    status: isConfig ? 'ok' : 'invalid',
    fractions: [],
    bounds: [],
    crossed: false,
    lastDay: null,
    rejectedDays: 0,
  };
}

/**
 * Takes one daily look: one-sided group-sequential test with alpha-spending bounds at the share of the planned units
 * that is really there (docs/statistics.md K, tiny traffic). Where a week holds 60 units the always-valid monitor finds
 * little; seven looks cost less than ten thousand.
 * @returns the next state; unchanged for a day already looked at; a day that adds less than 1% of the planned units, or
 *          comes after all of them, spends nothing and can't cross; broken numbers are counted in rejectedDays
 */
export function takeDailyLook(config: DailyLooksConfig, state: DailyLooksState, look: DailyLook): DailyLooksState {
  if (state.status !== 'ok' || (state.lastDay !== null && look.day <= state.lastDay)) return state;
  if (!isCount(look.day)) return { ...state, rejectedDays: state.rejectedDays + 1 };
  const fraction = Math.min(1, look.units / config.plannedUnits);
  const before = state.fractions.at(-1) ?? 0;
  if (!isCount(look.units) || !Number.isFinite(look.z) || fraction < before) {
    return { ...state, lastDay: look.day, rejectedDays: state.rejectedDays + 1 };
  }
  const fractions = [...state.fractions, fraction];
  const bound = lanDemetsBounds({ fractions, alpha: config.alpha, sides: 1, power: SPENDING_POWER }).at(-1);
  if (bound === undefined || !Number.isFinite(bound)) return { ...state, lastDay: look.day };
  return {
    ...state,
    fractions,
    bounds: [...state.bounds, bound],
    crossed: state.crossed || look.z >= bound,
    lastDay: look.day,
  };
}

/**
 * ln of the wealth of monitor and daily looks together, half and half (docs/statistics.md K, tiny traffic). The looks
 * are the all-or-nothing bet that pays 2/alpha once they cross at level alpha/2, so the sum is an e-process: compare it
 * with ln(1/alpha), and merge it with other metrics like any wealth (K14). The bet depends on alpha: use it with the
 * threshold it was made for, with looks of their own for another.
 * @param monitorLogWealth ln wealth of the monitor
 * @param crossed          whether the looks, run at alpha/2, crossed
 * @param alpha            error budget of the alarm, e.g. 0.05
 */
export function mergeDailyLooks(monitorLogWealth: number, crossed: boolean, alpha: number): number {
  const half = monitorLogWealth - Math.LN2;
  return crossed ? logAddExp(half, -Math.log(alpha)) : half;
}
