import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { BOTH, SUITE_FROM, SUITE_KPIS, SUITE_TO } from '../../../../test/suites/metric-source-observations.ts';
import type { MetricSource, SourceQuestion } from '../../../ports/metric-source.ts';
import { PostgresSourceSchema } from './config.ts';
import { createPostgresSource } from './postgres-source.ts';

const question: SourceQuestion = {
  kpi: SUITE_KPIS.status,
  changeId: BOTH,
  from: SUITE_FROM,
  to: SUITE_TO,
  byCohort: false,
  bucketMinutes: 1,
};
const written = {
  type: 'postgres',
  host: '127.0.0.1',
  database: 'd',
  user: 'u',
  kpis: { status: { query: 'select 1' } },
};

describe('a server that is none', () => {
  const open: { server?: Server; source?: MetricSource; sockets: Socket[] } = { sockets: [] };
  afterEach(async () => {
    await open.source?.close();
    for (const socket of open.sockets.splice(0)) socket.destroy();
    open.server?.close();
  });

  const serve = async (onSocket: (socket: Socket) => void): Promise<number> => {
    const server = createServer((socket) => {
      open.sockets.push(socket.on('error', () => undefined));
      onSocket(socket);
    }).listen(0, '127.0.0.1');
    open.server = server;
    await new Promise((resolve) => server.once('listening', resolve));
    return (server.address() as AddressInfo).port;
  };
  const sourceAt = (port: number, tls = 'off') => {
    const config = PostgresSourceSchema.parse({ ...written, port, tls: { mode: tls }, timeout_seconds: 1 });
    const clock = { now: () => SUITE_TO * 60_000 };
    open.source = createPostgresSource('shop', config, { password: 'a-secret-of-tests' }, { clock });
    return open.source;
  };

  test.each<[string, (socket: Socket, seen: { count: number }) => void, string, number]>([
    ['closes at once: asked twice', (socket) => socket.destroy(), 'unreachable', 2],
    ['closes after the first bytes', (socket) => socket.once('data', () => socket.destroy()), 'unreachable', 2],
    ['never says a word', () => undefined, 'deadline', 1],
    [
      'refuses the password',
      (socket) => socket.once('data', () => socket.write(errorMessage('28P01'))),
      'unauthorised',
      1,
    ],
    [
      'has no connection left',
      (socket) => socket.once('data', () => socket.write(errorMessage('53300'))),
      'overloaded',
      1,
    ],
    [
      'is starting: asked twice',
      (socket) => socket.once('data', () => socket.end(errorMessage('57P03'))),
      'unreachable',
      2,
    ],
  ])('%s', async (_, behave, fault, connections) => {
    const seen = { count: 0 };
    const port = await serve((socket) => {
      seen.count += 1;
      behave(socket, seen);
    });
    const began = performance.now();
    const answer = await sourceAt(port).read(question);
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(answer).toMatchObject({ status: 'source_error', fault, query: null });
    expect(JSON.stringify(answer)).not.toContain('a-secret-of-tests');
    expect(seen.count).toBe(connections);
  });

  test('nobody listens', async () => {
    const port = await serve(() => undefined);
    await new Promise((resolve) => open.server!.close(resolve));
    expect(await sourceAt(port).read(question)).toMatchObject({
      fault: 'unreachable',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('offers no TLS where TLS is asked for', async () => {
    const port = await serve((socket) => socket.once('data', () => socket.write('N')));
    expect(await sourceAt(port, 'verify').read(question)).toMatchObject({
      fault: 'unreachable',
      detail: expect.stringContaining('TLS'),
    });
  });

  test('a source that was closed', async () => {
    const source = sourceAt(1);
    await source.close();
    expect(await source.read(question)).toMatchObject({
      fault: 'unreachable',
      detail: expect.stringContaining('closed'),
    });
  });

  test('a KPI that has no query is no question', async () => {
    const answer = await sourceAt(1).read({ ...question, kpi: SUITE_KPIS.rate });
    expect(answer).toMatchObject({
      status: 'source_error',
      fault: 'not_configured',
      query: null,
      detail: expect.stringContaining('there: status'),
    });
  });
});

describe('the configuration', () => {
  const problems = (more: object) =>
    PostgresSourceSchema.safeParse({ ...written, ...more }).error?.issues.map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );

  test('everything that can be left out', () => {
    expect(PostgresSourceSchema.parse(written)).toMatchObject({
      port: 5432,
      tls: { mode: 'verify' },
      search_path: ['public'],
      timeout_seconds: 10,
      lock_timeout_seconds: 1,
      max_rows: 200_000,
    });
  });

  test.each([
    [{ password: 'x' }, 'Unrecognized key: "password"'],
    [{ tls: { mode: 'prefer' } }, 'tls.mode: allowed: verify or off'],
    [{ timeout_seconds: 0 }, 'timeout_seconds: allowed: a whole number from 1 to 60'],
    [
      { kpis: { status: { query: 'select 1; select 2' } } },
      'kpis.status.query: line 1: something follows the ";"; allowed: one SELECT',
    ],
    [
      { kpis: { status: { query: 'select 1', fresh: 'drop table a' } } },
      'kpis.status.fresh: it does not begin with SELECT or WITH',
    ],
    [{ kpis: { status: { query: 7 } } }, 'kpis.status.query: allowed: one SELECT'],
  ])('%j', (more, words) => {
    expect(problems(more)).toEqual([expect.stringContaining(words)]);
  });
});

/** An ErrorResponse of PostgreSQL's protocol. */
function errorMessage(code: string): Buffer {
  const body = Buffer.from(`SFATAL\0C${code}\0Mno\0\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
