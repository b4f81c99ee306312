import { longestWithin } from '../model/change.ts';
import { isPerUnit } from '../model/measure.ts';
import { type Metric, metricsOf } from '../model/metric.ts';
import { minuteOf } from '../model/time.ts';
import type { QualityCheck, VerdictEvidence } from '../model/verdict.ts';
import { isCount } from '../statistics/estimate.ts';
import { SAMPLE_RATIO_ALPHA, sampleRatioMismatch } from '../statistics/sample-ratio-mismatch.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { splitsTraffic } from './effect-scale.ts';
import { checkMetric, type ObservedWindow, QUANTITY_CHECKS } from './metric-quality.ts';

/** Units served both variants within one phase make the arms alike (docs/statistics.md section Q). */
const MULTI_EXPOSURE_LIMIT = 0.01;
/** The same event_id with other content. */
const CONFLICT_LIMIT = 0.001;
/** Events refused for one cause: their clock, their hash, a row that cannot be read. */
const QUARANTINE_LIMIT = 0.005;
const REFUSALS = ['bad_hash', 'missing_hash', 'unreadable'] as const;

/**
 * The data quality gate (docs/statistics.md section Q): each check says what it found. A check that could not be made
 * is `unknown`, which is shown and stands in the way of a pass; nothing is ever assumed to be fine. Before the window
 * is complete, as at an alarm, what may still come is unknown and not missing; see windowCheck.
 * @returns checks in a fixed order: those of the change first, then those of each KPI
 */
export function checkDataQuality(evidence: VerdictEvidence): readonly QualityCheck[] {
  const observed = observedWindow(evidence);
  const complete = windowCheck(evidence).status === 'ok';
  const ids = contractKpis(evidence);
  const metrics = metricsOf(evidence.change);
  return [
    ...(isBeforeAfter(evidence.change.contract) ? [] : exposureChecks(evidence)),
    ...ids.flatMap((id) => {
      const metric = metrics.find(({ kpi }) => kpi.id === id) ?? null;
      return checkMetric(id, metric, evidence, observed).map((check) => (complete ? check : soFar(check, metric)));
    }),
    ...(hasNoEvents(evidence) ? [] : [conflictCheck(evidence), clockCheck(evidence), refusalCheck(evidence)]),
  ];
}

/** Trials that a source counts once a unit cannot tell units that saw both variants; a warning says so. */
function exposureChecks(evidence: VerdictEvidence): readonly QualityCheck[] {
  const split = sampleRatioCheck(evidence);
  return evidence.exposedBy === undefined ? [split, multiExposureCheck(evidence)] : [split];
}

/** Where every KPI was asked of a source and no event came, there is nothing to check events for. */
function hasNoEvents({ metrics, events }: VerdictEvidence): boolean {
  return metrics.length > 0 && metrics.every(({ source }) => source !== undefined) && received(events) === 0;
}

/**
 * Checks of how much there is say nothing yet while more may come. Nor, at an alarm, does the number of trials by arm of a
 * KPI that has many a unit: harm itself makes people try again, or leave.
 */
function soFar(check: QualityCheck, metric: Metric | null): QualityCheck {
  const names = metric && !isPerUnit(metric.kpi.measure) ? [...QUANTITY_CHECKS, 'arms'] : QUANTITY_CHECKS;
  const open = check.status === 'failed' && names.some((name) => check.check.startsWith(`${name}:`));
  return open ? { ...check, status: 'unknown', detail: `So far: ${check.detail}` } : check;
}

/** The KPIs that the contract decides by or watches, the primary first, whether or not their definition is known. */
function contractKpis({ change: { contract } }: VerdictEvidence): readonly string[] {
  const leading = contract.leading ? [contract.leading.kpi] : [];
  return [...new Set([contract.primary.kpi, ...contract.guardrails.map(({ kpi }) => kpi), ...leading])];
}

/** What the evidence speaks about: the window as far as it had passed when it was judged; null when it never started. */
function observedWindow({ change, judgedAt }: VerdictEvidence): ObservedWindow | null {
  const from = change.effectiveAt;
  if (from === null || !Number.isFinite(judgedAt)) return null;
  return { from, to: Math.min(from + change.contract.windowMinutes, minuteOf(judgedAt)) };
}

