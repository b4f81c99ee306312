import type { Kpi } from '../../contract/kpi-registry.ts';
import { addTallies, NO_TALLY, type Tally } from '../model/tally.ts';
import { WEEK_MINUTES } from '../model/time.ts';
import type { MetricEvidence, VerdictEvidence } from '../model/verdict.ts';
import { backtestSpan } from '../statistics/backtest-week.ts';
import { excludedDays, isExcluded } from './before-after-design.ts';
import { type BeforeAfterEffect, type BeforeAfterSeries, beforeAfterEffect } from './before-after-effect.ts';
import { type EstimateRequest, type GainEstimator, ownScale } from './effect-estimate.ts';
import { gainOfDifference, VERDICT_CONFIDENCE } from './effect-scale.ts';
import { levelUnit } from './metric-levels.ts';
import { type JudgedMetric, judgedMetrics } from './metric-results.ts';
import { count, TRIALS } from './outcome-sentence.ts';

/** What people read first of a verdict without a control group. */
export const BEFORE_AFTER_WORDS = 'Compared with the weeks before (no control group)';

/**
 * Every metric of the contract against the weeks before (docs/statistics.md section L). Totals are those of the weeks that
 * the prediction is made of, and of the window.
 */
export function beforeAfterMetrics(evidence: VerdictEvidence): readonly JudgedMetric[] {
  const estimator: GainEstimator = (kpi, data, request) => effectOn(evidence, kpi, data, request).gain;
  return judgedMetrics(evidence, estimator).map((one) => {
    const { kpi } = one.metric;
    const data = evidence.metrics.find(({ kpiId }) => kpiId === kpi.id);
    if (!data) return one;
    const { levels, weeks } = effectOn(evidence, kpi, data, { scale: one.scale, confidence: VERDICT_CONFIDENCE });
    const off = weeks.slice(-backtestSpan(weeks.length)).map(({ total }) => total);
    return {
      ...one,
      strata: [],
      levels,
      totals: { off: off.reduce<Tally>(addTallies, NO_TALLY), on: data.own ?? NO_TALLY },
    };
  });
}

/** The effect on one KPI of the evidence, on its own scale unless asked for another. */
export function effectOn(
  evidence: VerdictEvidence,
  kpi: Kpi,
  data: MetricEvidence,
  request?: EstimateRequest,
): BeforeAfterEffect {
  const { contract } = evidence.change;
  const comparison = comparisonFor(evidence, kpi.id);
  return beforeAfterEffect({
    kpi,
    data: comparison === 'missing' ? { ...data, history: { ...data.history, weeks: [] } } : data,
    direction: kpi.direction,
    scale: request?.scale ?? ownScale(kpi),
    comparison: comparison === 'missing' ? null : comparison,
    excluded: excludedDays(contract),
    windowWeeks: contract.windowMinutes / WEEK_MINUTES,
    confidence: request?.confidence ?? VERDICT_CONFIDENCE,
  });
}

/** Whether the window has a day that is no guide to others, as far as it was observed. */
export function isWindowExcluded({ change, until }: Pick<VerdictEvidence, 'change' | 'until'>): boolean {
  const { effectiveAt, contract } = change;
  if (effectiveAt === null) return false;
  const end = effectiveAt + contract.windowMinutes;
  return isExcluded(excludedDays(contract), effectiveAt, Math.min(end, until ?? end));
}

/**
 * The series that takes out what moves everything (docs/statistics.md L9): for the primary KPI always, as the contract
 * fixed it; for the others only in a window with an excluded day, where nothing else can tell. Without a comparison that
 * is asked for nothing is answered.
 */
function comparisonFor(evidence: VerdictEvidence, kpiId: string): BeforeAfterSeries | 'missing' | null {
  const { contract, kpis } = evidence.change;
  const id = contract.beforeAfter?.comparison ?? null;
  if (id === null || (kpiId !== contract.primary.kpi && !isWindowExcluded(evidence))) return null;
  const kpi = kpis.find((one) => one.id === id);
  const data = evidence.metrics.find((one) => one.kpiId === id);
  return kpi && data ? { kpi, data } : 'missing';
}

/** "Booking conversion" was 24% where the weeks before let one expect about 20%: 20% more, give or take 5%. */
export function beforeAfterSentence({ metric: { kpi }, levels, gain, scale, totals }: JudgedMetric): string {
  const name = `"${kpi.title}"`;
  if (levels.treatment === null) return `${name}: there were no trials in the window.`;
  const level = (value: number) =>
    kpi.unit === 'ratio' ? `${digits(value * 100)}%` : `${digits(value)} ${levelUnit(kpi)}`;
  const was = `${name} was ${level(levels.treatment)} over ${count(totals.on.n)} ${TRIALS[kpi.measure.type]}`;
  const { status, estimate, lo, hi } = gainOfDifference(gain, kpi.direction);
  if (levels.control === null || status !== 'ok' || !Number.isFinite(hi - lo)) {
    return `${was}; the weeks before do not tell what to expect.`;
  }
  const points = scale === 'relative' ? '%' : ' percentage points';
  const size = Number(digits(Math.abs(estimate) * 100));
  const moved = size === 0 ? 'no difference' : `${size}${points} ${estimate > 0 ? 'more' : 'less'}`;
  const reach = `${digits(((hi - lo) / 2) * 100)}${points}`;
  return `${was}, where the weeks before let one expect ${level(levels.control)}: ${moved}, give or take ${reach}.`;
}

/** Three digits that matter, no trailing zeros. */
function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
