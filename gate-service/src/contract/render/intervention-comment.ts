import type { ChangeView, InterventionView } from '../api/change.ts';
import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { fitComment, type Section } from './fit.ts';
import { formatShare } from './format-number.ts';
import { actInWords, outcomeInWords, shareBefore, timelineTable } from './intervention-words.ts';
import { linksLine, type RenderLinks } from './links.ts';
import { bulletList } from './markdown-table.ts';
import type { Marker } from './markers.ts';

function isStuck({ outcome }: InterventionView): boolean {
  return outcome.startsWith('blocked') || outcome.startsWith('failed');
}

function headline(change: ChangeView, intervention: InterventionView): string {
  const flag = inlineCode(change.flag);
  const act = intervention.kind === 'turn_off' ? 'turn off' : 'throttle';
  if (isStuck(intervention))
    return `🚨 ${flag} should be ${act === 'throttle' ? 'throttled' : 'turned off'}, and the gate cannot do it`;
  if (intervention.outcome === 'superseded') return `✋ Did not ${act} ${flag}: a person changed the flag in between`;
  if (intervention.outcome === 'pending') return `⏳ About to ${act} ${flag} for an adverse signal`;
  if (intervention.outcome.startsWith('already_safe'))
    return `🛑 ${flag} was already that low when the gate wanted to ${act} it`;
  if (intervention.kind === 'turn_off') return `🛑 Turned off ${flag} for an adverse signal`;
  const before = shareBefore(change, intervention);
  const from = before === null ? '' : ` from ${formatShare(before)}`;
  return `🔻 Throttled ${flag}${from} to ${formatShare(intervention.target_share)} for an adverse signal`;
}

function consequences(intervention: InterventionView): string[] {
  const { kind } = intervention;
  if (isStuck(intervention)) {
    const target =
      kind === 'turn_off' ? 'Turn the flag off' : `Lower the rollout to ${formatShare(intervention.target_share)}`;
    return [
      `**${target} by hand now.**`,
      'Then repair what blocked the gate: its flag token, its rights, or the flag service.',
    ];
  }
  if (intervention.outcome === 'superseded') {
    return ['The gate leaves the flag as that person set it and keeps watching. New evidence would be a new decision.'];
  }
  const onlyPeople = 'The gate never raises exposure again; only a person does.';
  if (kind === 'turn_off') {
    return [
      'The change is judged now, ahead of its window.',
      onlyPeople,
      'Leave the flag off until the cause is found; a repaired version is a new change.',
    ];
  }
  return [
    'The watch starts afresh on the smaller share: if the harm shows there too, the flag goes off.',
    onlyPeople,
    `Look for the cause now, while ${formatShare(intervention.target_share)} of the traffic still has the change.`,
  ];
}

export function interventionMarker(change: ChangeView, intervention: InterventionView): Marker {
  return {
    kind: 'intervention',
    change_id: change.change_id,
    sha: change.commit_sha,
    key: intervention.intervention_id,
  };
}

/** The comment that notifies people of a throttle or a switch-off: a new one for each intervention. */
export function renderInterventionComment(
  change: ChangeView,
  intervention: InterventionView,
  links: RenderLinks = {},
): string {
  const sections: Section[] = [
    { name: 'intervention', text: `## ${headline(change, intervention)}`, importance: 0 },
    {
      name: 'reason',
      text: `**Why:** ${escapeMarkdown(intervention.reason, 600)}\n\n**Outcome:** ${actInWords(intervention)}: ${outcomeInWords(intervention)}.`,
      importance: 0,
    },
    { name: 'timeline', text: `### Timeline\n\n${timelineTable(intervention)}`, importance: 0 },
    {
      name: 'next steps',
      text: `### What happens next\n\n${bulletList(consequences(intervention))}`,
      importance: 2,
    },
    {
      name: 'change',
      text: `Change ${inlineCode(change.change_id)}. **Hypothesis:** ${escapeMarkdown(change.hypothesis, 500)}`,
      importance: 4,
    },
    { name: 'links', text: linksLine(links), importance: 3 },
  ];
  return fitComment(interventionMarker(change, intervention), sections);
}
