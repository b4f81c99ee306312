import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SOURCES = 'src/adapters/metric-sources';
const RUN_MS = 100_000;
/** The tree that has the page as it is. */
export const WHOLE = 'whole';

export interface CodeBlock {
  readonly name: string;
  readonly code: string;
}

/** The fenced blocks of a page that name a file. */
export function blocksOf(page: string): readonly CodeBlock[] {
  return [...page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, name, code]) => ({ name: name!, code: code! }));
}

/**
 * Puts imports before the first one of a source, and entries before the end of SOURCE_KINDS.
 * @param lines imports, an empty line, entries
 */
export function register(source: string, lines: string): string {
  const [imports = '', entries = ''] = lines.split('\n\n');
  const end = source.indexOf('\n};', source.indexOf('export const SOURCE_KINDS'));
  const at = source.indexOf('import ');
  return `${source.slice(0, at)}${imports}\n${source.slice(at, end)}\n${entries.trimEnd()}${source.slice(end)}`;
}

/** A test that ran. */
export interface Outcome {
  readonly tree: string;
  readonly name: string;
  readonly passed: boolean;
}

/** Copies of the gate service with one more source each; what the page does not touch is linked and so the same. */
export class PageTrees {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<PageTrees> {
    const path = await realpath(await mkdtemp(join(tmpdir(), 'changegate-page-')));
    await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'));
    await writeFile(join(path, 'package.json'), JSON.stringify({ type: 'module' }));
    await cp(join(ROOT, 'biome.json'), join(path, 'biome.json'));
    const include = JSON.stringify([`*/${SOURCES}/graphite/*.test.ts`]);
    await writeFile(join(path, 'vitest.config.js'), `export default { test: { include: ${include} } };`);
    const options = {
      extends: join(ROOT, 'tsconfig.json'),
      include: ['graphite', '*.ts'].map((part) => `${WHOLE}/${SOURCES}/${part}`),
    };
    await writeFile(join(path, 'tsconfig.json'), JSON.stringify({ ...options, exclude: [] }));
    return new PageTrees(path);
  }

  /** @param extra further files in the new source's folder */
  async add(tree: string, blocks: readonly CodeBlock[], extra: readonly CodeBlock[] = []): Promise<void> {
    const service = join(ROOT, 'gate-service');
    const here = join(this.path, tree);
    await mkdir(join(here, SOURCES, 'graphite'), { recursive: true });
    await symlink(join(service, 'test'), join(here, 'test'));
    for (const layer of await readdir(join(service, 'src'))) {
      if (layer !== 'adapters') await symlink(join(service, 'src', layer), join(here, 'src', layer));
    }
    for (const source of await readdir(join(service, SOURCES))) {
      if (!source.endsWith('.ts')) await symlink(join(service, SOURCES, source), join(here, SOURCES, source));
    }
    const kinds = await readFile(join(service, SOURCES, 'source-kinds.ts'), 'utf8');
    for (const { name, code } of [...blocks, ...extra]) {
      if (name === 'source-kinds.ts') await writeFile(join(here, SOURCES, name), register(kinds, code));
      else await writeFile(join(here, SOURCES, 'graphite', name), code);
    }
  }

  /** What the compiler and the linter say of the page as it is; empty when all is well. */
  async check(): Promise<string> {
    const types = await this.#run('tsc', ['-p', this.path, '--pretty', 'false']);
    const folder = `${WHOLE}/${SOURCES}/graphite`;
    const style = await this.#run('biome', ['check', '--vcs-enabled=false', '--colors=off', folder]);
    return [types, style].map(({ failed, output }) => (failed ? output : '')).join('');
  }

  /** @param files starts of names of test files, after their tree: `whole/graphite-suite`, or `whole/` for all */
  async test(files: readonly string[]): Promise<readonly Outcome[]> {
    const report = join(this.path, 'report.json');
    const paths = files.map((file) => file.replace('/', `/${SOURCES}/graphite/`));
    const args = ['run', '--root', this.path, '--reporter=json', `--outputFile=${report}`, ...paths];
    const { output } = await this.#run('vitest', args);
    const text = await readFile(report, 'utf8').catch(() => {
      throw new Error(`The tests did not run: ${output.slice(-2_000)}`);
    });
    const { testResults } = JSON.parse(text) as VitestReport;
    return testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ fullName, status }) => ({
        tree: name.slice(this.path.length + 1).split('/')[0]!,
        name: fullName,
        passed: status === 'passed',
      })),
    );
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  #run(command: string, args: readonly string[]): Promise<{ readonly failed: boolean; readonly output: string }> {
    const bin = join(ROOT, 'node_modules/.bin', command);
    const { VITEST: _, VITEST_POOL_ID: __, VITEST_WORKER_ID: ___, ...env } = process.env;
    return new Promise((resolve) => {
      execFile(bin, args, { cwd: this.path, env, timeout: RUN_MS, maxBuffer: 1e8 }, (error, out, err) =>
        resolve({ failed: error !== null, output: `${out}${err}` }),
      );
    });
  }
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}
