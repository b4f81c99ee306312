import type { Metric } from '../model/metric.ts';
import { NON_ANSWERS } from '../model/signal.ts';
import type { TallyByVariant } from '../model/tally.ts';
import type { EpochMinute } from '../model/time.ts';
import type { MetricEvidence, QualityCheck, SourceEvidence, VerdictEvidence } from '../model/verdict.ts';
import { isCount } from '../statistics/estimate.ts';
import { twoProportionZ } from '../statistics/two-proportion-z.ts';
import { amountChecks, isPossible, isPossibleUnits } from './amount-quality.ts';
import { armBalance } from './arm-balance.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { beforeAfterChecks } from './before-after-quality.ts';
import { coverageOf } from './coverage.ts';
import { comparableStrata } from './effect-scale.ts';
import { levelChecks } from './level-jump.ts';

/** Late shares that differ between the arms bias what the looks consumed (docs/statistics.md K1). */
const LATE_ALPHA = 0.001;
/** A floor of 90% is met by 0.9 however it was rounded. */
const ROUNDING = 1e-9;

/** The checks of checkMetric that ask how much data there is, not whether it is sound. */
export const QUANTITY_CHECKS = ['no_data', 'phases', 'coverage', 'answers', 'volume', 'everybody'] as const;

export interface ObservedWindow {
  readonly from: EpochMinute;
  readonly to: EpochMinute;
}

/**
 * The data quality checks of one KPI of the contract (docs/statistics.md section Q): is there data at all, are its
 * counts possible, did it split as the flag did, do the phases hold it, does it cover the window, did its source answer,
 * did both arms arrive alike.
 * @param metric null when the contract names a KPI without a definition
 * @returns      checks named `<check>:<kpi>`; without usable data only the check that failed
 */
export function checkMetric(
  kpiId: string,
  metric: Metric | null,
  evidence: VerdictEvidence,
  observed: ObservedWindow | null,
): readonly QualityCheck[] {
  const check = checksFor(kpiId);
  const own = evidence.metrics.filter((candidate) => candidate.kpiId === kpiId);
  const data = own[0];
  if (!metric) return [check('no_data', 'failed', 'The KPI that the contract names has no definition.')];
  if (!data || own.length > 1)
    return [check('no_data', 'failed', 'There is not exactly one record of evidence for this KPI.')];
  if (!hasPossibleCounts(data, metric)) {
    return [
      check(
        'counts',
        'failed',
        'There are counts or sums that cannot be: not whole, negative, missing, or more outcomes than trials.',
      ),
    ];
  }
  if (metric.margin !== null && !Number.isFinite(metric.margin.value)) {
    return [check('margin', 'failed', 'The margin of this guardrail is not a number.')];
  }
  if (isBeforeAfter(evidence.change.contract)) {
    return [
      ...beforeAfterChecks(check, data, metric, evidence),
      coverageCheck(check, data, evidence, observed),
      answerCheck(check, data, evidence),
    ];
  }
  return [
    dataCheck(check, data, metric, evidence),
    armsCheck(check, data, metric, evidence),
    ...amountChecks(check, data, metric, evidence.phases),
    ...levelChecks(check, data, metric),
    phaseCheck(check, data, evidence),
    coverageCheck(check, data, evidence, observed),
    answerCheck(check, data, evidence),
    lateCheck(check, data),
  ];
}

type InPhase = TallyByVariant & { readonly phaseIndex: number };
type Check = (name: string, status: QualityCheck['status'], detail: string) => QualityCheck;

function checksFor(kpiId: string): Check {
  return (name, status, detail) => ({ check: `${name}:${kpiId}`, status, detail });
}

/** A guardrail needs both arms, or no harm could ever be seen; the primary's empty arm is the rule's own non-answer. */
function dataCheck(check: Check, data: MetricEvidence, { roles }: Metric, { phases }: VerdictEvidence): QualityCheck {
  const strata = comparableStrata(data, phases);
  const off = strata.reduce((total, { control }) => total + control.n, 0);
  const on = strata.reduce((total, { treatment }) => total + treatment.n, 0);
  const missing = roles.includes('guardrail') ? off === 0 || on === 0 : off + on === 0;
  const detail = `${on} trials with the change, ${off} without, in phases that served both.`;
  return check('no_data', missing ? 'failed' : 'ok', detail);
}

function armsCheck(check: Check, data: MetricEvidence, { kpi }: Metric, evidence: VerdictEvidence): QualityCheck {
  const { status, detail } = armBalance(data, kpi, evidence);
  return check('arms', status, detail);
}

