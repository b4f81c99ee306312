import type { Intervention } from '../model/intervention.ts';
import { minuteOf, WEEK_MINUTES } from '../model/time.ts';
import type { Advice, QualityCheck, Verdict, VerdictEvidence, VerdictWord } from '../model/verdict.ts';
import { twoSidedZ } from '../statistics/distributions.ts';
import { extraWeeksNeeded, type RuleVerdict } from '../statistics/verdict-rule.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { beforeAfterMetrics } from './before-after-verdict.ts';
import { checkDataQuality, windowCheck } from './data-quality.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';
import {
  harmedGuardrails,
  type JudgedMetric,
  judgedMetrics,
  judgePrimary,
  metricResult,
  unprovenGuardrails,
} from './metric-results.ts';
import { RULE_VERSION } from './rule-version.ts';
import { segmentsOf } from './segments.ts';
import { adviceOn } from './small-sample.ts';
import { verdictSummary } from './verdict-summary.ts';
import { verdictWarnings } from './verdict-warnings.ts';

/** Reasons of a verdict that has too little evidence, and nothing against that evidence. */
const UNDECIDED = ['not_enough_evidence', 'positive_below_minimum', 'insufficient_data'];

/** The word and why: the deciding reason first. */
export interface Ruling {
  readonly verdict: VerdictWord;
  readonly reasons: readonly [string, ...string[]];
}

/** What became of the gate's own decision to turn the change off. */
export type OffDecision = 'none' | 'executed' | 'not_executed' | 'overruled';

interface Case {
  readonly evidence: VerdictEvidence;
  readonly quality: readonly QualityCheck[];
  readonly off: OffDecision;
  readonly metrics: readonly JudgedMetric[];
  readonly primary: RuleVerdict;
  readonly harmed: readonly string[];
}

/**
 * The verdict on a change from its evidence alone (docs/statistics.md section O): looked at once, first match wins. In
 * this order: the promise or the treatment moved, or the record is broken; an off that the watch decided; data quality;
 * guardrails with established harm; the primary's rule; and what keeps a pass from being one. Missing, thin or broken
 * data is `inconclusive`, never `pass`.
 * @returns plain JSON, the same for the same evidence
 */
export function judgeChange(evidence: VerdictEvidence): Verdict {
  const isCompared = !isBeforeAfter(evidence.change.contract);
  const metrics = isCompared ? judgedMetrics(evidence) : beforeAfterMetrics(evidence);
  const main = metrics.find(({ metric }) => metric.roles.includes('primary'));
  const primary: RuleVerdict = main
    ? judgePrimary(main, evidence)
    : { verdict: 'inconclusive', reason: 'insufficient_data' };
  const off = offDecision(evidence);
  const one: Case = {
    evidence,
    quality: [windowCheck(evidence), ...checkDataQuality(evidence)],
    off,
    metrics,
    primary,
    harmed: harmedGuardrails(metrics),
  };
  const segments = segmentsOf(evidence, metrics);
  const ruling = promiseMoved(one) ?? stopped(one) ?? badData(one) ?? guardrailHarm(one) ?? primaryRuling(one);
  return {
    verdict: ruling.verdict,
    design: isCompared ? 'concurrent' : 'before_after',
    reasons: ruling.reasons,
    summary: verdictSummary(evidence, ruling, blamed(evidence, metrics, off) ?? main ?? null, off),
    metrics: metrics.map((metric) => metricResult(metric, primary, one.harmed)),
    ...(segments && { segments }),
    quality: one.quality,
    warnings: verdictWarnings(evidence, metrics, one.quality, off),
    advice: main ? adviceFor(ruling, main, evidence) : null,
    moreWeeks: ruling.verdict === 'inconclusive' ? moreWeeks(ruling, main, evidence) : null,
  };
}

/**
 * What became of the last decision to turn off: a person who decides otherwise, before or after the act, wins; what was
 * neither done nor found done already is not executed, whatever the cause.
 */
export function offDecision({ interventions, personOverruledAt }: VerdictEvidence): OffDecision {
  const last = lastOff(interventions);
  if (last === null) return 'none';
  if (last.outcome === 'superseded' || (personOverruledAt !== null && personOverruledAt >= last.decidedAt))
    return 'overruled';
  switch (last.outcome) {
    case 'accepted':
    case 'already_safe':
    case 'already_safe:archived':
      return 'executed';
    case 'pending':
    case 'blocked:change_request':
    case 'blocked:forbidden':
    case 'blocked:not_found':
    case 'blocked:unauthorised':
    case 'failed:deadline':
      return 'not_executed';
    default:
      return last.outcome satisfies never;
  }
}

function lastOff(interventions: readonly Intervention[]): Intervention | null {
  const offs = interventions.filter(({ kind }) => kind === 'turn_off');
  return offs.toSorted((left, right) => left.decidedAt - right.decidedAt).at(-1) ?? null;
}

function promiseMoved({ evidence, off }: Case): Ruling | null {
  const { change, headHashes } = evidence;
  const moved = (now: string | null, then: string | null) => now !== null && then !== null && now !== then;
  const rule = moved(headHashes.contract, change.contractHash) || moved(headHashes.kpis, change.kpisHash);
  if (rule || evidence.ruleVersion !== RULE_VERSION) return inconclusive('rule_changed');
  const treatment = moved(evidence.treatmentHashNow, change.treatmentHash);
  if (treatment || (evidence.treatmentChangedAt ?? null) !== null) return inconclusive('treatment_changed');
  if (evidence.ledgerVerified !== true) return inconclusive('ledger_broken');
  if (evidence.supersededBy !== null) return inconclusive('superseded');
  return stoppedByPerson(evidence, off) ? inconclusive('stopped_by_person') : null;
}

