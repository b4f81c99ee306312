import { isStatus } from '../model/measure.ts';
import { NON_ANSWERS } from '../model/signal.ts';
import type { TallyByVariant } from '../model/tally.ts';
import { formatInstant } from '../model/time.ts';
import type { MetricEvidence, QualityCheck, VerdictEvidence } from '../model/verdict.ts';
import { newcombeDifference } from '../statistics/newcombe-difference.ts';
import { hasRepeatedTrials } from './amount-quality.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';
import { groupingOf } from './estimate-proportion.ts';
import type { OffDecision } from './judge-change.ts';
import type { JudgedMetric } from './metric-results.ts';

/**
 * Gap of early and late effects, in standard errors, and each one's own size with opposite signs (docs/statistics.md
 * I3).
 */
const NOVELTY_Z = 2.58;
const OPPOSITE_Z = 1.96;
/** A quiet night is no news: silence is told from a hundredth of the window on. The data-quality table has every minute. */
const WORTH_TELLING = 0.01;

/** What people should know beside the verdict; none of it changes the verdict. */
export function verdictWarnings(
  evidence: VerdictEvidence,
  metrics: readonly JudgedMetric[],
  quality: readonly QualityCheck[],
  off: OffDecision,
): readonly string[] {
  return [
    ...unknownWarnings(evidence),
    ...quality
      .filter(({ status }) => status === 'unknown')
      .map(({ check, detail }) => `The check ${check} could not be made. ${detail}`),
    ...phaseWarning(evidence),
    ...watchWarnings(evidence, off),
    ...sourceWarnings(evidence),
    ...metrics.flatMap((one) => {
      const { kpi } = one.metric;
      const data = evidence.metrics.find(({ kpiId }) => kpiId === kpi.id);
      return [
        ...repetitionWarning(one, data),
        ...(data ? silenceWarning(kpi.title, data, evidence.change.contract.windowMinutes) : []),
        ...(data && kpi.measure.type === 'proportion' ? noveltyWarning(kpi.title, data.novelty) : []),
      ];
    }),
  ];
}

/** Where several trials of one unit were taken as independent. A leading indicator alone has no interval in the rule. */
function repetitionWarning({ metric, gain }: JudgedMetric, data: MetricEvidence | undefined): readonly string[] {
  const { kpi, roles } = metric;
  // Weeks are compared with weeks, whatever their trials have in common.
  if (gain.method === 'backtest_week' || gain.method === 'difference_in_differences') return [];
  if (!hasRepeatedTrials(kpi) || roles.every((role) => role === 'leading')) return [];
  const isByUnit = isStatus(kpi.measure) && data !== undefined && groupingOf(data) !== 'unknown';
  if (isByUnit && (gain.method.startsWith('delta_ratio') || groupingOf(data) === 'single')) return [];
  const what = kpi.measure.type === 'rate' ? 'events' : 'trials';
  return [`"${kpi.title}" counts ${what}, not users: repeated users may narrow its interval.`];
}

function phaseWarning({ metrics }: VerdictEvidence): readonly string[] {
  if (!metrics.some(({ strata }) => strata.length > 1)) return [];
  return [
    'The allocation changed during the window: the counts are plain totals, the effects compare within spans of equal allocation.',
  ];
}

function unknownWarnings({ change, headHashes, treatmentHashNow }: VerdictEvidence): readonly string[] {
  const unknown: string[] = [];
  if (headHashes.contract === null || headHashes.kpis === null) {
    unknown.push(
      'Whether the contract and the KPI definitions are still those of the stamp is unknown: their hashes were not sent.',
    );
  }
  if (change.treatmentHash === null || treatmentHashNow === null) {
    unknown.push('Whether the flag was changed beyond its percentage is unknown.');
  }
  return unknown;
}

function watchWarnings(
  { pausedMinutes, alarms = [], change, phases }: VerdictEvidence,
  off: OffDecision,
): readonly string[] {
  const warnings: string[] = [];
  if (pausedMinutes > 0)
    warnings.push(`Interventions were paused for ${Math.round(pausedMinutes)} minutes of the window.`);
  const first = alarms[0];
  if (first !== undefined && off === 'none') {
    const observed =
      change.contract.stop.adverse === 'observe' ? ' Nothing was touched: the contract only observes.' : '';
    warnings.push(`The watch found harm at ${formatInstant(first.at)} (${first.kpiId}).${observed}`);
  }
  if (phases.some(({ cause }) => cause === 'person')) {
    warnings.push('A person changed the rollout during the window; each span is compared within itself.');
  }
  return warnings;
}

function sourceWarnings({ change, metrics, exposedBy }: VerdictEvidence): readonly string[] {
  const titleOf = (id: string) => change.kpis.find((kpi) => kpi.id === id)?.title ?? id;
  const stoodIn =
    exposedBy === undefined
      ? []
      : [
          `No event told who was exposed: the units that "${titleOf(exposedBy)}" counts stand in for them. Whether units saw both variants is unknown.`,
        ];
  return [
    ...stoodIn,
    ...metrics.flatMap(({ kpiId, source }) =>
      source?.disagreement == null ? [] : [`"${titleOf(kpiId)}": ${source.disagreement}`],
    ),
  ];
}

function silenceWarning(title: string, { nonAnswerMinutes }: MetricEvidence, window: number): readonly string[] {
  const minutes = NON_ANSWERS.reduce((total, signal) => total + (nonAnswerMinutes[signal] ?? 0), 0);
  return minutes >= window * WORTH_TELLING
    ? [`The watch saw nothing of "${title}" for ${Math.round(minutes)} minutes.`]
    : [];
}

/** Whether the effect of the first two days differs from that of the last three (docs/statistics.md I3). */
function noveltyWarning(title: string, novelty: MetricEvidence['novelty']): readonly string[] {
  if (!novelty) return [];
  const early = effect(novelty.firstDays);
  const late = effect(novelty.lastDays);
  if (early === null || late === null) return [];
  const gap = (early.estimate - late.estimate) / Math.hypot(early.se, late.se);
  const [zEarly, zLate] = [early.estimate / early.se, late.estimate / late.se];
  const opposite = zEarly * zLate < 0 && Math.abs(zEarly) > OPPOSITE_Z && Math.abs(zLate) > OPPOSITE_Z;
  if (!(Math.abs(gap) > NOVELTY_Z) && !opposite) return [];
  return [
    `The effect on "${title}" was not the same in the first two and the last three days: it may wear off, or be learned.`,
  ];
}

function effect({ off, on }: TallyByVariant): { estimate: number; se: number } | null {
  const { status, estimate, se } = newcombeDifference(off, on, VERDICT_CONFIDENCE);
  return status === 'ok' && se !== null && se > 0 ? { estimate, se } : null;
}
