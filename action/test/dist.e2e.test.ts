import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE_FILES, build } from '../scripts/build.ts';

const committed = fileURLToPath(new URL('../dist/', import.meta.url));
const built = mkdtempSync(join(tmpdir(), 'changegate-dist-'));
/** Reviewers and runners download it on every run. */
const MAX_BUNDLE_BYTES = 2_600_000;

beforeAll(() => build(built));
afterAll(() => rmSync(built, { recursive: true, force: true }));

describe('the committed bundle', () => {
  test.each(BUNDLE_FILES)('%s is byte for byte what the sources build', (name) => {
    const isEqual = readFileSync(join(built, name)).equals(readFileSync(join(committed, name)));
    expect(isEqual, `action/dist/${name} is stale: run "npm run build" and commit action/dist`).toBe(true);
  });

  test('holds nothing else', () => {
    expect(readdirSync(committed).sort()).toEqual([...BUNDLE_FILES]);
  });

  test('tells no path of the machine that built it', () => {
    const text = readFileSync(join(committed, 'index.js'), 'utf8');
    expect(text).not.toContain(fileURLToPath(new URL('../../', import.meta.url)));
    expect(text).not.toContain('lib/build-');
  });

  test('is an ES module that stays small', () => {
    expect(JSON.parse(readFileSync(join(committed, 'package.json'), 'utf8'))).toEqual({ type: 'module' });
    expect(statSync(join(committed, 'index.js')).size).toBeLessThan(MAX_BUNDLE_BYTES);
  });
});
