import { formatEffect } from '../../contract/effect.ts';
import type { VerdictEvidence } from '../model/verdict.ts';
import { isBeforeAfter } from './before-after-design.ts';
import { BEFORE_AFTER_WORDS, beforeAfterSentence } from './before-after-verdict.ts';
import type { OffDecision, Ruling } from './judge-change.ts';
import type { JudgedMetric } from './metric-results.ts';
import { outcomeSentence } from './outcome-sentence.ts';

/** What a person should read first: what was decided and why, and what happened to the primary KPI. */
export function verdictSummary(
  evidence: VerdictEvidence,
  ruling: Ruling,
  main: JudgedMetric | null,
  off: OffDecision,
): string {
  const overruled = off === 'overruled' ? 'The watch decided to turn this off, and a person overruled it. ' : '';
  const reason = reasonSentence(evidence, ruling.reasons[0]);
  if (isBeforeAfter(evidence.change.contract)) {
    const told = `${overruled}${reason}${main === null ? '' : ` ${beforeAfterSentence(main)}`}`;
    return `${BEFORE_AFTER_WORDS}: ${told.charAt(0).toLowerCase()}${told.slice(1)}`;
  }
  const outcome = main === null ? '' : ` ${outcomeSentence(main)}`;
  return `${overruled}${reason}${outcome}`;
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
      return `The data cannot carry a verdict: the check ${detail} failed or could not be made.`;
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
