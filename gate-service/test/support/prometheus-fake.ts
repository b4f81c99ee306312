import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PrometheusSourceSchema } from '../../src/adapters/metric-sources/prometheus/config.ts';
import { createPrometheusSource } from '../../src/adapters/metric-sources/prometheus/prometheus-source.ts';
import type { MetricSource } from '../../src/ports/metric-source.ts';
import { SUITE_EVENTS } from './prometheus-world.ts';

/** A request as the server saw it. */
export interface Seen {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
}

/** Answers one request by itself; null leaves it to the ordinary answers. */
export type Fault = (seen: Seen, response: ServerResponse, count: number) => boolean;

export interface FakePrometheus {
  readonly url: string;
  readonly seen: readonly Seen[];
  source(more?: object, times?: { readonly queryMs?: number; readonly sessionMs?: number }): MetricSource;
  stop(): Promise<void>;
}

/** 2026-11-02T08:00Z, in minutes. */
export const FAKE_FROM = 29_893_440;
export const FAKE_TO = FAKE_FROM + 5;
/** What every bucket of both variants says unless a test says otherwise. */
const VALUE = '8';

/** A server whose answers are scripted, for what a real one will not do on demand. */
export async function startFakePrometheus(fault: Fault): Promise<FakePrometheus> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = new URLSearchParams(Buffer.concat(chunks).toString());
    const one = {
      path: url.pathname,
      params: Object.fromEntries([...url.searchParams, ...sent]),
      headers: request.headers,
    };
    seen.push(one);
    if (!fault(one, response, seen.length)) sendJson(response, usual(one));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    source: (more = {}, times = {}) =>
      createPrometheusSource(
        PrometheusSourceSchema.parse({ type: 'prometheus', url, insecure: true, events: SUITE_EVENTS, ...more }),
        { token: 'a-token', username: 'reader', password: 'a-password' },
        { now: () => (FAKE_TO + 1) * 60_000, ...times },
      ),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): true {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return true;
}

export function success(data: unknown, more: object = {}): object {
  return { status: 'success', data, ...more };
}

/** A matrix of both variants with one value in every bucket of the question. */
export function matrix({ params }: Seen, tell: (variant: string, i: number) => string = () => VALUE): object {
  const [start, end, step] = [Number(params.start), Number(params.end), Number(params.step)];
  const times = Array.from({ length: Math.round((end - start) / step) + 1 }, (_, i) => start + i * step);
  const result = ['off', 'on'].map((version_flag) => ({
    metric: params.query?.includes('by (version_flag') ? { version_flag } : {},
    values: times.map((at, i) => [at, tell(version_flag, i)]),
  }));
  return { resultType: 'matrix', result: params.query?.includes('by (version_flag') ? result : result.slice(0, 1) };
}

export function vector(value: string, metric: object = {}): object {
  return { resultType: 'vector', result: [{ metric, value: [0, value] }] };
}

function usual(seen: Seen): object {
  if (seen.path === '/api/v1/metadata') return success({});
  if (seen.path === '/api/v1/status/runtimeinfo') return success({ storageRetention: '30d' });
  if (seen.path === '/api/v1/label/__name__/values') return success(['requests_total']);
  if (seen.path === '/api/v1/query_range') return success(matrix(seen));
  const isFreshness = seen.params.query?.includes('timestamp(');
  return success(isFreshness ? vector(String(FAKE_TO * 60)) : { resultType: 'vector', result: [] });
}
