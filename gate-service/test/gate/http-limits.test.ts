import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVENT_LIMITS } from '../../src/contract/api/event.ts';
import { ERROR_TABLE } from '../../src/contract/gate-error.ts';
import { REPOSITORY, stampBody } from '../support/gate-files.ts';
import { type Call, GateHarness } from '../support/gate-harness.ts';

let harness: GateHarness;
beforeAll(() => {
  harness = new GateHarness();
});
afterAll(() => harness.close());

interface ErrorBody {
  readonly error: { readonly code: keyof typeof ERROR_TABLE; readonly message: string; readonly remedy: string };
}

/** Sends it, and expects one of the table's errors with the status that the table gives it. */
async function refusal(method: 'GET' | 'POST' | 'PUT', url: string, call: Call): Promise<ErrorBody['error']> {
  const { status, body, response } = await harness.call<ErrorBody>(method, url, call);
  expect(Object.keys(body)).toEqual(['error']);
  expect(status).toBe(ERROR_TABLE[body.error.code].status);
  expect(body.error.message).not.toBe('');
  expect(body.error.remedy).not.toBe('');
  expect(response.headers['cache-control']).toBe('no-store');
  return body.error;
}

const NDJSON = 'application/x-ndjson';
const line = (n: number) =>
  JSON.stringify({ event: 'quote_viewed', timestamp: '2026-03-02T08:00:00Z', event_id: `limit-${n}` });
const ingest = async (
  payload: string | Buffer,
  headers: Record<string, string> = {},
  type = NDJSON,
): Promise<Call> => ({
  token: await harness.token(['ingest']),
  raw: { type, payload },
  headers,
});

describe('events', () => {
  test('a body over the limit', async () => {
    const error = await refusal('POST', '/v1/events', await ingest(' '.repeat(EVENT_LIMITS.batchBytes + 1)));
    expect(error.code).toBe('too_large');
  });

  test('a gzip body that is small but inflates over the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(EVENT_LIMITS.batchBytes * 20, 0x20));
    expect(bomb.length).toBeLessThan(200_000);
    const error = await refusal('POST', '/v1/events', await ingest(bomb, { 'content-encoding': 'gzip' }));
    expect(error.code).toBe('too_large');
  });

  test('gzip that is none, that is cut, and an encoding that nobody knows', async () => {
    for (const [payload, encoding] of [
      ['plain', 'gzip'],
      [gzipSync(line(1)).subarray(0, 20), 'gzip'],
      [line(1), 'br'],
      [gzipSync(gzipSync(line(1))), 'gzip, gzip'],
    ] as const) {
      const error = await refusal('POST', '/v1/events', await ingest(payload, { 'content-encoding': encoding }));
      expect(error.code).toBe('invalid_request');
    }
  });

  test('gzip however the header is written', async () => {
    for (const encoding of ['gzip', 'GZIP', 'x-gzip']) {
      const call = await ingest(gzipSync(line(2)), { 'content-encoding': encoding });
      expect((await harness.call('POST', '/v1/events', call)).status).toBe(202);
    }
  });

  test('one line too many, with and without a line break at the end', async () => {
    const lines = Array.from({ length: EVENT_LIMITS.batchLines }, () => '');
    const full = `${lines.join('\n')}`;
    expect((await harness.call('POST', '/v1/events', await ingest(full))).status).toBe(202);
    expect((await harness.call('POST', '/v1/events', await ingest(`${full}\n`))).status).toBe(202);
    const error = await refusal('POST', '/v1/events', await ingest(`${full}\n\n`));
    expect(error.code).toBe('too_large');
  });

  test('bytes that are not UTF-8', async () => {
    const error = await refusal(
      'POST',
      '/v1/events',
      await ingest(Buffer.from(line(3).replace('limit', 'caf\u00e9'), 'latin1')),
    );
    expect(error.code).toBe('invalid_request');
  });

  test.each([['application/json'], ['text/plain'], ['application/xml']])('the content type %s', async (type) => {
    const error = await refusal('POST', '/v1/events', await ingest(line(4), {}, type));
    expect(error.code).toBe('invalid_request');
  });

  test('an idempotency key that is no key', async () => {
    for (const key of ['a'.repeat(81), 'with space']) {
      const error = await refusal('POST', '/v1/events', await ingest(line(5), { 'idempotency-key': key }));
      expect(error.code).toBe('invalid_request');
    }
  });
});

