import type { ChangeView, VerdictView } from '../api/change.ts';
import { inlineCode, plainText } from './escape-markdown.ts';
import { formatCount } from './format-number.ts';
import { formatInstant } from './format-time.ts';
import { collapsed, markdownTable } from './markdown-table.ts';

const SHORT_HASH = 12;

/** A word that a reader may paste into a shell: ids and hashes have no other characters. */
function shellWord(text: string): string {
  return plainText(text, 100).replace(/[^A-Za-z0-9._:-]/g, '?');
}

function hashesTable(change: ChangeView, verdict: VerdictView): string {
  const { size, hash } = verdict.ledger_head;
  return markdownTable(
    [{ title: 'What' }, { title: 'Value' }],
    [
      ['Change', inlineCode(change.change_id)],
      ['Commit', inlineCode(change.commit_sha, 64)],
      ['Contract', `${inlineCode(change.contract_path, 120)} ${inlineCode(change.contract_hash, 80)}`],
      ['KPI definitions', inlineCode(change.kpis_hash, 80)],
      ['Ledger head', inlineCode(`${size}:${hash}`, 100)],
      ['Rule version', inlineCode(verdict.rule_version, 60)],
      ['Revision', `${verdict.revision}, made ${formatInstant(verdict.made_at)}`],
    ],
  );
}

function commands(change: ChangeView, verdict: VerdictView): string {
  const id = shellWord(change.change_id);
  const anchor = shellWord(`${verdict.ledger_head.size}:${verdict.ledger_head.hash}`);
  return `\`\`\`sh
# Computes this verdict again from its evidence alone.
changegate evidence ${id} --revision ${verdict.revision} > evidence.json
changegate recompute evidence.json
# Proves offline that the ledger still leads to the head above.
changegate ledger export --out ledger.ndjson
changegate verify ledger.ndjson --anchor ${anchor}
\`\`\``;
}

/** What the verdict stands on, and how anyone checks it without trusting the gate. */
export function proof(change: ChangeView, verdict: VerdictView): string {
  const { size, hash } = verdict.ledger_head;
  const short = (text: string) => inlineCode(plainText(text, 100).slice(0, SHORT_HASH));
  const line = [
    `Change ${inlineCode(change.change_id)}`,
    `revision ${verdict.revision}`,
    `contract ${short(change.contract_hash)}`,
    `rule version ${inlineCode(verdict.rule_version, 60)}`,
    `ledger head ${short(hash)} at ${formatCount(size)} entries`,
  ].join(', ');
  const details = collapsed(
    'Full hashes, and how to check this verdict',
    `${hashesTable(change, verdict)}\n\n${commands(change, verdict)}`,
  );
  return `### Proof\n\n${line}.\n\n${details}`;
}
