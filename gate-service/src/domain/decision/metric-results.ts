import type { Effect } from '../../contract/effect.ts';
import { harmDirection, type Metric, metricsOf } from '../model/metric.ts';
import { addTallies, NO_TALLY, type TallyByVariant } from '../model/tally.ts';
import type { MetricResult, VerdictEvidence } from '../model/verdict.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { judgeRule, type RuleVerdict } from '../statistics/verdict-rule.ts';
import { concurrentGain, type EstimateRequest, type GainEstimator, noEstimate, ownScale } from './effect-estimate.ts';
import { comparableStrata, gainOf, type TallyStratum, VERDICT_CONFIDENCE } from './effect-scale.ts';
import { finiteOrNull, levelOf, levelUnit } from './metric-levels.ts';

/** Error budget of all guardrail harm claims together, one-sided (docs/statistics.md sections A and M). */
const GUARDRAIL_ALPHA = 0.05;

/** One metric of the verdict, with what judging needs beyond what people are shown. */
export interface JudgedMetric {
  readonly metric: Metric;
  readonly scale: Effect['kind'];
  readonly strata: readonly TallyStratum[];
  /** On the effect's scale, with the 90% interval. */
  readonly gain: Estimate;
  /** The same on another scale or at another confidence. */
  readonly gainAt: (request: EstimateRequest) => Estimate;
  readonly totals: TallyByVariant;
  /** In the KPI's unit. */
  readonly levels: MetricResult['levels'];
  /** The minimum effect or minus the margin, as a gain; null for a metric that is only watched. */
  readonly threshold: number | null;
}

/**
 * Every metric of the contract with its estimate; one without evidence has an estimate that answers nothing.
 * @param estimator how the KPIs are compared; the concurrent control unless given
 */
export function judgedMetrics(
  evidence: VerdictEvidence,
  estimator: GainEstimator = concurrentGain(evidence.phases),
): readonly JudgedMetric[] {
  return metricsOf(evidence.change).map((metric) => {
    const data = evidence.metrics.find(({ kpiId }) => kpiId === metric.kpi.id);
    const strata = data ? comparableStrata(data, evidence.phases) : [];
    const off = strata.map(({ control }) => control).reduce(addTallies, NO_TALLY);
    const on = strata.map(({ treatment }) => treatment).reduce(addTallies, NO_TALLY);
    const effect = effectOf(metric, evidence);
    const scale = effect?.kind ?? ownScale(metric.kpi);
    const gainAt = (request: EstimateRequest) => (data ? estimator(metric.kpi, data, request) : noEstimate());
    return {
      metric,
      scale,
      strata,
      gain: gainAt({ scale, confidence: VERDICT_CONFIDENCE }),
      gainAt,
      totals: { off, on },
      levels: { control: levelOf(metric.kpi, off), treatment: levelOf(metric.kpi, on) },
      threshold: effect === null ? null : effect.value,
    };
  });
}

/**
 * The primary KPI against its rule (docs/statistics.md section O).
 * @returns `inconclusive: insufficient_data` when the estimate is no answer or the contract has no effect to hold it
 *          against
 */
export function judgePrimary({ gain }: JudgedMetric, { change }: Pick<VerdictEvidence, 'change'>): RuleVerdict {
  const { rule, primary } = change.contract;
  if (gain.status !== 'ok') return { verdict: 'inconclusive', reason: 'insufficient_data' };
  const kpi = change.kpis.find(({ id }) => id === primary.kpi);
  const atLeast = primary.atLeast && kpi ? gainOf(primary.atLeast, kpi.direction) : null;
  const needsMinimum = rule === 'meets_minimum' || rule === 'proves_minimum';
  const minEffect = atLeast ?? (needsMinimum ? Number.NaN : 0);
  const margin = primary.noWorseThan ? Math.abs(primary.noWorseThan.value) : rule === 'no_worse_than' ? Number.NaN : 0;
  return judgeRule({ rule, minEffect, margin, estimate: gain.estimate, lo: gain.lo, hi: gain.hi });
}

/**
 * KPI ids of the guardrails with harm beyond their margin, by Holm's step-down over all guardrails (docs/statistics.md
 * section M): with k not rejected yet, each is held against its interval at one-sided .05 / k, and rejections make room
 * for the next round. The same as Holm on p-values, without needing any.
 */
