import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Effect } from '../../contract/effect.ts';
import { GateError } from '../../contract/gate-error.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { Forecast } from '../model/forecast.ts';
import { metricsOf } from '../model/metric.ts';
import { type EpochMs, minuteOf, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { minimumDetectableEffect } from '../statistics/power.ts';
import type { VerdictProbabilities } from '../statistics/verdict-probabilities.ts';
import { gainOf } from './effect-scale.ts';
import { adviseForecast } from './forecast-advice.ts';
import { type Design, oddsMethod, powerAtMinimum, verdictOdds, weeksNeeded } from './forecast-odds.ts';
import { VERDICT_ALPHA, WANTED_POWER } from './forecast-odds-normal.ts';
import { forecastDetection, type HistoryMinutes, replayFastRule } from './forecast-watch.ts';
import { expectedTrials, historyTotal } from './history.ts';

/** A prediction without a stated uncertainty is taken for good to half its size (docs/statistics.md N4). */
const DEFAULT_UNCERTAINTY = 0.5;

export interface ForecastInput {
  readonly contract: ChangeContract;
  readonly kpis: readonly Kpi[];
  readonly histories: readonly KpiHistory[];
  /** Minutes of history of the KPIs that fast rules name; without them no replay is told. */
  readonly historyMinutes?: readonly HistoryMinutes[];
  readonly now: EpochMs;
}

/**
 * What the window can show, before the deploy (docs/statistics.md section N): expected units from the KPI's whole
 * traffic, the smallest effect that can be shown, the odds of each verdict under the author's prediction, how soon the
 * watch would notice harm, and a conclusion with what to adjust. `findings` are the caller's to fill in.
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
  const history = histories.find(({ kpiId }) => kpiId === kpi.id) ?? null;
  const design = designOf(contract, kpi, history, span);
  const prediction = design.known ? predictionOf(contract, kpi, design.known) : null;
  const odds = design.known && prediction ? verdictOdds(design.known, prediction.gain, prediction.spread) : null;
  const primary = primaryOf(
    contract,
    kpi,
    history,
    design,
    prediction?.gain ?? statedGain(contract, kpi, design.scale),
  );
  const usable = odds !== null && odds.status === 'ok' ? odds : null;
  return {
    ...adviseForecast({ contract, kpi, primary, odds: usable }),
    primary,
    odds: usable && shownOdds(usable),
    oddsCorrected: null,
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

interface PlannedDesign {
  readonly scale: Effect['kind'];
  readonly minEffect: number;
  readonly baseline: number | null;
  readonly units: number | null;
  /** Null when history or the rollout leave nothing to compute with. */
  readonly known: Design | null;
}

function designOf(
  contract: ChangeContract,
  kpi: Kpi,
  history: KpiHistory | null,
  span: { readonly from: number; readonly to: number },
): PlannedDesign {
  const { primary, rule, rollout } = contract;
  const margin = rule === 'no_worse_than' ? primary.noWorseThan : null;
  const scale = (margin ?? primary.atLeast)?.kind ?? 'relative';
  const minEffect = primary.atLeast && rule !== 'no_worse_than' ? gainOf(primary.atLeast, kpi.direction) : 0;
  const total = history && historyTotal(history);
  const baseline = total ? total.y / total.n : null;
  const units = history && expectedTrials(history, span.from, span.to);
  const both = rollout.start > 0 && rollout.start < 1;
  if (baseline === null || units === null || !(units > 0) || !both || !(baseline > 0 && baseline < 1)) {
    return { scale, minEffect, baseline, units, known: null };
  }
  const arms = { nA: units * (1 - rollout.start), nB: units * rollout.start };
  const marginSize = margin ? Math.abs(margin.value) : 0;
  const known = { direction: kpi.direction, scale, rule, baseline, ...arms, minEffect, margin: marginSize };
  return { scale, minEffect, baseline, units, known };
}

function primaryOf(
  contract: ChangeContract,
  kpi: Kpi,
  history: KpiHistory | null,
  { scale, minEffect, baseline, units, known }: PlannedDesign,
  predictedEffect: number | null,
): Forecast['primary'] {
  return {
    kpiId: kpi.id,
    title: kpi.title,
    type: kpi.measure.type,
    unit: kpi.unit,
    scale,
    baseline,
    historyWeeks: history?.weeks.length ?? 0,
    units,
    minimumEffect: minEffect,
    predictedEffect,
    minimumDetectableEffect: known && detectable(known),
    powerAtMinimum: known && powerAtMinimum(known),
    weeksNeeded: known && weeksNeeded(known, contract.windowMinutes / WEEK_MINUTES),
    method: known ? oddsMethod(known) : 'normal',
    record: null,
  };
}

/** The smallest gain that the window shows with 80% power, on the contract's scale (docs/statistics.md N2). */
function detectable({ baseline, nA, nB, direction, scale }: Design): number | null {
  const { status, mde } = minimumDetectableEffect({
    pA: baseline,
    nA,
    nB,
    alpha: VERDICT_ALPHA,
    power: WANTED_POWER,
    direction: direction === 'increase_is_good' ? 'up_is_good' : 'down_is_good',
  });
  if (status !== 'ok') return null;
  return scale === 'relative' ? mde / baseline : mde;
}

function predictionOf(
  { prediction }: ChangeContract,
  kpi: Kpi,
  design: Design,
): { gain: number; spread: number } | null {
  if (!prediction) return null;
  const gain = onScale(prediction.delta, design, gainOf(prediction.delta, kpi.direction));
  const stated =
    prediction.uncertainty && Math.abs(onScale(prediction.uncertainty, design, prediction.uncertainty.value));
  return { gain, spread: stated ?? Math.abs(gain) * DEFAULT_UNCERTAINTY };
}

/** The prediction as stated, where no history allows to convert it: only on the contract's own scale. */
function statedGain({ prediction }: ChangeContract, kpi: Kpi, scale: Effect['kind']): number | null {
  return prediction?.delta.kind === scale ? gainOf(prediction.delta, kpi.direction) : null;
}

function onScale({ kind }: Effect, { scale, baseline }: Design, value: number): number {
  if (kind === scale) return value;
  return scale === 'relative' ? value / baseline : value * baseline;
}

function shownOdds({ pass, fail, inconclusive }: VerdictProbabilities): NonNullable<Forecast['odds']> {
  return { pass, fail, inconclusive };
}
