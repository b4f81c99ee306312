import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/contract/gate-error.ts';
import { readRepositoryFile } from '../architecture/repository-files.ts';

const ROW = /^\| `(?<code>[^`]+)` \| (?<status>\d{3}) \| (?<meaning>.+?) \|$/gm;

test('docs/errors.md lists exactly the error table, in its order', () => {
  const documented = [...readRepositoryFile('docs/errors.md').matchAll(ROW)].map(({ groups }) => groups);
  const table = Object.entries(ERROR_TABLE).map(([code, { status, meaning }]) => ({
    code,
    status: String(status),
    meaning,
  }));
  expect(documented).toEqual(table);
});

test('every line of the table in docs/errors.md can be read', () => {
  const lines = readRepositoryFile('docs/errors.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(lines.filter((line) => !new RegExp(ROW.source).test(line))).toEqual([]);
});
