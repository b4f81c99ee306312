import { inlineCode } from '../../../gate-service/src/contract/render/escape-markdown.ts';
import type { Change } from '../gate-client.ts';

export function renderStampSummary(
  stamped: readonly { change: Change; created: boolean }[],
  contractsDir: string,
): string {
  if (stamped.length === 0)
    return `### Changegate: nothing to stamp\n\nNo contract below ${inlineCode(contractsDir)} arrived.\n`;
  const rows = stamped.map(
    ({ change, created }) =>
      `| ${inlineCode(change.change_id)} | ${inlineCode(change.flag)} | ${inlineCode(change.contract_path)} | ${created ? 'new' : 'already stamped'} |`,
  );
  return [
    '### Changegate: stamped',
    '',
    '| change | flag | contract | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
