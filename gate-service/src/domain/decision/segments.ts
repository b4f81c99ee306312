import type { Kpi } from '../../contract/kpi-registry.ts';
import { isKeptByCohort, isStatus } from '../model/measure.ts';
import type { Metric } from '../model/metric.ts';
import type { TallyByVariant } from '../model/tally.ts';
import type { KpiSegments, MetricEvidence, Segment, VerdictEvidence } from '../model/verdict.ts';
import { adjustPValues } from '../statistics/adjust-p-values.ts';
import type { Estimate } from '../statistics/estimate.ts';
import { testEstimate } from '../statistics/estimate-test.ts';
import { heterogeneity } from '../statistics/heterogeneity.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { cohortsAddUp, evidenceOfCohort, OTHERS, totalsOf } from './cohort-evidence.ts';
import { concurrentGain } from './effect-estimate.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';
import { groupingOf } from './estimate-proportion.ts';
import { finiteOrNull, levelOf } from './metric-levels.ts';
import type { JudgedMetric } from './metric-results.ts';
import { type GainScale, onSymmetricScale, widened } from './segment-scale.ts';

/** Expected share of wrong ones among the segments that are said to stand out. */
const FALSE_DISCOVERIES = 0.1;

/** One cohort before it is known how many others there are. */
interface Draft {
  readonly cohort: string;
  readonly totals: TallyByVariant;
  readonly gain: Estimate;
  readonly symmetric: Estimate;
  /** For "no effect here"; NaN when there is no answer. */
  readonly p: number;
  /** What the change gained (or lost) in this cohort, in the KPI's own unit; NaN when there is no answer. */
  readonly moved: number;
}

interface Breakdown {
  readonly one: JudgedMetric;
  readonly drafts: readonly Draft[];
  readonly note: string | null;
}

/** Whether a metric is looked at by cohort: the primary KPI and the guardrails of a contract with cohorts. */
export function isBrokenDown(
  contract: VerdictEvidence['change']['contract'],
  { kpi, roles }: Pick<Metric, 'kpi' | 'roles'>,
): boolean {
  return contract.cohorts !== undefined && !isBeforeAfter(contract) && isKeptByCohort(kpi.measure) && isShown(roles);
}

/**
 * The effect on the primary KPI and the guardrails by declared cohort (docs/statistics.md section M): descriptive, with
 * q-values over all segments together. Nothing of it goes into the verdict.
 * @returns in the order of the metrics; undefined when the contract declares no cohorts
 */
export function segmentsOf(
  evidence: VerdictEvidence,
  metrics: readonly JudgedMetric[],
): readonly KpiSegments[] | undefined {
  const { cohorts } = evidence.change.contract;
  if (cohorts === undefined) return undefined;
  const breakdowns = metrics
    .filter(({ metric }) => isShown(metric.roles))
    .map((one) => breakDown(one, cohorts, evidence));
  const answers = breakdowns.flatMap(({ drafts }) => drafts.filter(({ p }) => !Number.isNaN(p)));
  const pValues = answers.map(({ p }) => p);
  const adjusted = adjustPValues(pValues, 'bh');
  const qOf = new Map(answers.map((draft, i) => [draft, adjusted[i] ?? Number.NaN]));
  return breakdowns.map(({ one, drafts, note }) => {
    const all = drafts.reduce((sum, { moved }) => sum + (Number.isNaN(moved) ? 0 : Math.abs(moved)), 0);
    return {
      kpiId: one.metric.kpi.id,
      scale: one.scale,
      cohorts: drafts.map((draft) => segmentOf(draft, qOf.get(draft) ?? Number.NaN, all)),
      heterogeneity: finiteOrNull(heterogeneity(drafts.map(({ symmetric }) => symmetric)).p),
      note,
    };
  });
}

function isShown(roles: Metric['roles']): boolean {
  return roles.includes('primary') || roles.includes('guardrail');
}

