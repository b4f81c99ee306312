import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { gateContract } from '../../../test/support/gate-files.ts';
import { ADMIN_TOKEN, GateHarness, START } from '../../../test/support/gate-harness.ts';
import { runCli } from '../program.ts';

type Json = Record<string, unknown>;

let cwd: string;
let harness: GateHarness;
let judged: string;
let pack: Json;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'changegate-recompute-'));
  harness = new GateHarness();
  judged = await harness.stampAndActivate(1, gateContract({ flag: 'flag: one' }));
  await harness.runTo(START + 8 * 86_400_000, 24 * 60);
  vi.stubEnv('CHANGEGATE_URL', await harness.app.listen({ host: '127.0.0.1', port: 0 }));
  vi.stubEnv('CHANGEGATE_TOKEN', ADMIN_TOKEN);
  pack = JSON.parse((await run('evidence', judged)).out) as Json;
  expect((await run('ledger', 'export', '--out', 'ledger.ndjson')).code).toBe(0);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await harness.close();
  rmSync(cwd, { recursive: true });
});

async function run(...args: readonly string[]) {
  const result = { out: '', err: '', code: 0 };
  await runCli(
    ['node', 'changegate', ...args],
    { serve: async () => {}, openSources: () => ({ eventSources: [], sources: new Map() }) },
    {
      out: (text) => {
        result.out += text;
      },
      err: (text) => {
        result.err += text;
      },
      cwd,
      color: false,
      now: () => START,
      exit: (code) => {
        result.code = code;
      },
    },
  );
  return result;
}

function recompute(content: Json, ...args: readonly string[]) {
  writeFileSync(join(cwd, 'pack.json'), JSON.stringify(content));
  return run('recompute', 'pack.json', ...args);
}

const entries = () =>
  readFileSync(join(cwd, 'ledger.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json & { payload: Json });

test('prints the hash of the evidence, which the ledger has', async () => {
  const made = entries().find(({ type }) => type === 'verdict.made')!;
  const { code, out } = await recompute(pack);
  expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`\nevidence ${made.payload.evidence_hash}\n$`))]);
  const known = await recompute(pack, '--ledger', 'ledger.ndjson');
  expect([known.code, known.out]).toEqual([
    0,
    expect.stringContaining(`${made.payload.evidence_hash}: in ledger.ndjson at entry ${made.seq} (verdict.made)\n`),
  ]);
  expect(JSON.parse((await recompute(pack, '--json', '--ledger', 'ledger.ndjson')).out)).toMatchObject({
    equal: true,
    differing: [],
    evidence_hash: made.payload.evidence_hash,
    ledger: { found: true, seq: made.seq },
  });
});

test('evidence that was altered with its verdict recomputes, and is not in the ledger', async () => {
  const evidence = { ...(pack.evidence as Json), judged_at: Number((pack.evidence as Json).judged_at) + 1 };
  const alone = await recompute({ ...pack, evidence });
  expect(alone.code).toBe(0);
  const { code, out } = await recompute({ ...pack, evidence }, '--ledger', 'ledger.ndjson');
  expect([code, out]).toEqual([1, expect.stringContaining(`NOT in ledger.ndjson, which has other evidence for`)]);
  const other = await recompute({ ...pack, revision: 7 }, '--ledger', 'ledger.ndjson');
  expect([other.code, other.out]).toEqual([1, expect.stringContaining('as revision 1, NOT as this one')]);
});

test('a ledger that is broken, empty or erased proves nothing', async () => {
  const write = (list: readonly Json[]) =>
    writeFileSync(join(cwd, 'other.ndjson'), list.map((entry) => JSON.stringify(entry)).join('\n'));
  const check = async () => {
    const { code, out } = await recompute(pack, '--ledger', 'other.ndjson');
    expect(code).toBe(1);
    return out;
  };
  write(entries().map((entry) => ({ ...entry, actor: 'mallory' })));
  expect(await check()).toContain('other.ndjson is broken at entry 1, so it proves nothing');
  write([]);
  expect(await check()).toContain(`which has no verdict of ${judged}`);
  write(entries().map((entry) => ({ ...entry, salt: null, payload: null })));
  expect(await check()).toMatch(/the payload of entry \d+ was erased/);
});

test('names the fields of the verdict that differ', async () => {
  const { reasons: _reasons, ...rest } = pack.verdict as Json;
  const forged = { ...pack, verdict: { ...rest, verdict: 'pass', bonus: 1 } };
  const { code, out } = await recompute(forged);
  expect([code, out]).toEqual([
    1,
    expect.stringContaining('NOT what was recorded, which differs in bonus, reasons, verdict\n'),
  ]);
});

test.each([
  ['{', 'pack.json is not an evidence pack: it is no JSON.'],
  ['{"schema":"x"}', 'is not an evidence pack: "schema" is of the wrong kind, "change_id" is missing, "revision"'],
])('%s is told in a sentence', async (text, message) => {
  writeFileSync(join(cwd, 'pack.json'), text);
  expect(await run('recompute', 'pack.json')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining(message),
  });
});

test('a key or a change that the evidence knows nothing of is refused', async () => {
  expect(await recompute({ ...pack, note: 'checked by audit' })).toMatchObject({
    code: 2,
    err: expect.stringContaining('the key "note" is unknown'),
  });
  expect(await recompute({ ...pack, change_id: 'chg-9-0000000000' })).toMatchObject({
    code: 2,
    err: expect.stringContaining(`it is of chg-9-0000000000, its evidence of ${judged}.`),
  });
});
