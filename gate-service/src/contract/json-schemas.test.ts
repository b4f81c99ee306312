import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OUTPUTS } from '../../scripts/generate/outputs.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('generated files', () => {
  test('include the schemas of the three files', () => {
    const files = OUTPUTS.map(({ file }) => file);
    expect(files).toEqual(
      expect.arrayContaining(['contract', 'kpis', 'policy'].map((name) => `schemas/${name}.schema.json`)),
    );
  });

  test.each(OUTPUTS.filter(({ file }) => file.startsWith('schemas/')))(
    '$file is what the sources make (else: npm run generate)',
    ({ file, make }) => {
      expect(readFileSync(join(ROOT, file), 'utf8')).toBe(make());
    },
  );
});
