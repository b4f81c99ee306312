import { escapeMarkdown } from '../../../gate-service/src/contract/render/escape-markdown.ts';
import type { Problem } from '../report.ts';

const TITLES = { error: 'Problem', warning: 'Warning', notice: 'Note' } as const;

/** The problems as a list, safe to show: their texts hold what other systems answered. */
export function renderProblems(problems: readonly Problem[]): string {
  if (problems.length === 0) return '';
  const lines = problems.map(({ level, message, remedy, place }) => {
    const where = place === undefined ? '' : ` ${escapeMarkdown(place.file)}, line ${place.line}:`;
    return `- **${TITLES[level]}:**${where} ${escapeMarkdown(message, 1_000)} ${escapeMarkdown(remedy)}`;
  });
  return `${lines.join('\n')}\n`;
}
