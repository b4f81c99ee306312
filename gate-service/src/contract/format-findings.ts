import type { Finding } from './finding.ts';
import { showHidden } from './hidden-characters.ts';

export interface TerminalOptions {
  readonly color: boolean;
  /** Text of each file, for excerpts of the lines; a file with a secret is never shown. */
  readonly sources?: ReadonlyMap<string, string>;
}

const MAX_EXCERPT = 120;
const MAX_ANNOTATION = 4096;
const STYLES = { bold: 1, red: 31, yellow: 33, dim: 2 } as const;

/** Writes findings for people: place, what is wrong, the line, what was found, what is allowed, what to do next. */
export function renderFindingsForTerminal(findings: readonly Finding[], options: TerminalOptions): string {
  const withSecret = new Set(findings.filter(({ code }) => code === 'secret').map(({ file }) => file));
  return findings
    .map((finding) => {
      const source = withSecret.has(finding.file) ? undefined : options.sources?.get(finding.file);
      return renderForTerminal(finding, source, options.color);
    })
    .join('\n');
}

function renderForTerminal(finding: Finding, source: string | undefined, color: boolean): string {
  const style = (name: keyof typeof STYLES, text: string) => (color ? `\u001b[${STYLES[name]}m${text}\u001b[0m` : text);
  const place = `${oneLine(finding.file)}:${finding.line}:${finding.column}`;
  const severity = style(finding.severity === 'error' ? 'red' : 'yellow', finding.severity);
  const lines = [
    `${style('bold', place)} ${severity} ${finding.code}`,
    `  ${oneLine(finding.message)}`,
    ...excerpt(finding, source).map((line) => style('dim', `  ${line}`)),
    `  found    ${oneLine(finding.found)}`,
    `  allowed  ${oneLine(finding.allowed)}`,
    `  next     ${oneLine(finding.remedy)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The line of the finding with a caret below its column; nothing when the line is not there or is too long. */
function excerpt(finding: Finding, source: string | undefined): string[] {
  const line = source
    ?.replace(/^\uFEFF/, '')
    .split('\n')
    [finding.line - 1]?.trimEnd();
  if (line === undefined || line === '' || line.length > MAX_EXCERPT) return [];
  const number = String(finding.line);
  const before = oneLine(line.slice(0, finding.column - 1));
  return [`${number} | ${oneLine(line)}`, `${' '.repeat(number.length)} | ${' '.repeat(before.length)}^`];
}

function oneLine(text: string): string {
  return showHidden(text.replaceAll(/[\r\n\t]/g, ' '));
}

/** Writes findings as workflow commands of GitHub Actions, which shows them on the lines of the pull request. */
export function renderFindingsAsAnnotations(findings: readonly Finding[]): string {
  return findings.map(renderAsAnnotation).join('');
}

function renderAsAnnotation(finding: Finding): string {
  const where = finding.path === '' ? '' : ` (${finding.path})`;
  const message = `${finding.message}${where}. Found: ${finding.found}. Allowed: ${finding.allowed}. Next: ${finding.remedy}`;
  const properties = [
    `file=${escapeProperty(finding.file)}`,
    `line=${finding.line}`,
    `col=${finding.column}`,
    `title=${escapeProperty(`changegate ${finding.code}`)}`,
  ];
  return `::${finding.severity} ${properties.join(',')}::${escapeData(cap(message))}\n`;
}

function cap(message: string): string {
  const shown = showHidden(message);
  return shown.length <= MAX_ANNOTATION
    ? shown
    : `${shown.slice(0, MAX_ANNOTATION - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(showHidden(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
