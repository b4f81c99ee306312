import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONTRACT_DEFAULTS } from './change-contract.ts';
import { FINDING_CODES } from './finding-codes.ts';
import { FILE_SCHEMAS, makeJsonSchema } from './json-schemas.ts';
import { readChangeFiles } from './read-change-files.ts';

const DOCS = readFileSync(join(import.meta.dirname, '../../../docs/files.md'), 'utf8');

function examples(kind: string): string[] {
  return Array.from(
    DOCS.matchAll(new RegExp(`^\`\`\`yaml ${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm')),
    (match) => match[1]!,
  );
}

/** `guardrails[].kpi` for every key of a JSON Schema. */
function keyPaths(schema: unknown, prefix = ''): string[] {
  const { properties, items, additionalProperties, oneOf } = schema as Record<
    string,
    Record<string, unknown> | undefined
  >;
  if (Array.isArray(oneOf)) return [...new Set(oneOf.flatMap((branch) => keyPaths(branch, prefix)))];
  const nested = typeof additionalProperties === 'object' ? keyPaths(additionalProperties, prefix) : [];
  if (items) return keyPaths(items, `${prefix}[]`);
  const own = Object.entries(properties ?? {}).flatMap(([key, inner]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const below = keyPaths(inner, path);
    return below.length > 0 ? below : [path];
  });
  return [...own, ...nested];
}

describe('docs/files.md', () => {
  const [registry] = examples('kpis');
  const [policy] = examples('policy');

  test('has examples of all three files', () => {
    expect(examples('contract').length).toBeGreaterThanOrEqual(3);
    expect([examples('kpis').length, examples('policy').length]).toEqual([1, 1]);
  });

  test.each(examples('contract').map((text) => [text.split('\n', 3).join(' / '), text]))('is right: %s', (_, text) => {
    const read = readChangeFiles({
      contract: { path: 'contract.yml', text },
      registry: { path: 'kpis.yml', text: registry! },
      policy: { path: 'policy.yml', text: policy! },
    });
    expect(read.findings).toEqual([]);
    expect(read.contract).not.toBeNull();
  });

  test('shows the defaults: the smallest contract says the same as the one with every default written out', () => {
    const [smallest] = examples('contract');
    const written = `${smallest}window: ${CONTRACT_DEFAULTS.window}\nrule: ${CONTRACT_DEFAULTS.rule}\ndesign: ${CONTRACT_DEFAULTS.design}
rollout: { start: ${CONTRACT_DEFAULTS.start}, throttle_to: ${CONTRACT_DEFAULTS.throttleTo} }
stop: { adverse: ${CONTRACT_DEFAULTS.adverse} }\ncoverage_floor: ${CONTRACT_DEFAULTS.coverageFloor}\nfast: []\n`;
    const read = (text: string) =>
      readChangeFiles({ contract: { path: 'c', text }, registry: { path: 'k', text: registry! }, policy: null })
        .contract;
    expect(read(written)).toEqual(read(smallest!));
    for (const value of Object.values(CONTRACT_DEFAULTS)) expect(DOCS).toContain(`| \`${value}\` |`);
  });

  test.each(FILE_SCHEMAS.map((file) => [file.name, file] as const))('explains every key of %s', (_, file) => {
    const missing = keyPaths(makeJsonSchema(file)).filter((path) => !DOCS.includes(`\`${path}\``));
    expect(missing).toEqual([]);
  });

  test('lists every finding code with its meaning, and no other', () => {
    const rows = Array.from(DOCS.slice(DOCS.indexOf('## What findings say')).matchAll(/^\| `(\w+)` \| (.*) \|$/gm));
    expect(Object.fromEntries(rows.map((row) => [row[1], row[2]]))).toEqual(FINDING_CODES);
  });
});
