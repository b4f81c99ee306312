import { formatEffect } from '../../contract/effect.ts';
import type { Tally } from '../model/tally.ts';
import type { VerdictEvidence } from '../model/verdict.ts';
import { asGain, type Estimate } from '../statistics/estimate.ts';
import { stratifiedDifference } from '../statistics/stratified.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';
import type { OffDecision, Ruling } from './judge-change.ts';
import type { JudgedMetric } from './metric-results.ts';

/** Rates are told as "of every 100", or of more where that would be less than one. */
const BASES = [100, 1000, 10_000, 100_000] as const;

/**
 * What a person should read first: what was decided and why, and what happened to the primary KPI, in counts of people
 * and not in percentages of percentages.
 */
export function verdictSummary(
  evidence: VerdictEvidence,
  ruling: Ruling,
  main: JudgedMetric | null,
  off: OffDecision,
): string {
  const overruled = off === 'overruled' ? 'The watch decided to turn this off, and a person overruled it. ' : '';
  const outcome = main === null ? '' : ` ${outcomeSentence(main)}`;
  return `${overruled}${reasonSentence(evidence, ruling.reasons[0])}${outcome}`;
}

/** "Of every 100 trials about 31 counted with the change and 28 without: 3 more, give or take 2." */
export function outcomeSentence({ metric, strata, totals }: JudgedMetric): string {
  const { off, on } = totals;
  const name = `"${metric.kpi.title}"`;
  if (!(off.n > 0 && on.n > 0)) {
    return `${name}: ${count(on.n)} trials with the change and ${count(off.n)} without, so there is nothing to compare.`;
  }
  const difference = asGain(stratifiedDifference(strata, VERDICT_CONFIDENCE), 'up_is_good');
  const base = baseFor(off, on);
  // Totals over phases of different allocation mislead (Simpson): then only the difference within phases is told.
  if (strata.length > 1) return withinPhases(name, difference, base, on.n, off.n);
  const rates = `of every ${count(base)} about ${amount(rate(on) * base)} counted with the change and ${amount(rate(off) * base)} without`;
  const { status, estimate, lo, hi } = difference;
  if (status !== 'ok' || !Number.isFinite(estimate) || !Number.isFinite(hi - lo)) return `${name}: ${rates}.`;
  const size = amount(Math.abs(estimate) * base);
  const more = Number(size) === 0 ? 'no difference' : `${size} ${estimate > 0 ? 'more' : 'fewer'}`;
  const reach = amount(((hi - lo) / 2) * base);
  return `${name}: ${rates}: ${more}, give or take ${reach} (${count(on.n)} and ${count(off.n)} trials).`;
}

function withinPhases(
  name: string,
  { status, estimate, lo, hi, method, n }: Estimate,
  base: number,
  on: number,
  off: number,
): string {
  const trials = `${count(on)} trials with the change and ${count(off)} without`;
  if (status !== 'ok' || !Number.isFinite(estimate) || !Number.isFinite(hi - lo)) return `${name}: ${trials}.`;
  const more = `${amount(Math.abs(estimate) * base)} ${estimate > 0 ? 'more' : 'fewer'}`;
  const effect = `${more} of every ${count(base)}, give or take ${amount(((hi - lo) / 2) * base)}`;
  return method.startsWith('mantel_haenszel')
    ? `${name}: ${effect}, compared within spans of equal allocation (${trials}).`
    : `${name}: ${effect}, in the span of equal allocation that tells most (${count(n)} of ${count(on + off)} trials).`;
}

function reasonSentence({ change, dataQualityRaisedBeforeAlarm }: VerdictEvidence, reason: string): string {
  const { primary } = change.contract;
  const minimum = primary.atLeast ? formatEffect(primary.atLeast) : 'the minimum';
  const margin = primary.noWorseThan ? formatEffect(primary.noWorseThan, { sign: false }) : 'the margin';
  const [code, detail = ''] = splitOnce(reason);
  switch (code) {
    case 'ok':
      return change.contract.rule === 'no_worse_than'
        ? `The primary KPI stayed within its margin of ${margin}.`
        : 'The primary KPI moved as promised.';
    case 'harmful':
      return 'The primary KPI got worse.';
    case 'below_minimum':
      return `The promised ${minimum} was missed, and more time would not change that.`;
    case 'worse_than_margin':
      return `The primary KPI got worse by more than ${margin}.`;
    case 'positive_below_minimum':
      return `The primary KPI improved, but by less than the promised ${minimum}; that it is reached can be neither shown nor ruled out.`;
    case 'not_enough_evidence':
      return 'The data cannot tell yet whether the promise is kept.';
    case 'insufficient_data':
      return 'There is too little data to say anything about the primary KPI.';
    case 'guardrail':
      return `The guardrail ${detail} got worse by more than its margin.`;
    case 'guardrail_unproven':
      return `The primary KPI moved as promised, but the guardrail ${detail} was not shown to be within its margin.`;
    case 'throttled':
      return 'The primary KPI moved as promised, but the change was still throttled at the end.';
    case 'safety_rollback':
      return 'The watch found harm and turned the change off.';
    case 'adverse_signal_not_executed':
      return 'The watch found harm and decided to turn the change off, but that was not carried out: look at the flag now.';
    case 'data_quality+rolled_back':
      return `The watch turned the change off, but the data was broken before the alarm (${dataQualityRaisedBeforeAlarm.join(', ')}).`;
    case 'data_quality':
      return `The data cannot carry a verdict: the check ${detail} did not hold.`;
    case 'rule_changed':
      return 'The contract, a KPI definition or the rules were changed after the stamp, so the promise cannot be judged.';
    case 'treatment_changed':
      return 'The flag was changed beyond its percentage during the window, so two treatments are mixed.';
    case 'ledger_broken':
      return 'The ledger does not verify, so nothing can be concluded from it.';
    case 'superseded':
      return 'The same flag was deployed again before the window was over.';
    case 'stopped_by_person':
      return 'A person turned the change off before the window was over.';
    default:
      return `No verdict was reached (${reason}).`;
  }
}

function splitOnce(reason: string): readonly [string, string?] {
  const at = reason.indexOf(':');
  return at < 0 ? [reason] : [reason.slice(0, at), reason.slice(at + 1)];
}

function baseFor(off: Tally, on: Tally): number {
  const smallest = Math.min(...[rate(off), rate(on)].filter((value) => value > 0));
  return (
    BASES.find((base) => smallest * base >= 1) ?? (Number.isFinite(smallest) ? BASES[BASES.length - 1]! : BASES[0])
  );
}

function rate({ n, y }: Tally): number {
  return y / n;
}

/** Two digits that matter, no trailing zeros: 31, 2.8, 0.45. */
function amount(value: number): string {
  return String(value >= 10 ? Math.round(value * 10) / 10 : Number(value.toPrecision(2)));
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
