import { lineAt, readSource } from '../architecture/source-text.ts';

/** A file longer than this is two files. */
export const MOST_LINES = 400;
/** Only one file in ten may be longer than this, and half must be shorter than the median. */
export const P90_LINES = 250;
export const MEDIAN_LINES = 80;

/** Something in a file that should not be there, as `line: what`. */
export type Finding = string;

const RUNNERS = 'describe|suite|test|it|bench';
const UNFINISHED = new RegExp(
  `(?<![.\\w$])(?:${RUNNERS})(?:\\s*\\.\\s*\\w+)*\\s*\\.\\s*(?:only|skip|todo|fails)\\b|(?<![.\\w$])(?:[xf](?:${RUNNERS}))\\s*\\(`,
  'g',
);
const OWN_MOCK = /\bvi\s*\.\s*(?:mock|doMock)\s*\(\s*(?:import\s*\(\s*)?(['"`])/g;
const NOTE = /\b(?:TODO|FIXME|XXX|HACK)\b(?!(?:\([^)]+\))?: \S+(?: +\S+){2})/g;

/**
 * Tests left out or left unfinished, and own modules mocked. A suite that needs something which this machine lacks says
 * so with `skipIf`; in CI the plain summary fails on it.
 */
export function unfinishedTests(source: string): readonly Finding[] {
  const { code, strings } = readSource(source);
  const marks = [...code.matchAll(UNFINISHED)].map((m) => `${lineAt(code, m.index)}: ${m[0].trim()}`);
  const mocks = [...code.matchAll(OWN_MOCK)].flatMap((m) => {
    const target = strings.get(m.index + m[0].length - 1) ?? '';
    return target.startsWith('.') ? [`${lineAt(code, m.index)}: a mock of our own ${target}`] : [];
  });
  return [...marks, ...mocks];
}

/** Notes for later without a reason of at least three words, and compiler errors that are waved through. */
export function loneNotes(source: string): readonly Finding[] {
  return readSource(source).comments.flatMap(({ offset, text }) => [
    ...[...text.matchAll(NOTE)].map((m) => `${lineAt(source, offset + m.index)}: ${m[0]} without a reason`),
    ...[...text.matchAll(/@ts-(?:ignore|nocheck)|@ts-expect-error(?! \S+ \S+)/g)].map(
      (m) => `${lineAt(source, offset + m.index)}: ${m[0]} without a reason`,
    ),
  ]);
}

/** Lines of a text; a line break at its end starts no further one. */
export function countLines(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

/** The smallest of the values that at least `share` of them do not exceed; 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
