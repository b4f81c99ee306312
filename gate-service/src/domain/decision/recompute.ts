import { GateError } from '../../contract/gate-error.ts';
import type { Verdict, VerdictEvidence } from '../model/verdict.ts';
import { judgeChange } from './judge-change.ts';
import { RULE_VERSION } from './rule-version.ts';

const OBJECTS = ['change', 'events', 'headHashes', 'ledgerHead'] as const;
const LISTS = [
  'phases',
  'metrics',
  'exposures',
  'heartbeatHours',
  'interventions',
  'dataQualityRaisedBeforeAlarm',
] as const;
const NUMBERS = ['judgedAt', 'multiExposedUnits', 'exposedUnits', 'pausedMinutes'] as const;
const NULLABLE = ['treatmentHashNow', 'personTurnedOffAt', 'personOverruledAt', 'supersededBy'] as const;
const METRIC_LISTS = ['strata', 'activeHours'] as const;
/** Kept for some types only; anything but a list would be read as one. */
const METRIC_OPTIONAL_LISTS = ['units', 'cohorts', 'days', 'hours'] as const;
const METRIC_OBJECTS = ['history', 'late', 'consumed', 'nonAnswerMinutes'] as const;

/**
 * Makes a verdict again from its stored evidence, offline (invariant R6: equal to the one stored, byte for byte).
 * @param stored the evidence as parsed JSON
 * @throws       GateError invalid_input, when it is no evidence, or another version of the rules made the verdict
 */
export function recompute(stored: unknown): Verdict {
  const evidence = parseEvidence(stored);
  if (evidence.ruleVersion !== RULE_VERSION) {
    throw new GateError(
      'invalid_input',
      `The verdict was made by rule version ${evidence.ruleVersion}; this program has ${RULE_VERSION}.`,
      'Recompute it with the release of Changegate that made it.',
      { context: { rule_version: evidence.ruleVersion } },
    );
  }
  return judgeChange(evidence);
}

/**
 * Takes stored evidence for what it is, after checking that every part that a verdict reads is there.
 * @throws GateError invalid_input, naming the first part that is missing or of the wrong kind
 */
export function parseEvidence(stored: unknown): VerdictEvidence {
  const problem = isRecord(stored) ? problemOf(stored) : 'evidence';
  if (problem === null) return stored as unknown as VerdictEvidence;
  throw new GateError(
    'invalid_input',
    `This is not the evidence of a verdict: "${problem}" is missing or of the wrong kind.`,
    'Give the evidence of one verdict as the evidence pack holds it.',
    { context: { path: problem } },
  );
}

function problemOf(evidence: Record<string, unknown>): string | null {
  if (typeof evidence.ruleVersion !== 'string') return 'ruleVersion';
  if (evidence.cause !== 'window_complete' && evidence.cause !== 'stopped_early') return 'cause';
  if (typeof evidence.ledgerVerified !== 'boolean') return 'ledgerVerified';
  return (
    OBJECTS.find((key) => !isRecord(evidence[key])) ??
    LISTS.find((key) => !Array.isArray(evidence[key])) ??
    NUMBERS.find((key) => typeof evidence[key] !== 'number') ??
    NULLABLE.find((key) => evidence[key] === undefined) ??
    problemOfChange(evidence.change as Record<string, unknown>) ??
    problemOfMetrics(evidence.metrics as readonly unknown[])
  );
}

function problemOfChange(change: Record<string, unknown>): string | null {
  const contract = change.contract;
  if (!isRecord(contract) || !isRecord(contract.primary)) return 'change.contract';
  if (!Array.isArray(contract.guardrails) || typeof contract.windowMinutes !== 'number') return 'change.contract';
  if (contract.cohorts !== undefined && !Array.isArray(contract.cohorts)) return 'change.contract';
  return Array.isArray(change.kpis) ? null : 'change.kpis';
}

function problemOfMetrics(metrics: readonly unknown[]): string | null {
  const at = metrics.findIndex(
    (metric) =>
      !isRecord(metric) ||
      METRIC_LISTS.some((key) => !Array.isArray(metric[key])) ||
      METRIC_OPTIONAL_LISTS.some((key) => metric[key] !== undefined && !Array.isArray(metric[key])) ||
      METRIC_OBJECTS.some((key) => !isRecord(metric[key])),
  );
  return at < 0 ? null : `metrics[${at}]`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
