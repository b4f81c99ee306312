import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Effect } from '../../contract/effect.ts';
import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Forecast, Odds } from '../model/forecast.ts';
import { metricsOf } from '../model/metric.ts';
import type { ScoredPrediction } from '../model/prediction.ts';
import { type EpochMs, minuteOf } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import type { VerdictProbabilities } from '../statistics/verdict-probabilities.ts';
import { replaySentence } from './before-after-forecast.ts';
import { gainOf } from './effect-scale.ts';
import { adviseForecast } from './forecast-advice.ts';
import { type ForecastDesign, forecastDesign } from './forecast-design.ts';
import { forecastDetection, type HistoryMinutes, replayFastRule } from './forecast-watch.ts';
import { levelUnit } from './metric-levels.ts';
import { shownRecord, trackRecord } from './prediction-record.ts';

/** A prediction without a stated uncertainty is taken for good to half its size (docs/statistics.md N4). */
const DEFAULT_UNCERTAINTY = 0.5;

export interface ForecastInput {
  readonly contract: ChangeContract;
  readonly kpis: readonly Kpi[];
  readonly histories: readonly KpiHistory[];
  /** Minutes of history of the KPIs that fast rules name; without them no replay is told. */
  readonly historyMinutes?: readonly HistoryMinutes[];
  /** How earlier predictions of the primary KPI came true; without them no record is told. */
  readonly predictions?: readonly ScoredPrediction[];
  readonly now: EpochMs;
}

/** The author's prediction as a gain on the contract's scale, give or take `spread`. */
interface Prediction {
  readonly gain: number;
  readonly spread: number;
}

/**
 * What the window can show, before the deploy (docs/statistics.md section N): expected units from the KPI's whole
 * traffic, the smallest effect that can be shown, the odds of each verdict under the author's prediction and as the KPI's
 * record corrects it, how soon the watch would notice harm, and a conclusion with what to adjust. `findings` are the
 * caller's to fill in.
 * @throws GateError invalid_input, when the primary KPI has no definition
 */
export function forecastChange(input: ForecastInput): Forecast {
  const { contract, kpis, histories } = input;
  const kpi = kpis.find(({ id }) => id === contract.primary.kpi);
  if (!kpi) {
    throw new GateError(
      'invalid_input',
      `The primary KPI "${contract.primary.kpi}" has no definition.`,
      'Add it to the KPI registry of the default branch, or name a KPI that is there.',
    );
  }
  const from = minuteOf(input.now);
  const span = { from, to: from + contract.windowMinutes };
  const design = forecastDesign(contract, kpis, kpi, histories, span);
  const prediction = predictionOf(contract, kpi, design);
  const track = trackRecord(input.predictions ?? []);
  const record = shownRecord(track, prediction?.gain ?? null);
  const odds = oddsOf(design, prediction);
  const corrected = record?.correctedEffect ?? null;
  const history = histories.find(({ kpiId }) => kpiId === kpi.id) ?? null;
  const primary: Forecast['primary'] = {
    kpiId: kpi.id,
    title: kpi.title,
    type: kpi.measure.type,
    unit: levelUnit(kpi),
    scale: design.scale,
    baseline: design.baseline,
    historyWeeks: history?.weeks.length ?? 0,
    units: design.units,
    minimumEffect: design.minEffect,
    predictedEffect: prediction?.gain ?? null,
    minimumDetectableEffect: design.outlook?.detectable ?? null,
    powerAtMinimum: design.outlook?.powerAtMinimum ?? null,
    weeksNeeded: design.outlook?.weeksNeeded ?? null,
    method: design.outlook?.method ?? 'normal',
    record,
  };
  const advice = adviseForecast({ contract, kpi, primary, odds, obstacle: design.obstacle });
  const replay = prediction && replaySentence({ contract, kpi, history, scale: design.scale, gain: prediction.gain });
  return {
    ...advice,
    summary: replay === null ? advice.summary : `${advice.summary} ${replay}`,
    primary,
    odds: shownOdds(odds),
    oddsCorrected: shownOdds(
      corrected === null || !prediction ? null : oddsOf(design, { ...prediction, gain: corrected }),
    ),
    detection: metricsOf({ contract, kpis }).map((metric) =>
      forecastDetection(
        metric,
        histories.find(({ kpiId }) => kpiId === metric.kpi.id) ?? null,
        contract.rollout.start,
        span,
      ),
    ),
    fastRules: contract.fast.map((rule) => ({
      kpiId: rule.kpi,
      firingsPerWeek: replayFastRule(rule, input.historyMinutes?.find(({ kpiId }) => kpiId === rule.kpi) ?? null),
    })),
    findings: [],
  };
}

/** Null without an outlook or a prediction, or when they cannot be computed. */
function oddsOf({ outlook }: ForecastDesign, prediction: Prediction | null): VerdictProbabilities | null {
  const odds = outlook && prediction ? outlook.odds(prediction.gain, prediction.spread) : null;
  return odds?.status === 'ok' ? odds : null;
}

/** Null without a prediction, or when it is on another scale than the contract and nothing is known to convert it by. */
function predictionOf({ prediction }: ChangeContract, kpi: Kpi, design: ForecastDesign): Prediction | null {
  const gain = prediction && onScale(prediction.delta, kpi, design, gainOf(prediction.delta, kpi.direction));
  if (!prediction || gain === null) return null;
  const { uncertainty } = prediction;
  const stated = uncertainty && onScale(uncertainty, kpi, design, uncertainty.value);
  return { gain, spread: stated === null ? Math.abs(gain) * DEFAULT_UNCERTAINTY : Math.abs(stated) };
}

/** Points and percent of a proportion are the same thing at a known level. */
function onScale({ kind }: Effect, { measure }: Kpi, design: ForecastDesign, value: number): number | null {
  const { scale, baseline, outlook } = design;
  if (kind === scale) return value;
  if (measure.type !== 'proportion' || baseline === null || outlook === null) return null;
  return scale === 'relative' ? value / baseline : value * baseline;
}

function shownOdds(odds: VerdictProbabilities | null): Odds | null {
  return odds && { pass: odds.pass, fail: odds.fail, inconclusive: odds.inconclusive };
}
