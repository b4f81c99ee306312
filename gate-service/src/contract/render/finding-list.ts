import type { ForecastView } from '../api/forecast.ts';
import { escapeMarkdown, inlineCode } from './escape-markdown.ts';
import { bulletList } from './markdown-table.ts';

export type FindingView = ForecastView['findings'][number];

/** Problems in a file, errors first, each with its place and the next step. */
export function findingList(findings: readonly FindingView[], limit = 20): string {
  const errorsFirst = [...findings].sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  const items = errorsFirst.slice(0, limit).map((finding) => {
    const place = inlineCode(`${finding.file}:${finding.line}:${finding.column}`, 160);
    const where = finding.path === '' ? '' : ` ${inlineCode(finding.path, 100)}`;
    const found = finding.found === '' ? '' : ` Found ${inlineCode(finding.found, 100)}.`;
    const allowed = finding.allowed === '' ? '' : ` Allowed: ${escapeMarkdown(finding.allowed, 300)}.`;
    return `**${finding.severity}** ${place}${where}: ${escapeMarkdown(finding.message, 300)}${found}${allowed} **Next step:** ${escapeMarkdown(finding.remedy, 300)}`;
  });
  if (findings.length > limit) items.push(`and ${findings.length - limit} more`);
  return bulletList(items);
}

export function hasErrors(findings: readonly FindingView[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}
