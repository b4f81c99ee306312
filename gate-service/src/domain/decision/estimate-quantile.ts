import type { Phase } from '../model/change.ts';
import type { Tally } from '../model/tally.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { EMPTY_LOG_HISTOGRAM, isLogHistogram, logHistogramCount, toCumulative } from '../statistics/log-histogram.ts';
import { poolLogRatios } from '../statistics/pooled-log-ratio.ts';
import { type QuantileArm, quantileRatio } from '../statistics/quantile-change.ts';
import { histogramSource, type QuantileSource } from '../statistics/quantile-source.ts';
import { comparableStrata } from './effect-scale.ts';

const BROKEN: QuantileSource = { n: Number.NaN, at: () => Number.NaN };

/**
 * Ratio of a KPI's quantile, treatment over control (docs/statistics.md F3, F4), phase by phase and pooled on the log
 * scale: histograms of different allocation are never merged. How much the trials of one unit hang together is not
 * known; a warning says so.
 * @param q in (0, 1)
 * @returns ratio B/A; a phase with under 10 trials beyond the quantile in an arm is left out, and with none left it is
 *          `insufficient`; a histogram with more latencies than trials is `invalid`
 */
export function quantileChange(
  data: Pick<MetricEvidence, 'strata'>,
  phases: readonly Phase[],
  q: number,
  confidence: number,
): Estimate {
  const ratios = comparableStrata(data, phases).map(({ control, treatment }) =>
    quantileRatio(armOf(control), armOf(treatment), q, confidence),
  );
  return poolLogRatios(ratios, confidence, 'woodruff_log_ratio_strata');
}

/** The latencies of a tally; broken when its histogram holds more than its trials. */
export function latenciesOf({ n, histogram = EMPTY_LOG_HISTOGRAM }: Tally): QuantileSource {
  const isWhole = isLogHistogram(histogram) && logHistogramCount(histogram) <= n;
  return isWhole ? histogramSource(toCumulative(histogram)) : BROKEN;
}

function armOf(tally: Tally): QuantileArm {
  return { source: latenciesOf(tally), deff: 1 };
}
