/** How much worse the treatment may be before it counts as harm. `ratio`: a fraction of the control's rate of the
 *  KPI as the contract states it; `difference`: absolute. */
export type MarginKind = 'none' | 'ratio' | 'difference';

/** Which way the monitored KPI hurts: bad events going up, or good events going down. */
export type HarmDirection = 'increase' | 'decrease';

/** The edge of "no harm" in rates of bad events: bad_B <= intercept + slope * bad_A. Everything on or below it is the
 *  null, a convex set. */
export interface NullLine {
  readonly intercept: number;
  readonly slope: number;
}

/**
 * The null of the harm monitor as one line in rates of bad events (docs/statistics.md K, K14). Falling good events are
 * monitored as rising bad ones, bad = 1 - good:
 * - none: bad_B <= bad_A
 * - difference m: bad_B <= bad_A + m, the same line in good events (good_B >= good_A - m)
 * - ratio m, harm = increase: bad_B <= (1 + m) bad_A, K4's r = 1 + m
 * - ratio m, harm = decrease: good_B >= (1 - m) good_A, which in bad events is bad_B <= m + (1 - m) bad_A: K4 with
 *   r = 1 - m on the good events, seen from the other side
 * @param margin as a fraction: 0.05 is "5%" for ratio and "5 percentage points" for difference; >= 0
 */
export function nullLine(kind: MarginKind, margin: number, harm: HarmDirection): NullLine {
  switch (kind) {
    case 'none':
      return { intercept: 0, slope: 1 };
    case 'difference':
      return { intercept: margin, slope: 1 };
    case 'ratio':
      return harm === 'increase' ? { intercept: 0, slope: 1 + margin } : { intercept: margin, slope: 1 - margin };
    default:
      return kind satisfies never;
  }
}