/** A verdict on the outcome needs the whole window: judging earlier, whenever it looks good, is what the rule forbids. */
export function windowCheck({
  change,
  judgedAt,
  until,
}: Pick<VerdictEvidence, 'change' | 'judgedAt' | 'until'>): QualityCheck {
  if (change.effectiveAt === null) return failed('window', 'The window never started: no unit got the change.');
  const complete = change.effectiveAt + change.contract.windowMinutes + longestWithin(change);
  if (!(minuteOf(judgedAt) >= complete)) return failed('window', 'The window or its last outcomes were not complete.');
  if (until !== undefined && !(until >= change.effectiveAt + change.contract.windowMinutes))
    return failed('window', 'The change was stopped before the window was complete.');
  return ok('window', 'The window and its last outcomes were complete.');
}

/** The watch's own alarm on the split holds at any time (G3): a week that looks even in the end does not undo it. */
function sampleRatioCheck({ phases, exposures, metrics, splitAlarmAt = null }: VerdictEvidence): QualityCheck {
  if (splitAlarmAt !== null) return failed('srm', 'The watch found that units were not split as intended.');
  const split = phases.filter(splitsTraffic);
  const counted = split.map(({ index, share }) => {
    const units = exposures.filter(({ phaseIndex }) => phaseIndex === index);
    const sum = (arm: 'off' | 'on') => units.reduce((total, unit) => total + unit[arm], 0);
    return { index, counts: [sum('off'), sum('on')], weights: [1 - share, share] };
  });
  const silent = counted.find(
    ({ index, counts }) => counts.every((n) => n === 0) && metrics.some((metric) => hasTrials(metric, index)),
  );
  const test = sampleRatioMismatch(counted);
  if (test.status !== 'ok' || silent) {
    return unknown('srm', 'Whether units were split as intended cannot be told: exposures are missing or broken.');
  }
  const detail = `${test.n} units over ${test.df} ${test.df === 1 ? 'phase' : 'phases'} against the intended shares: p = ${test.p.toPrecision(2)}.`;
  return test.p < SAMPLE_RATIO_ALPHA ? failed('srm', `Units were not split as intended. ${detail}`) : ok('srm', detail);
}

function hasTrials(metric: VerdictEvidence['metrics'][number], phaseIndex: number): boolean {
  return metric.strata.some((stratum) => stratum.phaseIndex === phaseIndex && stratum.off.n + stratum.on.n > 0);
}

function multiExposureCheck({ multiExposedUnits, exposedUnits }: VerdictEvidence): QualityCheck {
  return limitCheck(
    'multi_exposure',
    'units saw both variants within one phase',
    multiExposedUnits,
    exposedUnits,
    MULTI_EXPOSURE_LIMIT,
  );
}

function conflictCheck({ events }: VerdictEvidence): QualityCheck {
  const what = 'events came again under the same id with other content';
  return limitCheck('conflicts', what, events.conflicts, events.accepted + events.conflicts, CONFLICT_LIMIT);
}

function clockCheck({ events }: VerdictEvidence): QualityCheck {
  const skewed = events.quarantined.skew ?? 0;
  return limitCheck('clock_skew', 'events had a clock that was off', skewed, received(events), QUARANTINE_LIMIT);
}

function refusalCheck({ events }: VerdictEvidence): QualityCheck {
  const refused = REFUSALS.reduce((total, reason) => total + (events.quarantined[reason] ?? 0), 0);
  return limitCheck(
    'quarantined',
    'events were refused for their hash, or could not be read',
    refused,
    received(events),
    QUARANTINE_LIMIT,
  );
}

function received({ accepted, quarantined }: VerdictEvidence['events']): number {
  return Object.values(quarantined).reduce((total, n) => total + n, accepted);
}

/** Whether a share of a whole is within its limit; nothing at all to take a share of is unknown. */
function limitCheck(check: string, what: string, part: number, whole: number, limit: number): QualityCheck {
  if (!isCount(part) || !isCount(whole) || whole === 0) return unknown(check, `How many ${what} cannot be told.`);
  const detail = `${part} of ${whole} ${what} (at most ${limit * 100}% is allowed).`;
  return part / whole > limit ? failed(check, detail) : ok(check, detail);
}

function ok(check: string, detail: string): QualityCheck {
  return { check, status: 'ok', detail };
}

function failed(check: string, detail: string): QualityCheck {
  return { check, status: 'failed', detail };
}

function unknown(check: string, detail: string): QualityCheck {
  return { check, status: 'unknown', detail };
}
