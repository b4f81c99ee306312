import { createHash, createHmac } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig, SECRET_NAMES } from '../../src/config/read-config.ts';
import { EVENT_LIMITS, EventLineSchema } from '../../src/contract/api/event.ts';
import { LINE_OUTCOMES, SCOPES } from '../../src/contract/api/requests.ts';
import { canonicalJson } from '../../src/domain/model/canonical-json.ts';
import { QUARANTINE_REASONS } from '../../src/domain/model/event.ts';
import { TIMEOUTS_MS } from '../../src/http/server.ts';
import { readRepositoryFile } from '../architecture/repository-files.ts';
import { gateContract } from '../support/gate-files.ts';
import { GateHarness } from '../support/gate-harness.ts';

const EVENTS = readRepositoryFile('docs/events.md');
const RUNNING = readRepositoryFile('docs/running.md');
const API = readRepositoryFile('docs/api.md');
const RELIABILITY = readRepositoryFile('docs/reliability.md');

let harness: GateHarness;
beforeAll(() => {
  harness = new GateHarness();
});
afterAll(() => harness.close());

/** The text of the fenced block with this info string. */
function block(text: string, info: string): string {
  const found = new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)\\n\`\`\`$`, 'm').exec(text)?.[1];
  if (found === undefined) throw new Error(`no block "${info}"`);
  return found;
}

/** First cells in backticks of the tables whose rows have so many cells. */
const firstCells = (text: string) => [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell]) => cell!);

test('the time limits are those of the server', () => {
  const { headers, request, silence } = TIMEOUTS_MS;
  const { requestTimeout, timeout } = harness.app.server;
  expect([requestTimeout, timeout]).toEqual([request, silence]);
  const said = `headers within ${headers / 1000} s, the request within ${request / 1000} s, the connection closed after ${silence / 1000} s`;
  expect(RELIABILITY).toContain(said);
  expect(RUNNING).toContain(`silent for ${silence / 1000} s`);
});

describe('docs/events.md', () => {
  test('the worked example of the hash is right, and the gate takes it', async () => {
    const event = JSON.parse(block(EVENTS, 'json event')) as Record<string, unknown>;
    const canonical = block(EVENTS, 'json canonical');
    expect(canonicalJson(event)).toBe(canonical);
    const key = 'an-ingest-key-of-32-characters-ok';
    const plain = createHash('sha256').update(canonical).digest('hex');
    const keyed = createHmac('sha256', key).update(canonical).digest('hex');
    expect(EVENTS).toContain(`| none | \`${plain}\` |`);
    expect(EVENTS).toContain(`| \`${key}\` | \`${keyed}\` |`);
    const start = Date.parse(String(event.timestamp));
    for (const [hash, ingestHmacKey] of [
      [plain, null],
      [keyed, key],
    ] as const) {
      const gate = new GateHarness({ start, ingestHmacKey, requireHash: true });
      expect((await gate.send([{ ...event, hash }])).body).toMatchObject({ accepted: 1 });
      await gate.close();
    }
  });

  test('the lines for an application work as they stand', async () => {
    const now = new GateHarness({ start: Date.now() });
    const changeId = await now.stampAndActivate(1, gateContract({ flag: 'flag: short-quote-form' }));
    const token = await now.token(['ingest']);
    const answers: unknown[] = [];
    const fakeFetch = async (url: string, request: { headers: Record<string, string>; body: string }) => {
      const path = url.replace('http://gate', '');
      answers.push(
        (await now.app.inject({ method: 'POST', url: path, headers: request.headers, payload: request.body })).json(),
      );
    };
    const code = `return (async () => {\n${block(EVENTS, 'js app')}\n})();`;
    const run = new Function('unleash', 'userId', 'fetch', 'process', code);
    await run({ isEnabled: () => true }, 'customer-7', fakeFetch, {
      env: { CHANGEGATE_URL: 'http://gate', CHANGEGATE_TOKEN: token },
    });
    const accepted = { accepted: 1, duplicate: 0, quarantined: 0, rejected: 0, lines: [] };
    expect(answers).toEqual([accepted, accepted]);
    const counts = await now.gate.store.transaction((tx) => tx.events.counts(changeId));
    expect(counts.accepted).toBe(2);
    await now.close();
  });

  test('names every field, outcome, reason and limit', () => {
    const shape = (EventLineSchema as unknown as { shape: Record<string, unknown> }).shape;
    for (const field of Object.keys(shape)) expect(EVENTS).toMatch(new RegExp(`^\\| [^|]*\`${field}\``, 'm'));
    const cells = firstCells(EVENTS);
    for (const word of [...LINE_OUTCOMES, ...QUARANTINE_REASONS]) expect(cells).toContain(word);
    for (const limit of Object.values(EVENT_LIMITS)) expect(EVENTS).toContain(limit.toLocaleString('en-US'));
  });
});

