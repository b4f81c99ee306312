import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { EventClient, type EventClientOptions, type EventProblem } from './index.ts';

const TAKEN = { accepted: 0, duplicate: 0, quarantined: 0, rejected: 0, lines: [] };
type Answer = (lines: readonly string[], response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A gate that answers one batch after the other as told, the last answer for all that follow. */
async function gateThat(...answers: readonly Answer[]): Promise<{ url: string; batches: string[][] }> {
  const batches: string[][] = [];
  const server = createServer(async (request, response) => {
    const lines = gunzipSync(await bodyOf(request))
      .toString('utf8')
      .split('\n');
    batches.push(lines);
    answers[Math.min(batches.length, answers.length) - 1]!(lines, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, batches };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const take = json(202, TAKEN);

function clientOf(url: string, options: Partial<EventClientOptions> = {}) {
  const problems: EventProblem[] = [];
  const client = new EventClient({
    url,
    token: 'a-token',
    pauseMs: [1, 5],
    onProblem: (problem) => problems.push(problem),
    ...options,
  });
  return { client, problems };
}

const ids = (batches: readonly (readonly string[])[]) =>
  batches.flat().map((line) => (JSON.parse(line) as { event_id: string }).event_id);

describe('what is sent', () => {
  test('one batch, each event with its own id, a time and a hash', async () => {
    const { url, batches } = await gateThat(take);
    const { client } = clientOf(url);
    for (let i = 0; i < 3; i++) expect(client.send({ event: 'quote_viewed', user_id: `u${i}` })).toBe(true);
    expect(await client.close()).toBe(true);
    expect(batches).toHaveLength(1);
    expect(new Set(ids(batches)).size).toBe(3);
    for (const line of batches[0]!) {
      const event = JSON.parse(line) as Record<string, string>;
      expect(event.timestamp).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
      expect(event.hash).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(client.stats).toEqual({ waiting: 0, delivered: 3, refused: 0, invalid: 0, dropped: 0, failedCalls: 0 });
  });

  // The hashes of docs/events.md, "The hash".
  test.each([
    [null, '247138a28a4f6bf9065218733ef39315e20ee6cee0e783173fba8c337639a22e'],
    ['an-ingest-key-of-32-characters-ok', '3ec54d9f15e65aeb1dc087b31f53fcfb3077e89de5ac62ff95a90be8e543a683'],
  ])('the hash with the key %s is the documented one', async (ingestKey, hash) => {
    const { url, batches } = await gateThat(take);
    const { client } = clientOf(url, ingestKey === null ? {} : { ingestKey });
    client.send({
      event: 'quote_viewed',
      timestamp: '2026-11-02T09:15:00Z',
      event_id: '01JBNQ5W8M',
      user_id: 'customer-7',
      status: 'success',
    });
    await client.close();
    expect(JSON.parse(batches[0]![0]!)).toMatchObject({ hash });
  });

  test('full batches at once, the rest after the wait', async () => {
    const { url, batches } = await gateThat(take);
    const { client } = clientOf(url, { batchEvents: 4, flushMs: 5 });
    for (let i = 0; i < 10; i++) client.send({ event: 'e', event_id: `id-${i}` });
    await expect.poll(() => client.stats.delivered).toBe(10);
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(ids(batches)).toEqual(Array.from({ length: 10 }, (_, i) => `id-${i}`));
  });
});

describe('faults', () => {
  test.each([
    ['503 with Retry-After', json(503, {}, { 'retry-after': '0' })],
    ['429', json(429, {})],
    ['401, as tokens are renewed', json(401, { error: { code: 'unauthorised', message: 'No.', remedy: 'Renew it.' } })],
    ['HTML with 202', ((_, response) => response.writeHead(202).end('<html>')) satisfies Answer],
    ['a cut connection', ((_, response) => response.destroy()) satisfies Answer],
  ])('%s: the same events come again, in the same order, with the same ids', async (_, fault) => {
    const { url, batches } = await gateThat(fault, fault, take);
    const { client, problems } = clientOf(url);
    client.send({ event: 'e', event_id: 'a' });
    client.send({ event: 'e', event_id: 'b' });
    expect(await client.close()).toBe(true);
    expect(batches).toHaveLength(3);
    expect(new Set(batches.map((batch) => batch.join('\n'))).size).toBe(1);
    expect(client.stats).toMatchObject({ delivered: 2, failedCalls: 2, dropped: 0 });
    expect(problems.map(({ kind }) => kind)).toEqual(['unreachable', 'unreachable']);
  });

  test('an answer that never comes is given up at the deadline, and asked for again', async () => {
    const { url, batches } = await gateThat(() => undefined, take);
    const { client } = clientOf(url, { deadlineMs: 50 });
    client.send({ event: 'e' });
    expect(await client.close()).toBe(true);
    expect(batches).toHaveLength(2);
  });

  test('a batch that is too large is halved until it fits', async () => {
    const tooLarge = json(413, {});
    const { url, batches } = await gateThat(tooLarge, tooLarge, take);
    const { client } = clientOf(url);
    for (let i = 0; i < 8; i++) client.send({ event: 'e', event_id: `${i}` });
    expect(await client.close()).toBe(true);
    expect(batches.map((batch) => batch.length)).toEqual([8, 4, 2, 2, 2, 2]);
    expect(client.stats.delivered).toBe(8);
  });

  test('one event that nothing on the way takes is given up', async () => {
    const { url } = await gateThat(json(413, {}));
    const { client, problems } = clientOf(url);
    client.send({ event: 'e' });
    expect(await client.close()).toBe(true);
    expect(client.stats).toMatchObject({ delivered: 0, refused: 1 });
    expect(problems[0]).toMatchObject({ kind: 'refused', events: 1 });
  });

  test('a batch that is refused for good is not sent again', async () => {
    const { url, batches } = await gateThat(
      json(400, { error: { code: 'invalid_request', message: 'The body is not UTF-8.', remedy: 'Send UTF-8.' } }),
    );
    const { client, problems } = clientOf(url);
    client.send({ event: 'e' });
    expect(await client.close()).toBe(true);
    expect(batches).toHaveLength(1);
    expect(problems).toEqual([{ kind: 'refused', events: 1, message: 'The body is not UTF-8. Send UTF-8.' }]);
  });

  test('lines that the gate refuses are counted by reason, the others are delivered', async () => {
    const lines = [
      { line: 1, outcome: 'quarantined', reason: 'skew' },
      { line: 2, outcome: 'duplicate', reason: 'seen' },
      { line: 3, outcome: 'rejected', reason: 'no event' },
    ];
    const { url } = await gateThat(json(202, { ...TAKEN, lines }));
    const { client, problems } = clientOf(url);
    for (let i = 0; i < 4; i++) client.send({ event: 'e' });
    await client.close();
    expect(client.stats).toMatchObject({ delivered: 2, refused: 2 });
    expect(problems).toEqual([
      { kind: 'refused', events: 1, message: 'skew' },
      { kind: 'refused', events: 1, message: 'no event' },
    ]);
  });
});

describe('the application is never disturbed', () => {
  const circular: Record<string, unknown> = { event: 'e' };
  circular.self = circular;
  test.each([
    ['no event name', {}],
    ['a number that is none', { event: 'e', value: Number.NaN }],
    ['a field that nobody knows', { event: 'e', colour: 'red' }],
    ['a cycle', circular],
    ['a time that is none', { event: 'e', timestamp: new Date(Number.NaN) }],
    [
      'a line that is too long',
      { event: 'e', flags: Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`a-long-flag-name-${i}`, 'on'])) },
    ],
    ['nothing at all', null],
  ])('%s is refused with a reason, not thrown', (_, event) => {
    const { client, problems } = clientOf('http://127.0.0.1:9');
    expect(client.send(event as never)).toBe(false);
    expect(client.stats).toMatchObject({ invalid: 1, waiting: 0 });
    expect(problems[0]).toMatchObject({ kind: 'invalid', events: 1 });
    expect(problems[0]!.message).toMatch(/^Not an event: /);
  });

  test('a full queue drops what comes, counts it, and says how full it is', async () => {
    const { client, problems } = clientOf('http://127.0.0.1:9', { queueEvents: 4 });
    const taken = Array.from({ length: 6 }, () => client.send({ event: 'e' }));
    expect(taken).toEqual([true, true, true, true, false, false]);
    expect(client.pressure).toBe(1);
    expect(problems.map(({ kind }) => kind)).toEqual(['queue_full', 'queue_full']);
    expect(await client.close(20)).toBe(false);
    expect(client.stats).toMatchObject({ waiting: 0, delivered: 0, dropped: 6 });
    expect(client.send({ event: 'e' })).toBe(false);
    expect(problems.at(-1)).toMatchObject({ kind: 'closed', events: 1 });
  });

  test('an address that is none and a handler that throws', async () => {
    const client = new EventClient({
      url: 'not an address',
      token: 't',
      pauseMs: [1, 2],
      onProblem: () => {
        throw new Error('the application is wrong too');
      },
    });
    expect(client.send({ event: 'e' })).toBe(true);
    expect(await client.close(20)).toBe(false);
    expect(client.stats.dropped).toBe(1);
  });
});