export function harmedGuardrails(metrics: readonly JudgedMetric[]): readonly string[] {
  let open = metrics.filter(({ metric }) => metric.margin !== null && metric.roles.includes('guardrail'));
  const harmed: string[] = [];
  while (open.length > 0) {
    const confidence = 1 - (2 * GUARDRAIL_ALPHA) / open.length;
    const rejected = open.filter((one) => isHarmed(one, confidence));
    if (rejected.length === 0) break;
    harmed.push(...rejected.map(({ metric }) => metric.kpi.id));
    open = open.filter((one) => !rejected.includes(one));
  }
  return metrics.map(({ metric }) => metric.kpi.id).filter((id) => harmed.includes(id));
}

/**
 * KPI ids of the guardrails that must be shown non-inferior and are not, and of those that could not be judged at all
 * (docs/statistics.md O6; no correction, section M).
 */
export function unprovenGuardrails(metrics: readonly JudgedMetric[]): readonly string[] {
  return metrics
    .filter((one) => (one.metric.mustBeNonInferior ? !isNonInferior(one) : !isJudged(one)))
    .map(({ metric }) => metric.kpi.id);
}

/** A guardrail without an estimate was not found safe, unless what it counts never came with the change. */
function isJudged({ metric, gainAt, totals: { on } }: JudgedMetric): boolean {
  const { margin, kpi } = metric;
  if (margin === null) return true;
  const hasNothingBad = harmDirection(kpi) === 'increase' && kpi.measure.type !== 'quantile' && on.n > 0 && on.y === 0;
  return hasNothingBad || gainAt({ scale: margin.kind, confidence: VERDICT_CONFIDENCE }).status === 'ok';
}

/** What people are shown of a metric; a number that is not finite is null, never a stand-in. */
export function metricResult(one: JudgedMetric, primary: RuleVerdict, harmed: readonly string[]): MetricResult {
  const { metric, scale, gain, totals, levels, threshold } = one;
  return {
    kpiId: metric.kpi.id,
    title: metric.kpi.title,
    roles: metric.roles,
    type: metric.kpi.measure.type,
    unit: levelUnit(metric.kpi),
    levels,
    scale,
    status: gain.status,
    estimate: finiteOrNull(gain.estimate),
    lo: finiteOrNull(gain.lo),
    hi: finiteOrNull(gain.hi),
    method: gain.method,
    control: totals.off,
    treatment: totals.on,
    threshold: threshold === null ? null : finiteOrNull(threshold),
    finding: findingOf(one, primary, harmed),
  };
}

function findingOf(one: JudgedMetric, primary: RuleVerdict, harmed: readonly string[]): MetricResult['finding'] {
  const { metric } = one;
  if (harmed.includes(metric.kpi.id)) return 'harm_beyond_margin';
  if (metric.roles.includes('primary')) {
    switch (primary.verdict) {
      case 'pass':
        return 'reached';
      case 'fail':
        return 'not_reached';
      case 'inconclusive':
        return 'unproven';
      default:
        return primary.verdict satisfies never;
    }
  }
  if (metric.roles.includes('guardrail')) return isNonInferior(one) ? 'non_inferior' : 'unproven';
  return 'watched';
}

/** The effect that a metric is held against, as a gain: the primary's minimum or margin, a guardrail's margin. */
function effectOf({ kpi, roles, margin }: Metric, { change }: VerdictEvidence): Effect | null {
  const { primary, rule } = change.contract;
  if (!roles.includes('primary')) return margin && { kind: margin.kind, value: 0 - Math.abs(margin.value) };
  if (rule === 'no_worse_than') {
    return primary.noWorseThan && { kind: primary.noWorseThan.kind, value: 0 - Math.abs(primary.noWorseThan.value) };
  }
  return primary.atLeast && { kind: primary.atLeast.kind, value: gainOf(primary.atLeast, kpi.direction) };
}

function isHarmed({ metric: { margin }, gainAt }: JudgedMetric, confidence: number): boolean {
  if (margin === null) return false;
  const gain = gainAt({ scale: margin.kind, confidence });
  return gain.status === 'ok' && Number.isFinite(gain.hi) && gain.hi < -Math.abs(margin.value);
}

function isNonInferior({ metric: { margin }, gainAt }: JudgedMetric): boolean {
  if (margin === null) return false;
  const gain = gainAt({ scale: margin.kind, confidence: VERDICT_CONFIDENCE });
  return gain.status === 'ok' && Number.isFinite(gain.lo) && gain.lo > -Math.abs(margin.value);
}
