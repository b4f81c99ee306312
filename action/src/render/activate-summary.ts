import { inlineCode } from '../../../gate-service/src/contract/render/escape-markdown.ts';
import type { Change } from '../gate-client.ts';

export function renderActivateSummary(activated: readonly Change[]): string {
  if (activated.length === 0) return '### Changegate: nothing was activated\n';
  const lines = activated.map(
    (change) =>
      `- ${inlineCode(change.change_id)}: flag ${inlineCode(change.flag)} is on for ${Math.round(change.rollout_start * 100)}% of the traffic. ` +
      'The window starts with the first exposure.',
  );
  return ['### Changegate: activated', '', ...lines, ''].join('\n');
}