describe('JSON bodies', () => {
  const stamp = async (payload: string, type = 'application/json'): Promise<Call> => ({
    token: await harness.token(['stamp']),
    raw: { type, payload },
  });

  test('a body over the limit', async () => {
    const body = { ...stampBody(1), padding: 'x'.repeat(1_048_576) };
    expect((await refusal('POST', '/v1/changes', await stamp(JSON.stringify(body)))).code).toBe('too_large');
  });

  test.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['a list', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['a key that is not known', JSON.stringify({ ...stampBody(1), extra: 1 })],
    ['a key of the prototype', `{"__proto__":{"admin":true},${JSON.stringify(stampBody(1)).slice(1)}`],
    ['a constructor of the prototype', `{"constructor":{"prototype":{}},${JSON.stringify(stampBody(1)).slice(1)}`],
    [
      'a nested key of the prototype',
      JSON.stringify({ ...stampBody(1), contract: 0 }).replace(':0', ':{"__proto__":{}}'),
    ],
    ['a short commit', JSON.stringify({ ...stampBody(1), commit_sha: 'abc' })],
    ['a repository with a path', JSON.stringify({ ...stampBody(1), repository: '../../etc' })],
  ])('%s', async (_, payload) => {
    expect((await refusal('POST', '/v1/changes', await stamp(payload))).code).toBe('invalid_request');
  });

  test.each([['text/plain'], ['application/x-www-form-urlencoded'], [NDJSON]])('the content type %s', async (type) => {
    expect((await refusal('POST', '/v1/changes', await stamp(JSON.stringify(stampBody(1)), type))).code).toBe(
      'invalid_request',
    );
  });

  test('all problems are told together', async () => {
    const { message } = await refusal(
      'POST',
      '/v1/changes',
      await stamp(JSON.stringify({ ...stampBody(1), commit_sha: 'x', actor: '' })),
    );
    expect(message).toContain('body.commit_sha');
    expect(message).toContain('body.actor');
  });

  test('files with errors are told with every finding', async () => {
    const body = { ...stampBody(1), contract: { path: 'c.yml', text: 'hypothesis: x\n' } };
    const { status, body: answer } = await harness.call<{ error: { code: string; context: { findings: unknown[] } } }>(
      'POST',
      '/v1/changes',
      await stamp(JSON.stringify(body)),
    );
    expect([status, answer.error.code]).toEqual([422, 'invalid_files']);
    expect(answer.error.context.findings.length).toBeGreaterThan(1);
  });

  test('a rollout that leaves no control is refused with its own code', async () => {
    const body = stampBody(1);
    body.contract.text += 'design: concurrent\nrollout: { start: 100%, throttle_to: 5% }\n';
    expect((await refusal('POST', '/v1/changes', await stamp(JSON.stringify(body)))).code).toBe('design_not_supported');
  });
});

describe('queries and paths', () => {
  test.each([
    ['a key twice', `/v1/changes?repository=${REPOSITORY}&repository=${REPOSITORY}`],
    ['a key that is not known', '/v1/changes?repo=a/b'],
    ['a key where none is allowed', '/v1/pause?verbose=1'],
    ['a key of the prototype', '/v1/changes?__proto__=1'],
    ['a state that is none', '/v1/changes?state=watching,asleep'],
    ['an empty state', '/v1/changes?state='],
    ['a limit that is no number', '/v1/changes?limit=-1'],
    ['a repository that is none', '/v1/changes?repository=nothing'],
    ['a path that cannot be decoded', '/v1/changes/%E0%A4%A'],
  ])('%s', async (_, url) => {
    const token = await harness.token(['read']);
    expect((await refusal('GET', url, { token })).code).toBe('invalid_request');
  });

  test.each([
    ['a path that is not there', '/v1/nothing'],
    ['a change id that is none', '/v1/changes/1%20OR%201=1'],
    ['a path that climbs', '/v1/changes/..%2f..%2fetc%2fpasswd'],
    ['a parameter that is very long', `/v1/changes/${'a'.repeat(90)}`],
  ])('%s', async (_, url) => {
    const token = await harness.token(['read']);
    expect((await refusal('GET', url, { token })).code).toBe('not_found');
  });

  test('another method', async () => {
    expect((await refusal('PUT', '/v1/changes', { token: await harness.token(['read']) })).code).toBe('not_found');
  });
});
