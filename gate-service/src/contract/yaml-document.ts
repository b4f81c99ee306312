import type { Finding } from './finding.ts';
import type { FindingCode } from './finding-codes.ts';
import { showHidden } from './hidden-characters.ts';
import { maskSecrets } from './secrets.ts';

export type DocumentPath = readonly PropertyKey[];
/** Line and column count from 1; columns in UTF-16 code units, as editors and GitHub count them. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML file as plain data (mappings without prototype), with the place of every value and key. */
export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  readonly holdsSecret: boolean;
  /** Where the value stands; for a path that is not there, its nearest parent. */
  position(path: DocumentPath): Position;
  /** Where the key of the path stands; for a list item, the item. */
  keyPosition(path: DocumentPath): Position;
  /** The value as written; null when the path is not there or has no value. */
  written(path: DocumentPath): string | null;
}

/** What is wrong, without its place. `found` is text as written; null when there is nothing. */
export interface Problem {
  readonly code: FindingCode;
  readonly message: string;
  readonly allowed: string;
  readonly remedy: string;
  readonly found?: string | null;
  readonly severity?: Finding['severity'];
}

/** What stands in `found` when there is no value. */
export const NOTHING = '(nothing)';
const HIDDEN_FOUND = '(hidden, because the file holds a secret)';
const MAX_FOUND = 80;
/** Far more than is shown, so that a secret that begins within what is shown is still recognised. */
const MAX_MASKED = 1000;
const MAX_FINDINGS = 100;

/** The value at a path of plain data; undefined when it is not there. */
export function valueAt(value: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>(
    (part, key) =>
      typeof part === 'object' && part !== null && Object.hasOwn(part, key) ? Reflect.get(part, key) : undefined,
    value,
  );
}

/** `guardrails[0].no_worse_than` */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const key = /^[\w-]{1,100}$/.test(String(part)) ? String(part) : JSON.stringify(cut(String(part)));
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length <= MAX_FOUND ? text : `${characters.slice(0, MAX_FOUND - 1).join('')}…`;
}

/** One line of at most 80 characters: secrets masked first (a cut secret is still a secret), then hidden characters shown. */
function foundText(written: string | null | undefined): string {
  if (written === null || written === undefined) return NOTHING;
  return cut(showHidden(maskSecrets(written.slice(0, MAX_MASKED)).replaceAll(/\s+/g, ' ').trim()));
}

/** A finding at a place. Nothing in it holds a secret or a hidden character. */
export function makeFinding(
  source: Pick<YamlDocument, 'file' | 'holdsSecret'>,
  at: Position,
  path: DocumentPath,
  problem: Problem,
): Finding {
  const safe = (text: string) => showHidden(maskSecrets(text));
  return hideFound(source.holdsSecret, {
    file: source.file,
    line: at.line,
    column: at.column,
    path: safe(formatPath(path)),
    severity: problem.severity ?? 'error',
    code: problem.code,
    message: safe(problem.message),
    found: foundText(problem.found),
    allowed: safe(problem.allowed),
    remedy: safe(problem.remedy),
  });
}

/** A file with one secret may hold its other half elsewhere: nothing of it is quoted. */
export function hideFound(holdsSecret: boolean, finding: Finding): Finding {
  const ours = finding.found === NOTHING || finding.code === 'secret' || finding.code === 'hidden_character';
  return holdsSecret && !ours ? { ...finding, found: HIDDEN_FOUND } : finding;
}

/** A finding about a value of a document; `found` defaults to the value as written. */
export function findingAt(document: YamlDocument, path: DocumentPath, problem: Problem, at?: Position): Finding {
  const found = problem.found === undefined ? document.written(path) : problem.found;
  return makeFinding(document, at ?? document.position(path), path, { ...problem, found });
}

/** Findings of one file in its order, at most a hundred and one that counts the rest. Errors are kept before warnings. */
export function orderFindings(findings: readonly Finding[]): Finding[] {
  const inOrder = (list: readonly Finding[]) => [...list].sort((a, b) => a.line - b.line || a.column - b.column);
  if (findings.length <= MAX_FINDINGS) return inOrder(findings);
  const errors = inOrder(findings.filter((finding) => finding.severity === 'error'));
  const kept = [...errors, ...inOrder(findings.filter((finding) => finding.severity === 'warning'))].slice(
    0,
    MAX_FINDINGS,
  );
  const shown = inOrder(kept);
  return [
    ...shown,
    {
      ...shown.at(-1)!,
      path: '',
      severity: errors.length > 0 ? 'error' : 'warning',
      code: 'too_many_findings' satisfies FindingCode,
      message: `${findings.length - MAX_FINDINGS} more findings are not shown`,
      found: String(findings.length),
      allowed: `at most ${MAX_FINDINGS}`,
      remedy: 'Repair the first ones and check again.',
    },
  ];
}
