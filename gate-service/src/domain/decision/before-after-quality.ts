import type { Metric } from '../model/metric.ts';
import { type EpochMinute, WEEK_MINUTES } from '../model/time.ts';
import type { MetricEvidence, QualityCheck, VerdictEvidence } from '../model/verdict.ts';
import { FEWEST_WEEKS } from '../statistics/backtest-week.ts';
import { isPossible } from './amount-quality.ts';
import { excludedDays } from './before-after-design.ts';
import { effectOn, isWindowExcluded } from './before-after-verdict.ts';
import { usableWeeks } from './before-after-weeks.ts';

/** Weeks with much more traffic than the window say too little of how much so few trials vary by chance. */
const LEAST_TRAFFIC = 0.5;
/** Of the trials (docs/statistics.md section Q). */
const CLIPPED_LIMIT = 0.01;
const MISSING_LIMIT = 0.005;
/** Shares are compared with this much tolerance. */
const ROUNDING = 1e-9;

type Check = (name: string, status: QualityCheck['status'], detail: string) => QualityCheck;

/**
 * The checks of one KPI of a before/after design that stand in for those of a control group (docs/statistics.md L1, Q): are
 * there trials, and about as many as usual; enough weeks to compare with; did everybody have the change; is the window an
 * ordinary week. A primary KPI with too few weeks is the rule's own non-answer.
 */
export function beforeAfterChecks(
  check: Check,
  data: MetricEvidence,
  metric: Metric,
  evidence: VerdictEvidence,
): readonly QualityCheck[] {
  const tallies = [data.own, ...(data.ownDays ?? []), ...data.history.weeks.map(({ total }) => total)];
  if (tallies.some((tally) => tally !== undefined && !isPossible(metric.kpi.measure, tally))) {
    return [check('counts', 'failed', 'There are counts or sums of the weeks or of the window that cannot be.')];
  }
  return [
    ownCheck(check, data),
    weeksCheck(check, data, metric, evidence),
    volumeCheck(check, data, evidence),
    ...amountCheck(check, data),
    everybodyCheck(check, evidence),
    excludedCheck(check, evidence),
    placeboCheck(check, data, metric, evidence),
  ];
}

function ownCheck(check: Check, { own }: MetricEvidence): QualityCheck {
  const n = own?.n ?? 0;
  return check('no_data', n > 0 ? 'ok' : 'failed', `${n} trials in the window, with the change or without.`);
}

/** A guardrail without weeks to compare with could never show harm. */
function weeksCheck(
  check: Check,
  { history }: MetricEvidence,
  { roles }: Metric,
  { change }: VerdictEvidence,
): QualityCheck {
  const usable = usableWeeks(history.weeks, excludedDays(change.contract)).length;
  const detail = `${usable} usable weeks before the window, of ${history.weeks.length}; ${FEWEST_WEEKS} are needed.`;
  return check('weeks', roles.includes('guardrail') && usable < FEWEST_WEEKS ? 'failed' : 'ok', detail);
}

function volumeCheck(check: Check, { own, history }: MetricEvidence, evidence: VerdictEvidence): QualityCheck {
  const { contract } = evidence.change;
  const usable = usableWeeks(history.weeks, excludedDays(contract)).slice(-4);
  if (usable.length === 0 || own === undefined)
    return check('volume', 'ok', 'There is no week to compare the traffic with.');
  const usual = usable.reduce((sum, { total }) => sum + total.n, 0) / usable.length;
  const now = own.n / (contract.windowMinutes / WEEK_MINUTES);
  const detail = `${Math.round(now)} trials a week, where the last weeks had ${Math.round(usual)}.`;
  return check('volume', now >= usual * LEAST_TRAFFIC ? 'ok' : 'failed', detail);
}

function amountCheck(check: Check, { own }: MetricEvidence): readonly QualityCheck[] {
  if (!own?.sums) return [];
  const { clipped, missing } = own.sums;
  return [
    check(
      'clipped',
      clipped > own.n * CLIPPED_LIMIT ? 'failed' : 'ok',
      `${clipped} of ${own.n} were cut off at the cap.`,
    ),
    check('missing', missing > own.n * MISSING_LIMIT ? 'failed' : 'ok', `${missing} of ${own.n} had no value.`),
  ];
}

/** While some had the change and others not, the total is of both, and the effect on it is diluted. */
function everybodyCheck(check: Check, { change, phases, until }: VerdictEvidence): QualityCheck {
  const from = change.effectiveAt ?? Number.NaN;
  const to = Math.min(from + change.contract.windowMinutes, until ?? Number.POSITIVE_INFINITY);
  const whole = phases.filter(({ share }) => share === 1).reduce((sum, phase) => sum + minutesIn(phase, from, to), 0);
  if (!(to > from))
    return check('everybody', 'unknown', 'There is no window in which everybody could have the change.');
  const detail = `Everybody had the change for ${Math.round(whole)} of ${to - from} minutes.`;
  return check(
    'everybody',
    whole >= (to - from) * (change.contract.coverageFloor - ROUNDING) ? 'ok' : 'failed',
    detail,
  );
}

function minutesIn(
  { startMinute, endMinute }: VerdictEvidence['phases'][number],
  from: EpochMinute,
  to: EpochMinute,
): number {
  return Math.max(0, Math.min(endMinute ?? to, to) - Math.max(startMinute, from));
}

/** A holiday or an incident in the window is no effect, and cannot be told from one without a comparison. */
function excludedCheck(check: Check, evidence: VerdictEvidence): QualityCheck {
  if (!isWindowExcluded(evidence)) return check('ordinary_week', 'ok', 'The window has no excluded day.');
  const compared = evidence.change.contract.beforeAfter?.comparison ?? null;
  return compared === null
    ? check(
        'ordinary_week',
        'failed',
        'The window has an excluded day, and there is no comparison that would take it out.',
      )
    : check('ordinary_week', 'ok', `The window has an excluded day, which ${compared} takes out.`);
}

/** In an extraordinary week a guardrail that the comparison does not move with is no answer, and never "no harm". */
function placeboCheck(check: Check, data: MetricEvidence, metric: Metric, evidence: VerdictEvidence): QualityCheck {
  const { gain, placebo } = effectOn(evidence, metric.kpi, data);
  if (metric.roles.includes('guardrail') && gain.status !== 'ok') {
    return check('comparable', 'failed', 'The weeks before do not tell what to expect of this guardrail.');
  }
  if (placebo === null) return check('comparable', 'ok', 'The test was not tried on past weeks.');
  const widened = placebo.widen > 1 ? ` The interval was made ${placebo.widen.toPrecision(3)} times as wide.` : '';
  const detail = `Tried on ${placebo.placebos} past weeks without the change, p = ${placebo.p.toPrecision(2)}.${widened}`;
  return check('comparable', 'ok', detail);
}
