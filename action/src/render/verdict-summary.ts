import { escapeMarkdown, inlineCode } from '../../../gate-service/src/contract/render/escape-markdown.ts';
import type { Change } from '../gate-client.ts';

/** With more, the job summary would pass its limit of 1 MiB. */
const MAX_TEXTS = 12;

function row(change: Change): string {
  const last = change.verdicts.at(-1);
  const said = last === undefined ? 'pending' : `${last.verdict}: ${escapeMarkdown(last.reasons[0] ?? '', 100)}`;
  const where = change.pull_request === null ? 'no pull request' : `#${change.pull_request}`;
  return `| ${inlineCode(change.change_id)} | ${where} | ${inlineCode(change.flag)} | ${change.state} | ${said} |`;
}

/** A table of all changes, then what this run told for the first time. */
export function renderVerdictSummary(changes: readonly Change[], texts: readonly string[]): string {
  if (changes.length === 0) return '### Changegate: no open change\n';
  const table = [
    '| change | pull request | flag | state | verdict |',
    '| --- | --- | --- | --- | --- |',
    ...changes.map(row),
  ];
  const rest = texts.length > MAX_TEXTS ? [`_And ${texts.length - MAX_TEXTS} more on the pull requests._`] : [];
  return ['### Changegate: changes of this repository', '', ...table, '', ...texts.slice(0, MAX_TEXTS), ...rest].join(
    '\n',
  );
}
