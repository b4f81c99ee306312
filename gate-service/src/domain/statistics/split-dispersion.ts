import { type EstimateStatus, isProbabilityLevel } from './estimate.ts';
import type { RateStratum } from './mantel-haenszel-rates.ts';
import { isRateArm } from './rate-arm.ts';

/** Fewer spans with events say too little about the variance (docs/statistics.md E3). */
const FEWEST_SPANS = 20;

/**
 * How much more the split of events between two arms varies than that of independent ones (docs/statistics.md E3): phi =
 * max(1, Pearson chi-square / df) of each span's events in the treatment, given all its events and the exposures. It
 * sees events of one unit that come together within a span, and no shared rise or fall.
 * @param spans short spans of equal length of both arms, such as hours; those without an event, or without exposure in
 *              an arm, say nothing and are left out
 * @param ratio ratio of the rates, treatment over control, that the split is held against; > 0
 * @returns     `ok` with phi >= 1; `insufficient` with NaN for fewer than 20 spans; `invalid` for broken counts
 */
export function splitDispersion(
  spans: readonly RateStratum[],
  ratio: number,
): { readonly status: EstimateStatus; readonly phi: number } {
  const valid = spans.every(({ control, treatment }) => isRateArm(control) && isRateArm(treatment));
  if (!valid || !(ratio > 0 && Number.isFinite(ratio))) return { status: 'invalid', phi: Number.NaN };
  const terms = spans.flatMap(({ control, treatment }) => {
    const n = control.count + treatment.count;
    const odds = (ratio * treatment.exposure) / control.exposure;
    const share = odds / (1 + odds);
    return n > 0 && isProbabilityLevel(share) ? [(treatment.count - n * share) ** 2 / (n * share * (1 - share))] : [];
  });
  if (terms.length < FEWEST_SPANS) return { status: 'insufficient', phi: Number.NaN };
  const chiSquare = terms.reduce((sum, term) => sum + term, 0);
  return { status: 'ok', phi: Math.max(1, chiSquare / (terms.length - 1)) };
}
