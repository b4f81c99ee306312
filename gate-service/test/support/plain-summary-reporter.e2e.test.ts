import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const VITEST = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));
const REPORTER = fileURLToPath(new URL('plain-summary-reporter.ts', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plain-summary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A real run of vitest over the given test files, as a terminal or as CI starts it. */
function runVitest(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source);
  const args = [VITEST, 'run', '--globals', '--root', folder, '--reporter', 'default', '--reporter', REPORTER];
  const inherited = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? folder, NO_COLOR: '1' };
  const { status, stdout } = spawnSync(process.execPath, args, { env: { ...inherited, ...env }, encoding: 'utf8' });
  return { status, stdout, lastLine: stdout.split('\n').at(-2), end: stdout.slice(-1) };
}

const PASSES = "test('passes', () => {});";
const left = 'skip';

describe('the plain summary', () => {
  test('is the last line of a run that passes', () => {
    const run = runVitest({ 'a.test.ts': `${PASSES} describe('more', () => { ${PASSES} });`, 'b.test.ts': PASSES });
    expect(run).toMatchObject({ status: 0, lastLine: '3 passed, 0 failed, 0 skipped', end: '\n' });
  });

  test('counts what passed, failed and was skipped', () => {
    const source = `${PASSES} test('fails', () => { expect(1).toBe(2); }); test.${left}('left out', () => {});`;
    expect(runVitest({ 'a.test.ts': source })).toMatchObject({ status: 1, lastLine: '1 passed, 1 failed, 1 skipped' });
  });

  test.each([
    ['a file that does not load', "import './nowhere.ts';"],
    [
      'a suite whose preparation fails',
      "describe('s', () => { beforeAll(() => { throw Error('no'); }); test('t', () => {}); });",
    ],
    [
      'an error that nobody catches',
      `test('t', async () => { void Promise.reject(Error('no')); await new Promise((r) => setTimeout(r, 50)); });`,
    ],
  ])('counts %s as a failure', (_what, source) => {
    const run = runVitest({ 'a.test.ts': source, 'b.test.ts': PASSES });
    expect(run.status).toBe(1);
    expect(run.lastLine).toMatch(/^[12] passed, 1 failed, [01] skipped$/);
  });
});

describe('a skipped test', () => {
  const files = { 'a.test.ts': `describe('real parts', () => { test.skipIf(true)('answer', () => {}); }); ${PASSES}` };

  test('passes outside CI', () => {
    expect(runVitest(files)).toMatchObject({ status: 0, lastLine: '1 passed, 0 failed, 1 skipped' });
  });

  test('fails the run in CI, by its name', () => {
    const run = runVitest(files, { CI: 'true' });
    expect(run).toMatchObject({ status: 1, lastLine: '1 passed, 0 failed, 1 skipped' });
    expect(run.stdout).toContain('In CI every test has to run. Skipped:\n  a.test.ts > real parts > answer\n');
  });

  test('fails it also when the test skips itself', () => {
    const run = runVitest({ 'a.test.ts': `test('gives up', ({ skip }) => { skip('no server'); });` }, { CI: '1' });
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('  a.test.ts > gives up\n');
  });
});
