import type { ChangeContract, FastRule } from '../change-contract.ts';
import { type Effect, formatEffect } from '../effect.ts';
import { inlineCode } from './escape-markdown.ts';
import { formatShare, formatThreshold, type Scale } from './format-number.ts';
import { formatMinutes, formatWindow } from './format-time.ts';

const INTERVAL = 'the 90% interval';

/** The rule of the verdict in one paragraph of plain words. */
export function ruleInWords(contract: Pick<ChangeContract, 'rule' | 'primary'>): string {
  const { atLeast, noWorseThan } = contract.primary;
  // 20% fewer errors are -20% in the file; people are shown every effect with a plus for better.
  const gain = atLeast && { ...atLeast, value: Math.abs(atLeast.value) };
  const minimum = gain === null ? 'the minimum effect' : `**${formatEffect(gain)}**`;
  switch (contract.rule) {
    case 'meets_minimum':
      return `PASS when the measured effect is at least ${minimum} and ${INTERVAL} lies wholly on the good side of zero. FAIL when the whole interval falls short of ${minimum}. Otherwise INCONCLUSIVE.`;
    case 'beats_zero':
      return `PASS when ${INTERVAL} lies wholly on the good side of zero. FAIL when it lies wholly on the bad side${atLeast === null ? '' : `, or falls short of ${minimum} as a whole`}. Otherwise INCONCLUSIVE.`;
    case 'proves_minimum':
      return `PASS when ${INTERVAL} as a whole reaches ${minimum}. FAIL when it falls short as a whole. Otherwise INCONCLUSIVE.`;
    case 'no_worse_than': {
      const margin = noWorseThan === null ? 'the margin' : `**${formatEffect(noWorseThan, { sign: false })}**`;
      return `PASS when ${INTERVAL} rules out a loss of more than ${margin}. FAIL when the whole interval is a larger loss. Otherwise INCONCLUSIVE.`;
    }
    default:
      return unknownRule(contract.rule);
  }
}

function unknownRule(rule: never): string {
  return `The rule is ${inlineCode(String(rule))}.`;
}

/** The rule as far as a verdict tells it, for readers without the contract. */
export function thresholdInWords(threshold: number | null, scale: Scale): string {
  if (threshold === null) return 'The primary KPI was held against the rule in the contract.';
  if (threshold < 0)
    return `The primary KPI was allowed to lose at most **${formatThreshold(-threshold, scale).slice(1)}**.`;
  if (threshold === 0) return 'The primary KPI had to improve.';
  return `The primary KPI had to improve by at least **${formatThreshold(threshold, scale)}** (a plus is better).`;
}

function atMost(margin: Effect): string {
  return formatEffect(margin, { sign: false });
}

/** The guardrails, one line each. */
export function guardrailsInWords(contract: Pick<ChangeContract, 'guardrails'>): string[] {
  return contract.guardrails.map(
    ({ kpi, noWorseThan, mustBeNonInferior }) =>
      `${inlineCode(kpi, 80)} may get worse by at most ${atMost(noWorseThan)}${mustBeNonInferior ? ', and a pass needs proof of it' : ''}`,
  );
}

/** "`quote_error_rate` above 5% over 15 min: throttle". */
export function fastRuleInWords(rule: FastRule): string {
  const limit = rule.limit <= 1 ? `${Number((rule.limit * 100).toPrecision(6))}%` : String(rule.limit);
  const act = rule.then === 'throttle' ? 'throttle' : 'alert people';
  return `${inlineCode(rule.kpi, 80)} ${rule.side} ${limit} over ${formatMinutes(rule.forMinutes)}: ${act}`;
}

/** What the gate does with the flag, in one sentence. */
export function rolloutInWords(contract: Pick<ChangeContract, 'flag' | 'rollout' | 'stop' | 'windowMinutes'>): string {
  const begin = `${inlineCode(contract.flag)} starts at ${formatShare(contract.rollout.start)} of the traffic and is judged after ${formatWindow(contract.windowMinutes)}${contract.rollout.start === 1 ? ', against the weeks before: nobody goes without it' : ''}.`;
  const harm =
    contract.stop.adverse === 'observe'
      ? 'On evidence of harm the gate says so and touches nothing (`stop: observe`).'
      : `On evidence of harm it goes down to ${formatShare(contract.rollout.throttleTo)} at once, and off if the harm persists.`;
  return `${begin} ${harm}`;
}
