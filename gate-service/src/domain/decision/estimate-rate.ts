import type { Phase } from '../model/change.ts';
import type { Tally } from '../model/tally.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { type Estimate, insufficientEstimate, invalidEstimate } from '../statistics/estimate.ts';
import { type RateStratum, stratifiedRateRatio } from '../statistics/mantel-haenszel-rates.ts';
import type { RateArm } from '../statistics/rate-arm.ts';
import { splitDispersion } from '../statistics/split-dispersion.ts';
import { comparableRows, comparableStrata } from './effect-scale.ts';

/**
 * Ratio of a KPI's rates, treatment over control (docs/statistics.md E2, E3), over phases. How much events of one unit
 * clump is read from how each hour's events split between the arms, or from the KPI's own past where under 20 hours have
 * events.
 * @returns ratio B/A; `insufficient` when neither tells the dispersion, since the interval would be a guess; `invalid` for
 *          broken counts
 */
export function ratePerExposureRatio(
  data: Pick<MetricEvidence, 'strata' | 'hours' | 'history'>,
  phases: readonly Phase[],
  confidence: number,
): Estimate {
  const method = 'rate_ratio_dispersion';
  const strata = comparableStrata(data, phases).map(
    ({ control, treatment }): RateStratum => ({ control: rateArmOf(control), treatment: rateArmOf(treatment) }),
  );
  const spans = comparableRows(data.hours ?? [], phases)
    .filter(({ off, on }) => off.n > 0 && on.n > 0)
    .map(({ off, on }): RateStratum => ({ control: rateArmOf(off), treatment: rateArmOf(on) }));
  // What the rates themselves are is no clumping: the split is held against the ratio found, or none where an arm has none.
  const { estimate } = stratifiedRateRatio(strata, confidence, 1);
  const split = splitDispersion(spans, estimate > 0 && Number.isFinite(estimate) ? estimate : 1);
  if (split.status === 'invalid') return invalidEstimate(method);
  const phi = split.status === 'ok' ? split.phi : (data.history.dispersion ?? Number.NaN);
  if (Number.isFinite(phi)) return stratifiedRateRatio(strata, confidence, phi);
  const events = strata.reduce((total, { control, treatment }) => total + control.count + treatment.count, 0);
  return insufficientEstimate(method, events, 0, Number.POSITIVE_INFINITY);
}

function rateArmOf({ n, y }: Tally): RateArm {
  return { count: y, exposure: n };
}
