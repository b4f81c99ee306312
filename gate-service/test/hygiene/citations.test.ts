import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readRepositoryFile, readRepositoryFiles } from '../architecture/repository-files.ts';
import { lineAt, readSource } from '../architecture/source-text.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NUMBERED = ['design', 'reliability', 'statistics'] as const;

/** `A`, `K14`, `2` or `6.2`: a letter with its number, or a section. */
const MARK = String.raw`(?:[A-Z]\d{0,2}|\d(?:\.\d)?)(?![\w.]\w|\w)`;
const JOIN = String.raw`(?:\s*(?:,|;|-|to\b|and\b)\s*|\s+)(?:sections?\s+)?`;
const CITED = new RegExp(String.raw`docs/(${NUMBERED.join('|')})\.md((?:${JOIN}${MARK})*)`, 'g');
const BARE = /\(([A-Z]\d{1,2}(?:, [A-Z]\d{0,2})*)\)/g;

/** What a page numbers: headings such as `## K. …` and `### 6.2 …`, and bold `**K3**`. */
function marksOf(page: string): ReadonlySet<string> {
  const headings = [...page.matchAll(/^#{2,3} ([A-Z]|\d(?:\.\d)?)\.? /gm)].map(([, mark]) => mark!);
  const bold = [...page.matchAll(/\*\*([A-Z]\d{1,2})\*\*/g)].map(([, mark]) => mark!);
  return new Set([...headings, ...bold]);
}

interface Citation {
  readonly line: number;
  readonly page: string;
  readonly mark: string;
}

/** Citations of numbered pages in a text; a comment's line breaks and stars are no part of it. */
function citationsIn(text: string): readonly Citation[] {
  const plain = text.replace(/\n[ \t]*(?:\*|\/\/)(?!\/)/g, (gap) => `\n${' '.repeat(gap.length - 1)}`);
  return [...plain.matchAll(CITED)].flatMap((found) =>
    [...found[2]!.matchAll(new RegExp(MARK, 'g'))].map(([mark]) => ({
      line: lineAt(plain, found.index),
      page: found[1]!,
      mark,
    })),
  );
}

const sources = readRepositoryFiles(['action', 'gate-service'], /\.ts$/);
const ours = [...sources].filter(([path]) => !path.endsWith('hygiene/citations.test.ts'));
const pages = new Map(NUMBERED.map((name) => [name as string, readRepositoryFile(`docs/${name}.md`)]));
const marks = new Map([...pages].map(([name, page]) => [name, marksOf(page)]));

describe('what comments cite is there', () => {
  test('citations are found at all', () => {
    expect(ours.flatMap(([, source]) => citationsIn(source)).length).toBeGreaterThan(100);
  });

  test('every letter, number and section', () => {
    const missing = ours.flatMap(([path, source]) =>
      citationsIn(source)
        .filter(({ page, mark }) => !marks.get(page)!.has(mark))
        .map(({ line, page, mark }) => `${path}:${line}: docs/${page}.md has no ${mark}`),
    );
    expect(missing).toEqual([]);
  });

  test('every (K3) without a page is in statistics or reliability', () => {
    const known = new Set([...marks.get('statistics')!, ...marks.get('reliability')!]);
    const missing = ours.flatMap(([path, source]) =>
      readSource(source)
        .comments.flatMap(({ text }) => [...text.matchAll(BARE)].flatMap(([, list]) => list!.split(', ')))
        .filter((mark) => !known.has(mark))
        .map((mark) => `${path}: ${mark}`),
    );
    expect(missing).toEqual([]);
  });

  test('every page', () => {
    const cited = ours.flatMap(([path, source]) =>
      readSource(source).comments.flatMap(({ text }) =>
        [...text.matchAll(/docs\/(?:[\w-]+\.md|adr\/\d{4})/g)].map(([page]) => ({ path, page })),
      ),
    );
    const records = [...readRepositoryFiles(['docs'], /\.md$/).keys()];
    expect(cited.filter(({ page }) => !records.some((record) => record.startsWith(page)))).toEqual([]);
  });
});

describe('what the pages cite is there', () => {
  test.each(NUMBERED)('links and sources in docs/%s.md', (name) => {
    const page = pages.get(name)!;
    const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => target!);
    expect(links.filter((target) => !existsSync(`${ROOT}docs/${target}`))).toEqual([]);
    const files = [...page.matchAll(/`([\w./-]*[\w-]+\.ts)`/g)].map(([, file]) => file!);
    const paths = [...sources.keys()];
    expect(files.filter((file) => !paths.some((path) => path === file || path.endsWith(`/${file}`)))).toEqual([]);
  });
});

test.each([
  ['docs/statistics.md K3', ['K3']],
  ['docs/statistics.md G1, G3; more', ['G1', 'G3']],
  ['docs/statistics.md O1-O6): x', ['O1', 'O6']],
  ['docs/statistics.md sections A and M', ['A', 'M']],
  ['docs/statistics.md O6; no correction, section M', ['O6']],
  ['docs/reliability.md 6.2). The', ['6.2']],
  ['docs/statistics.md\n * section Q): A check', ['Q']],
  ['docs/statistics.md. A page', []],
  ['docs/statistics.md K, tiny traffic', ['K']],
])('%s cites %j', (text, expected) => {
  expect(citationsIn(text).map(({ mark }) => mark)).toEqual(expected);
});
