/** When harm may begin. `mixture`: any time in the week (default). `immediate`: with the first block, as in the fresh
 *  monitor of a throttled phase. A list gives the scheduled mass of each minute from the window's start, for replays. */
export type Onset = 'mixture' | 'immediate' | { readonly massPerMinute: readonly number[] };

/**
 * What the default schedule keeps for later, spread evenly over each span; the other 70% go with the first block
 * (docs/statistics.md K6).
 */
const LATER = [
  { fromMinute: 0, toMinute: 24 * 60, mass: 0.15 },
  { fromMinute: 24 * 60, toMinute: 72 * 60, mass: 0.075 },
  { fromMinute: 72 * 60, toMinute: 168 * 60, mass: 0.075 },
] as const;

/** What rounding may add to a schedule's total. */
const MASS_SLACK = 1e-9;

/** Share of the remaining reserve that an increase of exposure moves at once (docs/statistics.md K6). */
export const RAMP_STEP_SHARE = 0.1;

/**
 * Share of the whole reserve that is scheduled to have moved to the candidates by a block that closes in this minute
 * (docs/statistics.md K6). A function of time only, so bets never depend on outcomes.
 * @param minute minutes since the start of the window, >= 0
 * @returns      in (0, 1], never falling; 1 from 168 h on
 */
export function scheduledMass(onset: Onset, minute: number): number {
  if (onset === 'immediate') return 1;
  if (onset === 'mixture') {
    // From 1 down, so that rounding leaves nothing in reserve at the end.
    return LATER.reduce((total, { fromMinute, toMinute, mass }) => {
      const share = (minute - fromMinute) / (toMinute - fromMinute);
      return total - mass * (1 - Math.min(1, Math.max(0, share)));
    }, 1);
  }
  const total = onset.massPerMinute.slice(0, minute + 1).reduce((sum, mass) => sum + mass, 0);
  return Math.min(1, total);
}

/** Whether a schedule can be used: a known name, or masses that are not negative and sum to at most 1. */
export function isOnset(onset: Onset): boolean {
  if (typeof onset === 'string') return onset === 'mixture' || onset === 'immediate';
  const total = onset.massPerMinute.reduce((sum, mass) => sum + mass, 0);
  return onset.massPerMinute.every((mass) => mass >= 0) && total <= 1 + MASS_SLACK;
}