function segmentOf({ cohort, totals, gain, moved }: Draft, q: number, all: number): Segment {
  const finding = Number.isNaN(q) ? 'no_answer' : q < FALSE_DISCOVERIES ? 'stands_out' : 'no_difference_shown';
  return {
    cohort,
    status: gain.status,
    estimate: finiteOrNull(gain.estimate),
    lo: finiteOrNull(gain.lo),
    hi: finiteOrNull(gain.hi),
    control: totals.off,
    treatment: totals.on,
    q: finiteOrNull(q),
    share: finiteOrNull(moved / all),
    finding,
  };
}

function breakDown(one: JudgedMetric, cohorts: readonly string[], evidence: VerdictEvidence): Breakdown {
  const { kpi } = one.metric;
  const data = evidence.metrics.find(({ kpiId }) => kpiId === kpi.id);
  const obstacle = obstacleOf(kpi, data, evidence);
  if (obstacle !== null || data === undefined) return { one, drafts: [], note: obstacle };
  const factor = clusterFactor(one, data, evidence);
  const names = data.cohorts?.some(({ cohort }) => cohort === OTHERS) ? [...cohorts, OTHERS] : cohorts;
  return { one, drafts: names.map((cohort) => draftOf(one, cohort, data, evidence, factor)), note: null };
}

/** Why a KPI is not broken down, in words for people; null when it is. */
function obstacleOf(kpi: Kpi, data: MetricEvidence | undefined, { change }: VerdictEvidence): string | null {
  if (isBeforeAfter(change.contract)) return 'The weeks before are not kept by cohort.';
  if (!isKeptByCohort(kpi.measure)) return `A KPI of the type ${kpi.measure.type} is not kept by cohort.`;
  if (data?.source) return 'Its source is asked for totals only.';
  if (!data?.cohorts) return 'There is no data by cohort.';
  return cohortsAddUp(data, change.contract.cohorts ?? [])
    ? null
    : 'The cohorts do not add up to the totals that were judged.';
}

function draftOf(
  one: JudgedMetric,
  cohort: string,
  data: MetricEvidence,
  { phases }: VerdictEvidence,
  factor: number,
): Draft {
  const part = evidenceOfCohort(data, cohort);
  const scale = scaleOf(one);
  const gain = widened(concurrentGain(phases)(one.metric.kpi, part, scale), scale, factor);
  const totals = totalsOf(part, phases);
  const symmetric = onSymmetricScale(gain, scale);
  const p = testEstimate(symmetric, 0).pTwoSided;
  return { cohort, totals, gain, symmetric, p, moved: Number.isNaN(p) ? Number.NaN : movedIn(one, gain, totals) };
}

function scaleOf({ metric: { kpi }, scale }: JudgedMetric): GainScale {
  return { scale, direction: kpi.direction, confidence: VERDICT_CONFIDENCE };
}

/**
 * How much wider a status KPI's interval is by its units than by its trials, which hang together; units are not kept by
 * cohort, so each cohort's interval is widened by as much.
 * @returns 1 or more; NaN when it cannot be told
 */
function clusterFactor(one: JudgedMetric, data: MetricEvidence, { phases }: VerdictEvidence): number {
  const { kpi } = one.metric;
  if (!isStatus(kpi.measure) || groupingOf(data) !== 'several') return 1;
  const scale = scaleOf(one);
  const { units: _units, ...trials } = data;
  const seOf = (gain: Estimate) => onSymmetricScale(gain, scale).se ?? Number.NaN;
  return Math.max(1, seOf(one.gain) / seOf(concurrentGain(phases)(kpi, trials, scale)));
}

/** The gain in the cohort's own amount: per trial (or denominator) that was treated, times their number. */
function movedIn({ metric: { kpi }, scale }: JudgedMetric, gain: Estimate, { off, on }: TallyByVariant): number {
  const treated = kpi.measure.type === 'ratio' ? (on.sums?.d ?? Number.NaN) : on.n;
  const level = scale === 'absolute' ? 1 : (levelOf(kpi, off) ?? Number.NaN);
  return gain.estimate * level * treated;
}