describe('docs/running.md', () => {
  const SECRETS = { CHANGEGATE_SECRET: 'x'.repeat(16), UNLEASH_WATCH_TOKEN: 'user:w', UNLEASH_CLIENT_TOKEN: 'c' };

  test('the configuration shows every key with its default', () => {
    const directory = mkdtempSync(join(tmpdir(), 'changegate-docs-'));
    const read = (text: string) => {
      const path = join(directory, 'changegate.yml');
      writeFileSync(path, text);
      return readConfig({ ...SECRETS, CHANGEGATE_CONFIG: path });
    };
    const shown = block(RUNNING, 'yaml config');
    expect(read(shown)).toEqual(read('unleash: { url: https://unleash.example.com }'));
    const keys = [...shown.matchAll(/^( *)([a-z_]+):(?= *\S*)/gm)].map(
      ([, indent, key]) => [indent!.length, key!] as const,
    );
    let parent = '';
    for (const [indent, key] of keys) {
      if (indent === 0) parent = key;
      const leaf = indent === 0 ? null : parent === 'sources' ? null : `${parent}.${key}`;
      if (leaf) expect(RUNNING).toContain(`\`${leaf}\``);
    }
    rmSync(directory, { recursive: true, force: true });
  });

  test('names every variable and every scope', () => {
    const cells = firstCells(RUNNING);
    expect(cells.filter((cell) => /^(CHANGEGATE|UNLEASH)_/.test(cell)).sort()).toEqual(
      ['CHANGEGATE_CONFIG', ...SECRET_NAMES].sort(),
    );
    for (const scope of SCOPES) expect(cells).toContain(scope);
  });

  test('after a clean stop the one file is the whole store', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'changegate-backup-'));
    const path = join(directory, 'gate.db');
    const before = new GateHarness({ path });
    const { change_id } = await before.stamp();
    await before.close();
    expect(readdirSync(directory).filter((file) => file.endsWith('-wal') || file.endsWith('-shm'))).toEqual([]);
    const copy = join(directory, 'copy.db');
    copyFileSync(path, copy);
    const after = new GateHarness({ path: copy, seed: 9 });
    expect((await after.show(change_id)).state).toBe('stamped');
    await after.close();
    expect(existsSync(copy)).toBe(true);
    rmSync(directory, { recursive: true, force: true });
  });
});

describe('docs/api.md', () => {
  test('has the route table, row by row', () => {
    const rows = [...API.matchAll(/^\| `(GET|POST|PUT|DELETE)` \| `([^`]+)` \| (.+?) \| (.+?) \|$/gm)].map((match) =>
      match.slice(1),
    );
    expect(rows).toEqual(
      harness.routes.map(({ method, path, scope, wholeService, summary }) => [
        method,
        path.replace(/:([a-z_]+)/g, '<$1>'),
        scope === null ? 'none' : `\`${scope}\`${wholeService ? ', service' : ''}`,
        summary,
      ]),
    );
  });

  test.each([
    ['docs/api.md', API],
    ['docs/events.md', EVENTS],
    ['docs/running.md', RUNNING],
  ])('the links of %s lead somewhere', (_, text) => {
    for (const [, target] of text.matchAll(/\]\(([a-z-]+\.md)\)/g))
      expect(() => readRepositoryFile(`docs/${target}`)).not.toThrow();
  });
});
