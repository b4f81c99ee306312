import type { SourceFiles, Violation } from './import-rules.ts';
import { lineAt, readSource } from './source-text.ts';

interface ForbiddenWord {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly applies: (file: string) => boolean;
}

const SERVICE = 'gate-service/src/';
const inDomain = (file: string): boolean => file.startsWith(`${SERVICE}domain/`);

/** The places that may read the environment; everyone else is handed what it needs. */
const ENVIRONMENT_READERS = [
  /^gate-service\/src\/config\//,
  /^gate-service\/src\/main\.ts$/,
  /^gate-service\/src\/cli\/io(?:\/|\.ts$)/,
  /^action\/src\/main\.ts$/,
];

const word = (names: string): RegExp => new RegExp(`(?<![.\\w$])(?:${names})(?![\\w$])(?!\\s*:)`, 'g');

const FORBIDDEN: readonly ForbiddenWord[] = [
  {
    rule: 'domain has no clock',
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\w\s(<.]))|(?<!new\s+)\bDate\s*\(|\bperformance\s*\./g,
    applies: inDomain,
  },
  {
    rule: 'domain has no randomness',
    pattern: /\bMath\s*\.\s*random\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b/g,
    applies: inDomain,
  },
  { rule: 'domain has no environment', pattern: word('process|globalThis'), applies: inDomain },
  { rule: 'domain does not log', pattern: word('console'), applies: inDomain },
  { rule: 'domain has no I/O', pattern: word('fetch|WebSocket|XMLHttpRequest'), applies: inDomain },
  {
    rule: 'domain has no timers',
    pattern: word('setTimeout|setInterval|setImmediate|queueMicrotask'),
    applies: inDomain,
  },
  { rule: 'domain is not async', pattern: word('async|await|Promise'), applies: inDomain },
  {
    rule: 'only config/, main.ts and cli/io read the environment',
    pattern: /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*\[|\{[^{}]*\benv\b[^{}]*\}\s*=\s*process\b/g,
    applies: (file) => !ENVIRONMENT_READERS.some((reader) => reader.test(file)),
  },
  { rule: 'errors are GateErrors with a remedy', pattern: /\bthrow\s+(?:new\s+)?Error\s*\(/g, applies: () => true },
];

/** Looks for words that have no place where they stand. Comments and strings don't count. */
export function checkPurity(files: SourceFiles): readonly Violation[] {
  return [...files].flatMap(([file, source]) => {
    const { code } = readSource(source);
    return FORBIDDEN.filter(({ applies }) => applies(file)).flatMap(({ rule, pattern }) =>
      [...code.matchAll(pattern)].map((match) => ({
        file,
        line: lineAt(code, match.index),
        rule,
        found: match[0].trim(),
      })),
    );
  });
}
