import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SOURCE_FAULTS } from '../../src/ports/metric-source.ts';
import { checkDependencies, checkImports } from '../architecture/import-rules.ts';
import { checkPurity } from '../architecture/purity-rules.ts';
import { readRepositoryFile } from '../architecture/repository-files.ts';
import { unfinishedTests } from '../hygiene/rules.ts';
import { blocksOf, type CodeBlock, type Outcome, PageTrees, WHOLE } from './page-tree.ts';

const page = readRepositoryFile('docs/adding-a-source.md');
const blocks = blocksOf(page);
const codeOf = (file: string) => blocks.find(({ name }) => name === file)?.code ?? '';

/** That the page's example can be configured, and is opened by its name. */
const REGISTRATION = `import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSources } from '../../../config/read-sources.ts';
import { openSources, SOURCE_KINDS } from '../source-kinds.ts';

test('registration', async () => {
  const asked: string[] = [];
  const { sources } = parse(readFileSync(new URL('changegate.yml', import.meta.url), 'utf8'));
  const read = readSources(sources, SOURCE_KINDS, (names) => {
    asked.push(...names);
    return {};
  });
  expect(read.problems).toEqual([]);
  expect(asked).toEqual(['SOURCE_COUNTERS_TOKEN']);
  const open = openSources(read.sources, { now: () => 0 });
  expect([...open.keys()]).toEqual(['counters']);
  await open.get('counters')!.close();
});
`;

const FAULTS = 'graphite-faults';
const SUITE = 'graphite-suite';
/** Rules of the page, each taken out of one of its files: a test of the page has to see it. */
const SLIPS = [
  [
    'no-empty-rule',
    'parse.ts',
    /throw new GraphiteFault\('empty',.*\);/,
    'return [];',
    FAULTS,
    'is no data, and not 0',
  ],
  [
    'absence-is-zero',
    'parse.ts',
    /if \(value === null\) return null;/,
    'if (value === null) return 0;',
    FAULTS,
    'partial',
  ],
  ['uncounted-is-zero', 'parse.ts', /\?\.\[i\] \?\? null/, '?.[i] ?? 0', FAULTS, 'no errors counted is partial'],
  ['a-minute-late', 'query.ts', /from \* 60 - 1/g, 'from * 60', SUITE, 'status minute by minute'],
  ['no-variants', 'query.ts', /\[tags\.version_flag\]/, '[]', SUITE, 'rate one variant alone'],
  ['redirects', 'client.ts', /redirect: 'manual'/, "redirect: 'follow'", FAULTS, 'a redirect is refused'],
  ['retries', 'client.ts', /retries -= 1;/, 'retries -= 0.5;', FAULTS, '500 is unreachable'],
  ['never-stale', 'graphite-source.ts', /if \(kpi === null\)/, 'if (false)', FAULTS, 'what stopped is stale'],
] as const;

describe('docs/adding-a-source.md', () => {
  test('explains every fault once', () => {
    const [, table = ''] = page.split('| fault | here |\n');
    const rows = [...table.matchAll(/^\| `(\w+)` \| \S/gm)].map(([, fault]) => fault);
    expect(rows).toEqual(SOURCE_FAULTS);
  });

  test('names files and pages that are there', () => {
    const files = [...page.matchAll(/`(gate-service\/[\w/.-]+\.ts)`/g)].map(([, path]) => path!);
    const pages = [...page.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, path]) => `docs/${path}`);
    expect(files.length).toBeGreaterThan(3);
    for (const path of [...files, ...pages]) expect(readRepositoryFile(path), path).not.toBe('');
  });

  test('keeps the layers, the declared packages and the other rules of the code', () => {
    const files = blocks.filter(({ name }) => name.endsWith('.ts') && name !== 'source-kinds.ts');
    expect(files.length).toBeGreaterThan(8);
    const at = ({ name, code }: (typeof files)[number]) =>
      [`gate-service/src/adapters/metric-sources/graphite/${name}`, code] as const;
    const code = new Map(files.filter(({ name }) => !/\.(test|fixture)\.ts$/.test(name)).map(at));
    const { dependencies } = JSON.parse(readRepositoryFile('gate-service/package.json'));
    const declared = new Map([['gate-service/src/', Object.keys(dependencies)]]);
    expect([...checkImports(code), ...checkPurity(code), ...checkDependencies(code, declared)]).toEqual([]);
    expect(files.flatMap((file) => unfinishedTests(file.code))).toEqual([]);
  });
  describe('as it stands', () => {
    let trees: PageTrees;
    let outcomes: readonly Outcome[];

    beforeAll(async () => {
      trees = await PageTrees.make();
      await trees.add(WHOLE, blocks, [{ name: 'registration.test.ts', code: REGISTRATION }]);
      for (const [tree, file, rule, slip] of SLIPS) await trees.add(tree, changed(file, rule, slip));
      outcomes = await trees.test([`${WHOLE}/`, ...SLIPS.map(([tree, , , , file]) => `${tree}/${file}`)]);
    });
    afterAll(() => trees?.remove());

    const of = (tree: string) => outcomes.filter((one) => one.tree === tree);

    test('compiles, and looks as all code here', async () => {
      expect(await trees.check()).toBe('');
    });

    test('is a source like every other one', () => {
      expect(of(WHOLE).filter(({ passed }) => !passed)).toEqual([]);
      const names = of(WHOLE).map(({ name }) => name);
      for (const name of [
        'a fake Graphite status by cohort',
        'mean is refused',
        'is no data, and not 0',
        'registration',
      ])
        expect(names.filter((one) => one.includes(name))).toHaveLength(1);
    });

    test.each(SLIPS)('%s in %s is seen', (...[tree, , , , , seenBy]) => {
      const failed = of(tree).filter(({ passed }) => !passed);
      expect(failed.map(({ name }) => name).join('\n')).toContain(seenBy);
      expect(failed.length).toBeLessThan(of(tree).length);
    });
  });
});

/** The page's files, with a rule taken out of one. */
function changed(file: string, rule: RegExp, slip: string): readonly CodeBlock[] {
  const found = codeOf(file);
  const code = found.replace(rule, slip);
  if (code === found) expect.fail(`${file} on the page has no ${rule} any more`);
  return blocks.map((block) => (block.name === file ? { name: file, code } : block));
}
