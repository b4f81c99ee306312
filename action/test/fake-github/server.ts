import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dispatch, type IncomingCall, type World } from './dispatch.ts';
import { type Fault, type Interruption, takeFaults } from './faults.ts';
import type { Reply } from './reply.ts';

/** As on GitHub Enterprise Server: it catches a client that ignores GITHUB_API_URL. */
export const BASE_PATH = '/api/v3';

/** One request as it arrived, and how it ended: a status, or the connection that was cut. */
export interface LoggedRequest {
  method: string;
  /** Below the base path, without the query. */
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
  apiVersion: string | null;
  status: number | 'reset';
}

export interface ServerOptions {
  world: () => Promise<World>;
  requests: LoggedRequest[];
  faults: Fault[];
  baseUrl: () => string;
}

export function createGitHubServer(options: ServerOptions): Server {
  return createServer((request, response) => {
    serve(options, request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { message: `The fake GitHub failed: ${String(error)}` } });
    });
  });
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function serve(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = await readCall(request, options.baseUrl());
  const search = new URLSearchParams(call.query).toString();
  const faults = takeFaults(options.faults, call.method, search === '' ? call.path : `${call.path}?${search}`);
  await faults.delay();
  const logged: LoggedRequest = {
    method: call.method,
    path: call.path,
    query: call.query,
    headers: call.headers,
    body: call.body,
    apiVersion: call.headers['x-github-api-version'] ?? null,
    status: 'reset',
  };
  options.requests.push(logged);
  const end = faults.before ?? (await work(options, call, faults.after));
  if (end.kind === 'reset') {
    request.socket.destroy();
    return;
  }
  logged.status = end.status;
  send(response, end);
}

async function work(
  options: ServerOptions,
  call: IncomingCall,
  after: Interruption | undefined,
): Promise<Interruption> {
  const isBelowBase = call.url.startsWith(options.baseUrl());
  const world = await options.world();
  const reply = isBelowBase ? dispatch(world, call) : { status: 404, body: { message: 'Not Found', status: '404' } };
  // Only work that was really done can be followed by a lost answer.
  if (after !== undefined && reply.status < 400) return after;
  return { kind: 'answer', headers: {}, ...reply };
}

async function readCall(request: IncomingMessage, baseUrl: string): Promise<IncomingCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const [rawPath = '', rawQuery = ''] = (request.url ?? '').split('?');
  const origin = baseUrl.slice(0, -BASE_PATH.length);
  return {
    method: request.method ?? 'GET',
    path: rawPath.startsWith(`${BASE_PATH}/`) ? rawPath.slice(BASE_PATH.length) : rawPath,
    url: origin + rawPath,
    query: Object.fromEntries(new URLSearchParams(rawQuery)),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body: parseBody(text),
  };
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the text itself, which the validation then refuses as GitHub does.
    return text;
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const isText = typeof reply.body === 'string';
  const payload = reply.status === 204 ? undefined : isText ? (reply.body as string) : JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    ...(payload === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'x-github-media-type': 'github.v3; format=json',
    ...reply.headers,
  });
  response.end(payload);
}