/** Trials between phases compare nothing; where they are many, or the sums contradict each other, the rest is no sample. */
function phaseCheck(check: Check, data: MetricEvidence, { phases, change }: VerdictEvidence): QualityCheck {
  const known = new Set(phases.map(({ index }) => index));
  const inPhases = data.strata
    .filter(({ phaseIndex }) => known.has(phaseIndex))
    .reduce((total, { off, on }) => total + off.n + on.n, 0);
  const all = data.activeHours.reduce((total, { n }) => total + n, 0);
  const detail = `${inPhases} of ${all} trials of the window lie in a phase with a known allocation.`;
  if (inPhases > all) return check('phases', 'failed', `The sums contradict each other: ${detail}`);
  return check('phases', inPhases >= all * (change.contract.coverageFloor - ROUNDING) ? 'ok' : 'failed', detail);
}

function coverageCheck(
  check: Check,
  data: MetricEvidence,
  { change, heartbeatHours }: VerdictEvidence,
  observed: ObservedWindow | null,
): QualityCheck {
  if (observed === null) return check('coverage', 'unknown', 'There is no window to cover.');
  const { history, activeHours } = data;
  const { share, missing, buckets, basis } = coverageOf({ history, activeHours, heartbeatHours, ...observed });
  if (share === null) return check('coverage', 'unknown', 'How much of the window has data cannot be told.');
  const spans = basis === 'history' ? 'spans in which history expects trials' : 'days (there is no history)';
  const detail = `${missing} of ${buckets} ${spans} are empty: ${percent(share)} of the window is covered.`;
  return check('coverage', share >= change.contract.coverageFloor - ROUNDING ? 'ok' : 'failed', detail);
}

function answerCheck(check: Check, data: MetricEvidence, { change }: VerdictEvidence): QualityCheck {
  const minutes = NON_ANSWERS.reduce((total, signal) => total + (data.nonAnswerMinutes[signal] ?? 0), 0);
  if (!(minutes >= 0)) return check('answers', 'unknown', 'How long the source did not answer cannot be told.');
  const answered = 1 - minutes / change.contract.windowMinutes;
  const detail = data.source
    ? sourceSentence(data.source)
    : `The source did not answer for ${Math.round(minutes)} minutes of the window.`;
  return check('answers', answered >= change.contract.coverageFloor - ROUNDING ? 'ok' : 'failed', detail);
}

function sourceSentence({ name, answeredShare, failure }: SourceEvidence): string {
  const seen = `The source ${name} could see ${percent(answeredShare)} of the window.`;
  return failure === null ? seen : `${seen} Last non-answer: ${failure}`;
}

function lateCheck(check: Check, { late, consumed }: MetricEvidence): QualityCheck {
  const arm = (variant: 'off' | 'on') => ({ y: late[variant], n: consumed[variant].n + late[variant] });
  const detail = `${late.on} trials with the change and ${late.off} without came after a look had consumed their minute.`;
  if (!isCount(late.off) || !isCount(late.on))
    return check('late', 'unknown', 'How many trials came late cannot be told.');
  if (late.off + late.on === 0) return check('late', 'ok', detail);
  const { status, pTwoSided } = twoProportionZ(arm('off'), arm('on'));
  if (status !== 'ok') return check('late', 'unknown', `${detail} Whether that differs by variant cannot be told.`);
  return check('late', pTwoSided < LATE_ALPHA ? 'failed' : 'ok', detail);
}

function hasPossibleCounts(data: MetricEvidence, { kpi: { measure } }: Metric): boolean {
  const { strata, consumed, activeHours, units = [], days = [], hours = [] } = data;
  const isWhole = ({ off, on }: TallyByVariant) => isPossible(measure, off) && isPossible(measure, on);
  return (
    strata.every((stratum) => isWhole(stratum) && stratum.minutes >= 0) &&
    [...days, ...hours].every(isWhole) &&
    [...days, ...hours].every(({ phaseIndex }) => Number.isInteger(phaseIndex)) &&
    days.every(({ day }) => Number.isInteger(day)) &&
    [days, hours].every((rows) => rows.length === 0 || addsUp(rows, strata)) &&
    units.every(({ off, on }) => isPossibleUnits(off) && isPossibleUnits(on)) &&
    // What looks consumed is compared by its trials alone.
    [consumed.off, consumed.on].every(({ n, y }) => isCount(n) && isCount(y)) &&
    activeHours.every(({ hour, n }) => Number.isFinite(hour) && isCount(n))
  );
}

/** Whether hours or days hold exactly what the phases do, each phase and arm by itself. */
function addsUp(parts: readonly InPhase[], whole: readonly InPhase[]): boolean {
  const phases = new Set([...parts, ...whole].map(({ phaseIndex }) => phaseIndex));
  const sum = (rows: readonly InPhase[], index: number, part: (row: InPhase) => number) =>
    rows.reduce((total, row) => total + (row.phaseIndex === index ? part(row) : 0), 0);
  const sides = [({ off }: InPhase) => off, ({ on }: InPhase) => on];
  const numbers = sides.flatMap((side) => [(row: InPhase) => side(row).n, (row: InPhase) => side(row).y]);
  return [...phases].every((index) => numbers.every((part) => sum(parts, index, part) === sum(whole, index, part)));
}

function percent(share: number): string {
  return `${(Math.floor(share * 1000) / 10).toFixed(1)}%`;
}
