import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { BOTH, SUITE_KPIS, type SuiteKind } from '../../../../test/suites/metric-source-observations.ts';
import {
  FAKE_FROM,
  FAKE_TO,
  type FakePrometheus,
  type Fault,
  matrix,
  sendJson,
  startFakePrometheus,
  success,
  vector,
} from '../../../../test/support/prometheus-fake.ts';
import type { MetricSource } from '../../../ports/metric-source.ts';

let fake: FakePrometheus | null = null;
afterEach(async () => {
  await fake?.stop();
  fake = null;
});

async function start(fault: Fault): Promise<FakePrometheus> {
  fake = await startFakePrometheus(fault);
  return fake;
}

function ask(source: MetricSource, kind: SuiteKind = 'status') {
  const kpi = SUITE_KPIS[kind];
  return source.read({ kpi, changeId: BOTH, from: FAKE_FROM, to: FAKE_TO, bucketMinutes: 1, byCohort: false });
}

const isRange: (path: string) => boolean = (path) => path === '/api/v1/query_range';

describe('a server that answers', () => {
  test('is read as it says, and is told who asks', async () => {
    const { source, seen } = await start(() => false);
    const answer = await ask(
      source({ auth: 'bearer', headers: { 'X-Scope-OrgID': 'shop' }, params: { partial_response: 'false' } }),
    );
    expect(answer).toMatchObject({ status: 'ok', completeUntil: FAKE_TO });
    if (answer.status === 'ok') {
      expect(answer.buckets).toHaveLength(10);
      expect(answer.buckets[0]).toEqual({ minute: FAKE_FROM, variant: 'off', cohort: '', tally: { n: 8, y: 8 } });
    }
    for (const { headers, params } of seen) {
      expect(headers).toMatchObject({ authorization: 'Bearer a-token', 'x-scope-orgid': 'shop' });
      expect(params).toMatchObject({ partial_response: 'false' });
    }
  });

  test('with user name and password', async () => {
    const { source, seen } = await start(() => false);
    await ask(source({ auth: 'basic' }));
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('reader:a-password').toString('base64')}`);
  });
});

describe('every fault is one answer', () => {
  const table: readonly (readonly [string, Fault, { readonly fault: string; readonly detail?: string }])[] = [
    [
      'A4: an error in a 200',
      (_, to) => sendJson(to, { status: 'error', errorType: 'internal', error: 'disk gone' }),
      { fault: 'refused', detail: 'internal: disk gone' },
    ],
    ['A4: success without data', (_, to) => sendJson(to, { status: 'success' }), { fault: 'bad_schema' }],
    [
      'another form of data',
      (_, to) => sendJson(to, success({ resultType: 'scalar', result: [0, '1'] })),
      { fault: 'bad_schema' },
    ],
    ['neither success nor error', (_, to) => sendJson(to, { data: [] }), { fault: 'bad_schema' }],
    [
      'a query that it cannot read',
      (_, to) => sendJson(to, { status: 'error', errorType: 'bad_data', error: 'x' }, 400),
      { fault: 'bad_query' },
    ],
    [
      'its own time limit',
      (_, to) => sendJson(to, { status: 'error', errorType: 'timeout', error: 'x' }, 503),
      { fault: 'deadline' },
    ],
    [
      'too many samples',
      (_, to) => sendJson(to, { status: 'error', errorType: 'execution', error: 'too many samples' }, 422),
      { fault: 'refused' },
    ],
    ['A5: a page to sign in', (_, to) => html(to, 200), { fault: 'not_json' }],
    ['A5: a page that claims to be JSON', (_, to) => text(to, '<html>token=s3cret'), { fault: 'not_json' }],
    ['A6: 401', (_, to) => html(to, 401), { fault: 'unauthorised' }],
    ['A6: 403', (_, to) => html(to, 403), { fault: 'unauthorised' }],
    ['a proxy without a server', (_, to) => html(to, 502), { fault: 'unreachable' }],
    ['a redirect', (_, to) => redirect(to), { fault: 'refused', detail: 'redirect' }],
    [
      'A17: a warning',
      (_, to) => sendJson(to, success(vector('1'), { warnings: ['store shop-1 is down'] })),
      { fault: 'partial', detail: 'shop-1' },
    ],
    [
      'A17: VictoriaMetrics says partial',
      (_, to) => sendJson(to, success(vector('1'), { isPartial: true })),
      { fault: 'partial' },
    ],
    ['A20: an answer without end', (_, to) => endless(to), { fault: 'too_large' }],
    ['A20: too many series', tooManySeries, { fault: 'too_large', detail: 'allowed: 10' }],
    ['A15: a gauge now', gaugeNow, { fault: 'type_changed', detail: 'requests_total is a gauge' }],
    ['times that nobody asked for', otherTimes, { fault: 'bad_schema', detail: 'alignment' }],
    ['more errors than events', (seen, to) => moreErrors(seen, to), { fault: 'bad_value' }],
  ];

  test.each(table)('%s', async (_, fault, expected) => {
    const { source } = await start(fault);
    const answer = await ask(source({ max_series: 10 }));
    expect(answer).toMatchObject({ status: 'source_error', fault: expected.fault });
    if (answer.status === 'ok') return;
    expect(answer.detail).toContain(expected.detail ?? '');
    expect(answer.detail).not.toContain('s3cret');
    expect(answer.query).toContain('requests_total');
  });

  test('a warning on the list of the configuration is a fact', async () => {
    const { source } = await start(
      (seen, to) =>
        isRange(seen.path) &&
        sendJson(to, success(matrix(seen), { warnings: ['PromQL info: may be no counter'], infos: ['sampled'] })),
    );
    const answer = await ask(source({ allowed_warnings: ['may be no counter'] }));
    expect(answer).toMatchObject({
      status: 'ok',
      facts: expect.arrayContaining(['PromQL info: may be no counter', 'sampled']),
    });
  });

  test('A1: nobody listens', async () => {
    const { source, stop } = await start(() => false);
    const closed = source();
    await stop();
    fake = null;
    expect(await ask(closed)).toMatchObject({ status: 'source_error', fault: 'unreachable' });
  });

  test('A2: a server that says nothing, and one that drips', async () => {
    const silent = await start(() => true);
    const began = Date.now();
    expect(await ask(silent.source({}, { queryMs: 100, sessionMs: 400 }))).toMatchObject({ fault: 'deadline' });
    await silent.stop();
    const dripping = await start((_, to) => drip(to));
    expect(await ask(dripping.source({}, { queryMs: 100, sessionMs: 400 }))).toMatchObject({ fault: 'deadline' });
    expect(Date.now() - began).toBeLessThan(3_000);
  });

  test('a connection that is cut is tried once more, and no oftener', async () => {
    const { source, seen } = await start((_, to, count) => {
      if (count > 1) return false;
      to.destroy();
      return true;
    });
    expect(await ask(source())).toMatchObject({ status: 'ok' });
    const first = seen.length;
    await fake?.stop();
    const broken = await start((one, to) => {
      if (!isRange(one.path)) return false;
      to.destroy();
      return true;
    });
    expect(await ask(broken.source())).toMatchObject({ fault: 'unreachable' });
    expect(broken.seen.length).toBeLessThanOrEqual(first);
  });

  test('A7: Retry-After is kept, without a call', async () => {
    const { source, seen } = await start((_, to) => {
      to.writeHead(429, { 'retry-after': '120' }).end();
      return true;
    });
    const one = source();
    expect(await ask(one)).toMatchObject({ status: 'source_error', fault: 'overloaded' });
    const calls = seen.length;
    expect(await ask(one)).toMatchObject({
      fault: 'overloaded',
      detail: expect.stringMatching(/1[12]\d s of it are left/),
    });
    expect(seen.length).toBe(calls);
  });

  test('not a server of Prometheus at all', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.6\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { source } = await start(() => false);
    expect(await ask(source({ url }))).toMatchObject({ status: 'source_error', fault: 'unreachable' });
    server.close();
  });
});

describe('numbers that are none', () => {
  test.each(['NaN', '+Inf', '-Inf'])('A8, A9: %s leaves its bucket out and nothing else', async (odd) => {
    const { source } = await start(
      (seen, to) =>
        isRange(seen.path) &&
        isGrowth(seen.params.query) &&
        sendJson(to, success(matrix(seen, (variant, i) => (variant === 'on' && i === 2 ? odd : '8')))),
    );
    const answer = await ask(source());
    if (answer.status !== 'ok') expect.fail(answer.detail);
    expect(answer.buckets).toHaveLength(9);
    expect(answer.buckets.find(({ minute, variant }) => minute === FAKE_FROM + 2 && variant === 'on')).toBeUndefined();
    expect(answer.facts).toContain('1 buckets were NaN or infinite and are left out.');
  });

  test('nothing but NaN is no data', async () => {
    const { source } = await start(
      (seen, to) =>
        isRange(seen.path) && isGrowth(seen.params.query) && sendJson(to, success(matrix(seen, () => 'NaN'))),
    );
    expect(await ask(source())).toMatchObject({ status: 'no_data', fault: 'not_finite' });
  });

  test('a minute that was sampled once only is left out, and the newest one is asked for again', async () => {
    const { source } = await start(
      (seen, to) =>
        isRange(seen.path) &&
        !isGrowth(seen.params.query) &&
        sendJson(to, success(matrix(seen, (_, i) => (i === 1 || i === 4 ? '1' : '4')))),
    );
    const answer = await ask(source());
    if (answer.status !== 'ok') expect.fail(answer.detail);
    expect([...new Set(answer.buckets.map(({ minute }) => minute - FAKE_FROM))]).toEqual([0, 2, 3]);
    expect(answer.completeUntil).toBe(FAKE_TO - 1);
    expect(answer.facts[0]).toBe(
      '1 of 4 buckets had too few samples and are left out, the first at 2026-11-02T08:01Z.',
    );
  });
});

type To = Parameters<Fault>[1];

function html(to: To, status: number): true {
  to.writeHead(status, { 'content-type': 'text/html' }).end('<html>token=s3cret</html>');
  return true;
}

function text(to: To, body: string): true {
  to.writeHead(200, { 'content-type': 'application/json' }).end(body);
  return true;
}

function redirect(to: To): true {
  to.writeHead(302, { location: 'http://169.254.169.254/' }).end();
  return true;
}

function endless(to: To): true {
  to.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(256 * 1024, ' ');
  const write = () => {
    while (!to.destroyed && to.write(chunk));
    if (!to.destroyed) to.once('drain', write);
  };
  write();
  return true;
}

function drip(to: To): true {
  to.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => to.write(' '), 20);
  to.once('close', () => clearInterval(timer));
  return true;
}

function tooManySeries(seen: Parameters<Fault>[0], to: To): boolean {
  const result = Array.from({ length: 11 }, (_, i) => ({ metric: { version_flag: `v${i}` }, values: [] }));
  return isRange(seen.path) && sendJson(to, success({ resultType: 'matrix', result }));
}

function gaugeNow(seen: Parameters<Fault>[0], to: To): boolean {
  const name = seen.params.metric ?? '';
  return seen.path === '/api/v1/metadata' && sendJson(to, success({ [name]: [{ type: 'gauge', help: '', unit: '' }] }));
}

function otherTimes(seen: Parameters<Fault>[0], to: To): boolean {
  if (!isRange(seen.path)) return false;
  const { start, end } = seen.params;
  const params = { ...seen.params, start: String(Number(start) - 29), end: String(Number(end) - 29) };
  return sendJson(to, success(matrix({ ...seen, params })));
}

function moreErrors(seen: Parameters<Fault>[0], to: To): boolean {
  const isErrors = seen.params.query?.includes('status="error"') === true;
  return isRange(seen.path) && sendJson(to, success(matrix(seen, () => (isErrors ? '90' : '8'))));
}

function isGrowth(query: string | undefined): boolean {
  return query?.includes('last_over_time') === true;
}