/** A person who turns off what the gate had already decided to turn off carries the gate's decision out. */
function stoppedByPerson({ change, personTurnedOffAt, interventions }: VerdictEvidence, off: OffDecision): boolean {
  if (personTurnedOffAt === null) return false;
  const decided = lastOff(interventions);
  if (decided !== null && off !== 'overruled' && decided.decidedAt <= personTurnedOffAt) return false;
  return (
    change.effectiveAt === null || minuteOf(personTurnedOffAt) < change.effectiveAt + change.contract.windowMinutes
  );
}

function stopped({ evidence, off }: Case): Ruling | null {
  switch (off) {
    case 'executed':
      return evidence.dataQualityRaisedBeforeAlarm.length > 0
        ? inconclusive('data_quality+rolled_back')
        : { verdict: 'fail', reasons: ['safety_rollback'] };
    case 'not_executed':
      return { verdict: 'fail', reasons: ['adverse_signal_not_executed'] };
    case 'none':
    case 'overruled':
      return null;
    default:
      return off satisfies never;
  }
}

function badData({ quality }: Case): Ruling | null {
  const [first, ...rest] = quality
    .filter(({ status }) => status === 'failed')
    .map(({ check }) => `data_quality:${check}`);
  return first === undefined ? null : inconclusive(first, ...rest);
}

function guardrailHarm({ harmed }: Case): Ruling | null {
  const [first, ...rest] = harmed.map((kpiId) => `guardrail:${kpiId}`);
  return first === undefined ? null : { verdict: 'fail', reasons: [first, ...rest] };
}

function primaryRuling({ evidence, primary, metrics, quality }: Case): Ruling {
  if (primary.verdict !== 'pass') return { verdict: primary.verdict, reasons: [primary.reason] };
  const [first, ...rest] = [
    ...unprovenGuardrails(metrics).map((kpiId) => `guardrail_unproven:${kpiId}`),
    ...(isThrottled(evidence) ? ['throttled'] : []),
    ...quality.filter(({ status }) => status !== 'ok').map(({ check }) => `data_quality:${check}`),
  ];
  return first === undefined ? { verdict: 'pass', reasons: [primary.reason] } : inconclusive(first, ...rest);
}

/** Whether the gate still held the change down at the end: its last phase says so, or a throttle nobody took back. */
function isThrottled({ change, phases, interventions, personOverruledAt }: VerdictEvidence): boolean {
  const end = (change.effectiveAt ?? Number.NaN) + change.contract.windowMinutes;
  const inWindow = phases.filter(({ startMinute }) => !(startMinute >= end));
  const last = inWindow.toSorted((left, right) => left.startMinute - right.startMinute).at(-1);
  if (last === undefined || last.cause === 'throttle' || last.cause === 'turn_off') return true;
  return interventions.some(
    ({ kind, outcome, decidedAt }) =>
      kind === 'throttle' &&
      outcome !== 'superseded' &&
      !(personOverruledAt !== null && personOverruledAt >= decidedAt && minuteOf(personOverruledAt) < end),
  );
}

/** After an alarm that was acted on, the metric that it blamed is the one to tell about. */
function blamed(
  { alarms = [] }: VerdictEvidence,
  metrics: readonly JudgedMetric[],
  off: OffDecision,
): JudgedMetric | undefined {
  if (off !== 'executed' && off !== 'not_executed') return undefined;
  const kpiId = alarms.findLast(({ calls }) => calls === 'turn_off')?.kpiId;
  return metrics.find(({ metric }) => metric.kpi.id === kpiId);
}

/** Only where the data was sound and said too little; anything else that is inconclusive no bet can mend. */
function adviceFor({ verdict, reasons }: Ruling, main: JudgedMetric, evidence: VerdictEvidence): Advice | null {
  if (verdict !== 'inconclusive' || !UNDECIDED.includes(reasons[0]) || isBeforeAfter(evidence.change.contract))
    return null;
  const history = evidence.metrics.find(({ kpiId }) => kpiId === main.metric.kpi.id)?.history ?? null;
  return adviceOn(main.metric, main.totals, history, evidence.change.contract.windowMinutes);
}

/** Further weeks of the same traffic until the interval would be as narrow as the effect. */
function moreWeeks({ reasons }: Ruling, main: JudgedMetric | undefined, { change }: VerdictEvidence): number | null {
  const couldDecide = ['not_enough_evidence', 'positive_below_minimum'].includes(reasons[0]);
  // More weeks after the change do not make the weeks before it any steadier.
  if (!main || !couldDecide || isBeforeAfter(change.contract)) return null;
  const { gain, threshold } = main;
  const windows = extraWeeksNeeded(twoSidedZ(VERDICT_CONFIDENCE), gain.se, gain.estimate, Math.abs(threshold ?? 0));
  return windows === null ? null : Math.ceil((windows * change.contract.windowMinutes) / WEEK_MINUTES);
}

function inconclusive(first: string, ...rest: readonly string[]): Ruling {
  return { verdict: 'inconclusive', reasons: [first, ...rest] };
}
