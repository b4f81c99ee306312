/**
 * Builds action/dist from the sources: TypeScript to JavaScript, then one bundle. The same sources and lockfile always
 * give the same bytes, so that anyone can check the committed bundle; a test does.
 *
 * `node scripts/build.ts [directory]`: another directory than action/dist, for that check.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const action = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = createRequire(import.meta.url);

/** What the bundle consists of. `package.json` says that index.js is an ES module; without it Node parses it twice. */
export const BUNDLE_FILES = ['index.js', 'licenses.txt', 'package.json'] as const;

function run(cwd: string, script: string, args: readonly string[]): void {
  execFileSync(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The script of a package's command, by its package.json: works wherever npm put it. */
function binary(packageName: string, name: string): string {
  const manifestPath = modules.resolve(`${packageName}/package.json`);
  const { bin } = modules(manifestPath) as { bin: Record<string, string> };
  return join(dirname(manifestPath), bin[name]!);
}

export function build(target: string): void {
  // Below action/, so that ncc finds node_modules and the "type": "module" of action/package.json.
  mkdirSync(join(action, 'lib'), { recursive: true });
  const lib = mkdtempSync(join(action, 'lib', 'build-'));
  try {
    run(action, binary('typescript', 'tsc'), ['-p', 'tsconfig.build.json', '--outDir', lib]);
    const bundle = join(lib, 'bundle');
    // From inside: the bundle's comments name its modules relative to where ncc runs, and `lib` has a random name.
    run(lib, binary('@vercel/ncc', 'ncc'), [
      'build',
      join(lib, 'action/src/main.js'),
      '-o',
      bundle,
      '--license',
      'licenses.txt',
      '--target',
      'es2023',
      '--no-cache',
      '--quiet',
    ]);
    publish(bundle, target);
  } finally {
    rmSync(lib, { recursive: true, force: true });
  }
}

function publish(bundle: string, target: string): void {
  assert.deepEqual(
    readdirSync(bundle).sort(),
    [...BUNDLE_FILES],
    'ncc wrote other files than the bundle should consist of',
  );
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const name of BUNDLE_FILES) cpSync(join(bundle, name), join(target, name));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  build(resolve(process.argv[2] ?? join(action, 'dist')));
}
