import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { GATE_REGISTRY, gateContract, REPOSITORY } from '../../test/support/gate-files.ts';
import { ADMIN_TOKEN, GateHarness, START } from '../../test/support/gate-harness.ts';
import { GateError } from '../contract/gate-error.ts';
import { runCli } from './program.ts';

const DAY_MS = 86_400_000;

let harness: GateHarness;
let url: string;
let judged: string;
let cwd: string;

beforeAll(async () => {
  harness = new GateHarness();
  judged = await harness.stampAndActivate(1, gateContract({ flag: 'flag: one' }));
  await harness.runTo(START + 8 * DAY_MS, 24 * 60);
  url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => harness.close());
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'changegate-cli-'));
  vi.stubEnv('CHANGEGATE_URL', url);
  vi.stubEnv('CHANGEGATE_TOKEN', ADMIN_TOKEN);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cwd, { recursive: true, force: true });
});

async function run(args: readonly string[], now = START, serve = async () => {}) {
  const result = { out: '', err: '', code: 0 };
  await runCli(
    ['node', 'changegate', ...args],
    { serve, openSources: () => ({ eventSources: ['web'], sources: new Map() }) },
    {
      out: (text) => {
        result.out += text;
      },
      err: (text) => {
        result.err += text;
      },
      cwd,
      color: false,
      now: () => now,
      exit: (code) => {
        result.code = code;
      },
    },
  );
  return result;
}

async function runJson(args: readonly string[]): Promise<Record<string, unknown>> {
  const { out, err, code } = await run([...args, '--json']);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Record<string, unknown>;
}

/** Names of the commands in a help text. */
function commandsOf(help: string): readonly string[] {
  const list = help.split(/^Commands:$/m)[1]?.split(/^\S/m)[0] ?? '';
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name!).filter((name) => name !== 'help');
}

describe('help', () => {
  test('every command has one, with what it prints and its options', async () => {
    const { out, code } = await run(['--help']);
    expect(code).toBe(0);
    const names = commandsOf(out);
    expect(names).toEqual([
      'serve',
      'validate',
      'replay',
      'stats',
      'recompute',
      'verify',
      'changes',
      'show',
      'evaluate',
      'activate',
      'decide',
      'evidence',
      'ledger',
      'events',
      'quarantine',
      'kpis',
      'kpi',
      'doctor',
      'pause',
      'resume',
      'token',
    ]);
    for (const name of names) {
      const own = await run([name, '--help']);
      expect([name, own.code]).toEqual([name, 0]);
      expect(own.out).toContain(`changegate ${name}`);
      const inner = commandsOf(own.out);
      const texts =
        inner.length === 0
          ? [own.out]
          : await Promise.all(inner.map(async (sub) => (await run([name, sub, '--help'])).out));
      for (const text of texts) {
        expect(text).toMatch(/Usage: changegate/);
        // `serve` answers nothing; `evidence` prints nothing but JSON.
        if (name !== 'serve' && name !== 'evidence') expect(text).toContain('--json');
      }
    }
  });

  test.each([
    ['an unknown command', ['explode']],
    ['an unknown option', ['changes', '--explode']],
    ['a missing argument', ['show']],
    ['a missing option', ['decide', 'chg-1-0123456789']],
    ['an unknown inner command', ['token', 'explode']],
  ])('%s exits with 2 and says why', async (_, args) => {
    const { code, err, out } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toBe('');
  });
});

describe('serve', () => {
  test('runs until it is told to stop', async () => {
    let served = 0;
    expect(
      (
        await run(['serve'], START, async () => {
          served += 1;
        })
      ).code,
    ).toBe(0);
    expect(served).toBe(1);
  });

  test('exits with 78 when the configuration has errors', async () => {
    const { code, err } = await run(['serve'], START, async () => {
      throw new GateError('invalid_config', 'The configuration has 1 problem(s):\n- x', 'See docs/running.md.');
    });
    expect([code, err]).toEqual([78, expect.stringContaining('Next step: See docs/running.md.')]);
  });
});

