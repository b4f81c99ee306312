import type { ChangeView, VerdictView } from '../api/change.ts';
import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { formatInstant, formatWeeks } from './format-time.ts';
import { bulletList } from './markdown-table.ts';

type Verdict = Pick<VerdictView, 'verdict' | 'reasons' | 'more_weeks'>;

/** What to do about an inconclusive verdict, by the part of the reason code before its colon. */
const INCONCLUSIVE_STEPS: Readonly<Record<string, string>> = {
  rule_changed: 'Put the contract and the KPI definitions back and re-evaluate, or deploy again under the new rule.',
  treatment_changed: 'Deploy again as a new change and leave the flag’s strategies alone during the window.',
  ledger_broken: 'Run `changegate verify` and find out what touched the store before anything else is decided from it.',
  superseded: 'Read the verdict of the change that took over the flag.',
  stopped_by_person: 'Ask who turned it off and why, then deploy again or remove the change.',
  data_quality: 'Repair the data first (the checks above say what is wrong), then deploy again for a clean window.',
  'data_quality+rolled_back': 'Leave the flag off, repair the data, and look into the alarm before another try.',
  insufficient_data: 'Check that events of both variants arrive, or choose a KPI that more units reach.',
  guardrail_unproven: '**Extend** until the guardrail is shown to be safe, or accept the risk with a reason.',
  throttled: 'Settle the adverse signal first; a throttled change cannot pass.',
};

/** One extension, up to twice the window, keeps the promise about wrong verdicts; a longer wait needs a new change. */
function extendStep(moreWeeks: number | null): string {
  if (moreWeeks === null)
    return 'Choose a KPI that more units reach, or send the change more traffic, and deploy again.';
  if (moreWeeks <= 1) return '**Extend** the window once: about a week more of the same traffic would decide it.';
  return `About ${formatWeeks(Math.ceil(moreWeeks))} more of the same traffic would decide it. Plan the next change with a longer window, or with a KPI that more units reach.`;
}

const PASS_STEPS = [
  '**Keep** it, **scale** it to all traffic, or **optimise** it as the next change.',
  'Then remove the flag and the old code.',
];
const FAIL_STEPS = [
  '**Roll back**: turn the flag off and remove the change, or **optimise** it and deploy it as a new change.',
];
const UNDECIDED_CHOICE = '**Keep** or **roll back** on other grounds if you must: this verdict supports neither.';

function failSteps(reason: string): string[] {
  switch (reason) {
    case 'safety_rollback':
      return [
        'The flag is off: leave it off.',
        'Find the cause (the interventions above are the timeline), then deploy a repaired version as a new change.',
      ];
    case 'adverse_signal_not_executed':
      return ['**Turn the flag off by hand now**, then give the gate’s token the right to do it.', ...FAIL_STEPS];
    default:
      return FAIL_STEPS;
  }
}

function stepsFor(verdict: Verdict): readonly string[] {
  const reason = (verdict.reasons[0] ?? '').split(':', 1)[0]!.toLowerCase();
  switch (verdict.verdict) {
    case 'pass':
      return PASS_STEPS;
    case 'fail':
      return failSteps(reason);
    case 'inconclusive': {
      const own = Object.hasOwn(INCONCLUSIVE_STEPS, reason)
        ? INCONCLUSIVE_STEPS[reason]!
        : extendStep(verdict.more_weeks);
      return [own, UNDECIDED_CHOICE];
    }
    default:
      return unknownVerdict(verdict.verdict);
  }
}

function unknownVerdict(_verdict: never): readonly string[] {
  return [UNDECIDED_CHOICE];
}

/** The example in the command. */
const DECISION = { pass: 'keep', fail: 'rollback', inconclusive: 'extend' } as const;

/** What people do now, or what they have decided already. Markdown. */
export function nextSteps(change: Pick<ChangeView, 'change_id' | 'decisions'>, verdict: Verdict): string {
  const decided = change.decisions
    .slice(-5)
    .map(
      (each) =>
        `Decided: **${escapeMarkdown(each.decision, 40)}** by ${escapeMarkdown(each.by, 100)} on ${formatInstant(each.at)}: ${escapeMarkdown(each.reason, 300)}`,
    );
  if (decided.length > 0) return bulletList(decided);
  const command = `changegate decide ${change.change_id} --decision ${DECISION[verdict.verdict]} --by "you" --reason "why"`;
  const record = `Record what you decide: ${inlineCode(command)}.`;
  return bulletList([...stepsFor(verdict), record]);
}
