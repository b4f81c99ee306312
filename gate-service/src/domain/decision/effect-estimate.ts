import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Phase } from '../model/change.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { type Estimate, insufficientEstimate, invalidEstimate } from '../statistics/estimate.ts';
import { gainOfRatio } from './effect-scale.ts';
import { meanRatio, ratioRatio } from './estimate-amounts.ts';
import { gaugeRatio } from './estimate-gauge.ts';
import { proportionGain } from './estimate-proportion.ts';
import { quantileChange } from './estimate-quantile.ts';
import { ratePerExposureRatio } from './estimate-rate.ts';

/** What an estimate is made for: the scale of the effect that it is held against, and its two-sided confidence. */
export interface EstimateRequest {
  readonly scale: Effect['kind'];
  /** In (0, 1). */
  readonly confidence: number;
}

/** A KPI's gain by one design of comparison, at any confidence; above 0 is good. */
export type GainEstimator = (kpi: Kpi, data: MetricEvidence, request: EstimateRequest) => Estimate;

/**
 * The gain of the treatment over the concurrent control by the method of the KPI's type (docs/statistics.md sections B to
 * F, H and I), within phases that served both variants.
 * @returns an estimator; only a proportion has an absolute effect, any other type asked for one is `invalid`
 */
export function concurrentGain(phases: readonly Phase[]): GainEstimator {
  return (kpi, data, request) => {
    const { measure, direction } = kpi;
    if (measure.type === 'proportion') return proportionGain(kpi, data, phases, request);
    if (request.scale !== 'relative') return invalidEstimate('relative_effects_only');
    return gainOfRatio(relativeRatio(measure, data, phases, request.confidence), direction);
  };
}

/** The scale on which a KPI without an effect of its own is shown. */
export function ownScale({ measure }: Pick<Kpi, 'measure'>): Effect['kind'] {
  return measure.type === 'proportion' ? 'absolute' : 'relative';
}

/** The non-answer for a metric of which there is no evidence at all. */
export function noEstimate(): Estimate {
  return insufficientEstimate('none', 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
}

function relativeRatio(
  measure: Exclude<Kpi['measure'], { readonly type: 'proportion' }>,
  data: MetricEvidence,
  phases: readonly Phase[],
  confidence: number,
): Estimate {
  switch (measure.type) {
    case 'mean':
      return meanRatio(data, phases, confidence, measure.amount.cap / measure.amount.step);
    case 'ratio':
      return ratioRatio(data, phases, confidence);
    case 'rate':
      return ratePerExposureRatio(data, phases, confidence);
    case 'quantile':
      return quantileChange(data, phases, measure.quantile, confidence);
    case 'gauge':
      return gaugeRatio(data, phases, confidence);
    default:
      return measure satisfies never;
  }
}
