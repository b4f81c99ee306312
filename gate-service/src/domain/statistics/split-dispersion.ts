import { type EstimateStatus, isProbabilityLevel } from './estimate.ts';
import type { RateStratum } from './mantel-haenszel-rates.ts';
import { isRateArm } from './rate-arm.ts';

/** Fewer effective spans with events say too little about the variance (docs/statistics.md E3). */
const FEWEST_SPANS = 20;

/**
 * How much more the split of events between two arms varies than that of independent ones (docs/statistics.md E3): phi =
 * max(1, sum (yB - n s)^2 / sum n s (1 - s) x k / (k - 1)) over k spans with n events, s of them expected in the treatment
 * by its exposure. Squares are summed before they are divided: a span with one event always splits as if events were
 * independent, and a mean over spans would let the quiet ones hide the clumps. It sees events of one unit that come
 * together within a span, and no shared rise or fall.
 * @param spans short spans of equal length of both arms, such as hours; those without an event, or without exposure in
 *              an arm, say nothing and are left out
 * @param ratio ratio of the rates, treatment over control, that the split is held against; > 0
 * @returns     `ok` with phi >= 1; `insufficient` with NaN for fewer than 20 effective spans, (sum v)^2 / sum v^2 with v =
 *              n s (1 - s); `invalid` for broken counts
 */
export function splitDispersion(
  spans: readonly RateStratum[],
  ratio: number,
): { readonly status: EstimateStatus; readonly phi: number } {
  const valid = spans.every(({ control, treatment }) => isRateArm(control) && isRateArm(treatment));
  if (!valid || !(ratio > 0 && Number.isFinite(ratio))) return { status: 'invalid', phi: Number.NaN };
  let [squares, expected, expectedSquares, used] = [0, 0, 0, 0];
  for (const { control, treatment } of spans) {
    const n = control.count + treatment.count;
    const odds = (ratio * treatment.exposure) / control.exposure;
    const share = odds / (1 + odds);
    if (!(n > 0 && isProbabilityLevel(share))) continue;
    const variance = n * share * (1 - share);
    squares += (treatment.count - n * share) ** 2;
    expected += variance;
    expectedSquares += variance ** 2;
    used += 1;
  }
  if (!(expected ** 2 >= FEWEST_SPANS * expectedSquares && used >= FEWEST_SPANS))
    return { status: 'insufficient', phi: Number.NaN };
  return { status: 'ok', phi: Math.max(1, ((squares / expected) * used) / (used - 1)) };
}