describe('the service', () => {
  test.each([
    ['a port where nobody listens', 'http://127.0.0.1:1', /ECONNREFUSED|bad port/],
    ['something that is no URL', 'nowhere', /http or https/],
  ])('%s exits with 2', async (_, address, message) => {
    vi.stubEnv('CHANGEGATE_URL', address);
    const { code, err } = await run(['changes']);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
    expect(err).toContain('Next step:');
  });

  test.each([
    ['no token', ''],
    ['a token that it does not know', 'cg_nothing'],
  ])('%s exits with 2', async (_, token) => {
    vi.stubEnv('CHANGEGATE_TOKEN', token);
    const { code, err } = await run(['changes']);
    expect([code, err]).toEqual([2, expect.stringContaining('Next step:')]);
    if (token !== '') expect(err).not.toContain(token);
  });

  test('a page that is no gate service is told as that', async () => {
    vi.stubEnv('CHANGEGATE_URL', `${url}/v1/nothing`);
    expect(await run(['changes'])).toMatchObject({ code: 2, err: expect.stringContaining('There is no GET') });
  });
});

describe('changes', () => {
  test('are listed and shown, as text and as JSON', async () => {
    expect((await run(['changes'])).out).toContain(judged);
    expect((await run(['changes', '--repository', 'a/b'])).out).toBe('No changes.\n');
    expect(await runJson(['changes', '--state', 'judged,watching'])).toMatchObject({
      changes: [{ change_id: judged }],
    });
    expect((await run(['changes', '--state', 'asleep'])).code).toBe(2);
    const { out } = await run(['show', judged]);
    expect(out).toContain('A shorter quote form');
    expect(await runJson(['show', judged])).toMatchObject({ change_id: judged, state: expect.any(String) });
    expect(await run(['show', 'chg-1-0000000000'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no change'),
    });
  });

  test('are evaluated: 1 for what is no pass, 0 while it is pending', async () => {
    expect(await run(['evaluate', judged])).toMatchObject({ code: 1, out: 'inconclusive\n' });
    const pending = await harness.stampAndActivate(7, gateContract({ flag: 'flag: seven' }));
    expect(await run(['evaluate', pending])).toMatchObject({ code: 0, out: 'pending\n' });
    expect(await runJson(['evaluate', pending])).toMatchObject({ verdict: 'pending', new_revision: false });
  });

  test('are activated only with a token for that alone', async () => {
    const { change_id } = await harness.stamp(8, gateContract({ flag: 'flag: eight' }));
    expect(await run(['activate', change_id])).toMatchObject({
      code: 2,
      err: expect.stringContaining('lacks the scope activate'),
    });
    vi.stubEnv('CHANGEGATE_TOKEN', await harness.token(['activate']));
    expect(await runJson(['activate', change_id])).toMatchObject({ change_id, state: 'watching' });
  });

  test('are decided on', async () => {
    const args = ['decide', judged, '--decision', 'rollback', '--by', 'pat', '--reason', 'no evidence'];
    expect(await runJson(args)).toMatchObject({ state: 'decided', decisions: [{ decision: 'rollback', by: 'pat' }] });
    expect((await run(['decide', judged, '--decision', 'explode', '--by', 'pat', '--reason', 'x'])).code).toBe(2);
  });
});

describe('recompute', () => {
  test('finds the verdict again from the pack alone, and finds out a pack that was altered', async () => {
    const { out } = await run(['evidence', judged]);
    writeFileSync(join(cwd, 'pack.json'), out);
    vi.stubEnv('CHANGEGATE_URL', 'http://127.0.0.1:1');
    expect(await run(['recompute', 'pack.json'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('the same as recorded'),
    });
    expect(await runJson(['recompute', 'pack.json'])).toMatchObject({ change_id: judged, equal: true });
    const pack = JSON.parse(out) as { verdict: { verdict: string } };
    pack.verdict.verdict = 'pass';
    writeFileSync(join(cwd, 'forged.json'), JSON.stringify(pack));
    expect(await run(['recompute', 'forged.json'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('NOT what was recorded'),
    });
  });

  test.each([['{}'], ['no json'], ['[]']])('%s is no pack: 2', async (text) => {
    writeFileSync(join(cwd, 'pack.json'), text);
    expect((await run(['recompute', 'pack.json'])).code).toBe(2);
    expect((await run(['recompute', 'nowhere.json'])).code).toBe(2);
    expect((await run(['evidence', 'chg-1-0000000000'])).code).toBe(2);
  });
});

describe('verify', () => {
  let lines: string[];
  let head: string;
  beforeEach(async () => {
    const exported = await runJson(['ledger', 'export', '--out', 'ledger.ndjson']);
    head = `${exported.size}:${exported.hash}`;
    lines = readFileSync(join(cwd, 'ledger.ndjson'), 'utf8').trimEnd().split('\n');
  });
  const write = (text: string) => writeFileSync(join(cwd, 'ledger.ndjson'), text);

  test('0: what was exported verifies, also from standard output', async () => {
    expect(lines.length).toBeGreaterThan(3);
    expect(await run(['verify', 'ledger.ndjson'])).toMatchObject({ code: 0, out: expect.stringContaining(head) });
    expect(await run(['verify', 'ledger.ndjson', '--anchor', head, '--anchor', head])).toMatchObject({ code: 0 });
    write((await run(['ledger', 'export'])).out);
    expect(await runJson(['verify', 'ledger.ndjson'])).toMatchObject({ status: 'ok' });
  });

  test('1: an altered, a missing and a swapped entry', async () => {
    for (const broken of [
      lines.join('\n').replace('A shorter quote form', 'A longer quote form'),
      lines.filter((_, n) => n !== 1).join('\n'),
      [lines[1], lines[0], ...lines.slice(2)].join('\n'),
    ]) {
      write(broken);
      expect(await run(['verify', 'ledger.ndjson'])).toMatchObject({ code: 1, out: expect.stringContaining('broken') });
    }
  });

  test('2: a tail that was cut off', async () => {
    write(lines.slice(0, -1).join('\n'));
    expect((await run(['verify', 'ledger.ndjson'])).code).toBe(0);
    expect((await run(['verify', 'ledger.ndjson', '--anchor', head])).code).toBe(2);
  });

  test('3: a tail that nobody vouches for', async () => {
    const first = JSON.parse(lines[0]!) as { entry_hash: string };
    const result = await run(
      ['verify', 'ledger.ndjson', '--anchor', `1:${first.entry_hash}`],
      harness.business.now() + 2 * DAY_MS,
    );
    expect(result.code).toBe(3);
  });

  test('1, never 2, for what cannot be read', async () => {
    write('no ledger');
    expect((await run(['verify', 'ledger.ndjson'])).code).toBe(1);
    expect((await run(['verify', 'nowhere.ndjson'])).code).toBe(1);
    expect((await run(['verify', 'ledger.ndjson', '--anchor', 'x'])).code).toBe(1);
  });

  test('an export that cannot be written exits with 2', async () => {
    expect(await run(['ledger', 'export', '--out', 'no/such/folder/l.ndjson'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Next step'),
    });
  });
});

describe('events send', () => {
  const line = (n: number) => JSON.stringify({ event: 'quote_viewed', timestamp: '2026-03-02T08:00:00Z', value: n });
  const send = (file: string) => run(['events', 'send', file, '--repository', REPOSITORY, '--json']);

  test('counts nothing twice, however often the file is sent, plain or packed', async () => {
    const text = Array.from({ length: 4_500 }, (_, n) => line(n)).join('\n');
    writeFileSync(join(cwd, 'e.ndjson'), text);
    writeFileSync(join(cwd, 'e.ndjson.gz'), gzipSync(text));
    expect(JSON.parse((await send('e.ndjson')).out)).toMatchObject({ accepted: 4_500, duplicate: 0 });
    const again = await send('e.ndjson.gz');
    expect([again.code, JSON.parse(again.out)]).toEqual([
      0,
      { accepted: 0, duplicate: 4_500, quarantined: 0, rejected: 0 },
    ]);
  });

  test('two equal stretches of one file are both counted', async () => {
    writeFileSync(join(cwd, 'e.ndjson'), `${line(-1)}\n`.repeat(4_000));
    expect(JSON.parse((await send('e.ndjson')).out)).toMatchObject({ accepted: 4_000, duplicate: 0 });
  });

  test('long lines make smaller batches', async () => {
    const long = (n: number) =>
      JSON.stringify({ event: 'x', timestamp: '2026-03-02T08:00:00Z', value: n, padding: 'p'.repeat(15_000) });
    writeFileSync(join(cwd, 'e.ndjson'), Array.from({ length: 500 }, (_, n) => long(n)).join('\n'));
    const { code, out } = await send('e.ndjson');
    expect([code, JSON.parse(out)]).toEqual([1, { accepted: 0, duplicate: 0, quarantined: 0, rejected: 500 }]);
  });

  test('each line that was not taken is named with its place in the file', async () => {
    writeFileSync(join(cwd, 'e.ndjson'), `${`${line(-2)}\n`.repeat(2_500)}broken\n`);
    const { code, err } = await send('e.ndjson');
    expect([code, err]).toEqual([1, expect.stringContaining('e.ndjson:2501 rejected: not JSON')]);
  });

  test.each([['nowhere.ndjson'], ['.']])('%s cannot be read: 2', async (file) => {
    expect((await send(file)).code).toBe(2);
  });

  test('without a repository the service says what is missing: 2', async () => {
    writeFileSync(join(cwd, 'e.ndjson'), line(1));
    expect(await run(['events', 'send', 'e.ndjson'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('repository'),
    });
  });
});

describe('the rest', () => {
  test('kpis register', async () => {
    writeFileSync(join(cwd, 'kpis.yml'), GATE_REGISTRY);
    expect(await runJson(['kpis', 'register', 'kpis.yml', '--repository', REPOSITORY])).toMatchObject({
      registered: ['booking', 'errors'],
    });
    writeFileSync(join(cwd, 'kpis.yml'), 'booking: {}\n');
    expect((await run(['kpis', 'register', 'kpis.yml', '--repository', REPOSITORY])).code).toBe(2);
  });

  test('pause and resume', async () => {
    const why = ['--by', 'pat', '--reason', 'a test'];
    expect(await runJson(['pause', ...why])).toMatchObject({ paused: true, by: 'pat' });
    expect((await run(['pause', ...why])).out).toBe('The watch is paused.\n');
    expect(await runJson(['resume', ...why])).toMatchObject({ paused: false });
    expect((await run(['resume', ...why])).code).toBe(2);
  });

  test('token create and revoke: the secret alone on standard output, so that it can be piped', async () => {
    const made = await run(['token', 'create', '--scopes', 'ingest,read', '--repository', REPOSITORY, '--days', '7']);
    expect(made.out).toMatch(/^cg_[0-9a-f]{12}_[\w-]{43}\n$/);
    expect(made.err).toContain('ingest, read');
    const id = made.out.split('_')[1]!;
    expect((await run(['token', 'revoke', id])).out).toBe(`Token ${id} is revoked.\n`);
    expect((await run(['token', 'revoke', id])).code).toBe(2);
    expect(await runJson(['token', 'create', '--scopes', 'activate'])).toMatchObject({ scopes: ['activate'] });
    for (const wrong of [
      ['--scopes', 'activate,read'],
      ['--scopes', 'root'],
      ['--scopes', 'read', '--days', 'soon'],
      ['--scopes', 'read', '--days', '400'],
    ]) {
      expect((await run(['token', 'create', ...wrong])).code).toBe(2);
    }
  });
});
