import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { toWire } from '../../contract/wire-case.ts';
import { EMPTY_LEDGER, entryHash, payloadHash } from '../../domain/model/ledger-chain.ts';
import type { LedgerEntryWithPayload } from '../../domain/model/ledger-entry.ts';
import { runCli } from '../program.ts';

const cwd = mkdtempSync(join(tmpdir(), 'changegate-verify-'));
afterAll(() => rmSync(cwd, { recursive: true }));

const entries: LedgerEntryWithPayload[] = [];
for (let seq = 1; seq <= 4; seq++) {
  const salt = `${seq}`.repeat(32);
  const payload = { note: `entry ${seq}` };
  const rest = {
    seq,
    ts: seq * 1000,
    type: 'alert.raised' as const,
    actor: 'changegate',
    repository: 'a/b',
    changeId: null,
    payloadHash: payloadHash(salt, payload),
  };
  const prevHash = entries.at(-1)?.entryHash ?? EMPTY_LEDGER.hash;
  entries.push({ ...rest, prevHash, entryHash: entryHash(prevHash, rest), salt, payload });
}
const lines = entries.map((entry) => toWire(entry) as Record<string, unknown>);
const textOf = (list: readonly unknown[]) => list.map((line) => `${JSON.stringify(line)}\n`).join('');

async function verify(text: string, ...args: readonly string[]) {
  writeFileSync(join(cwd, 'ledger.ndjson'), text);
  const result = { out: '', err: '', code: 0 };
  await runCli(
    ['node', 'changegate', 'verify', 'ledger.ndjson', ...args],
    { serve: async () => {}, openSources: () => ({ eventSources: [], sources: new Map() }) },
    {
      out: (part) => {
        result.out += part;
      },
      err: (part) => {
        result.err += part;
      },
      cwd,
      color: false,
      now: () => 5000,
      exit: (code) => {
        result.code = code;
      },
    },
  );
  return result;
}

test('what was erased is named, in text and in JSON', async () => {
  expect((await verify(textOf(lines))).out).toMatch(/^ok: 4 entries, head 4:[0-9a-f]{64}\n$/);
  const some = textOf(lines.map((line, at) => (at === 0 || at === 2 ? { ...line, salt: null, payload: null } : line)));
  expect(await verify(some)).toMatchObject({ code: 0, out: expect.stringMatching(/\n2 payloads erased: seq 1, 3\n$/) });
  expect(JSON.parse((await verify(some, '--json')).out)).toMatchObject({ status: 'ok', erased: [1, 3] });
});

test('an empty export verifies nothing', async () => {
  for (const text of ['', '\n\n'])
    expect(await verify(text)).toMatchObject({ code: 1, out: 'nothing to verify: the export has no entry\n' });
  expect(await verify('', '--anchor', `4:${'a'.repeat(64)}`)).toMatchObject({ code: 2 });
});

test.each([
  ['{"seq":', 'line 2 is not an entry of a ledger export: it is no JSON.'],
  ['[]', 'line 2 is not an entry of a ledger export: it is no JSON object.'],
  [JSON.stringify({ ...lines[1], note: 1 }), 'line 2 is not an entry of a ledger export: the key "note" is unknown.'],
  [JSON.stringify({ ...lines[1], seq: '2' }), 'line 2 is not an entry of a ledger export: "seq" is of the wrong kind.'],
  ['{}', '"seq" is missing, "ts" is missing, "type" is missing, and 8 more problems.'],
])('%s is told in a sentence', async (line, message) => {
  const { code, out, err } = await verify(`${textOf(lines.slice(0, 1))}${line}\n`);
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain(message);
  expect(err).toContain('Next step: Make one with: changegate ledger export');
});
