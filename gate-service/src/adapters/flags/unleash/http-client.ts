import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as startTimer } from 'node:timers';
import { z } from 'zod';
import { GateError } from '../../../contract/gate-error.ts';
import type { FlagFailure, FlagResult } from '../../../ports/flag-control.ts';
import { type AllowedCall, assertAllowed } from './allowed-calls.ts';
import { explainRefusal } from './refusal.ts';

/** Larger than any flag with hundreds of constraint values; a wrong URL must not fill the memory. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

export const DEFAULT_DEADLINE_MS = 8_000;
export const DEFAULT_CONNECT_MS = 2_000;

export interface HttpClientOptions {
  /** Base URL of the Unleash server, with its path if it has one. */
  readonly url: string;
  readonly token: string;
  readonly appName: string;
  readonly allowed: readonly AllowedCall[];
  /** Time for DNS, TCP and TLS together. */
  readonly connectMs?: number | undefined;
  /** Time for all calls of one operation together. */
  readonly deadlineMs?: number | undefined;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The only way out to the flag service: sends allowed calls, never follows a redirect, never repeats a call. */
export interface HttpClient {
  /** Deadline for all calls of one operation. */
  deadline(): AbortSignal;
  send<T>(call: Call, answer: z.ZodType<T>, deadline: AbortSignal): Promise<FlagResult<T>>;
}

/** For calls that Unleash answers with 200 and no body (`/on`, `/off`). */
export const NO_BODY = z.null();

/** @throws GateError `invalid_config` when the URL is not http(s) or holds a query or credentials */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const base = parseBase(options.url);
  const connectMs = options.connectMs ?? DEFAULT_CONNECT_MS;
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  return {
    deadline: () => AbortSignal.timeout(deadlineMs),
    async send(call, answer, deadline) {
      assertAllowed(options.allowed, call.method, call.path);
      const where = `${call.method} ${call.path}`;
      const raw = await exchange(base, call, options, connectMs, deadline).catch((cause: unknown) => cause);
      if (!isRawAnswer(raw)) return { ok: false, failure: explainOutage(where, raw, deadline, deadlineMs) };
      if (raw.status < 200 || raw.status > 299) return { ok: false, failure: explainRefusal(where, raw) };
      return readAnswer(where, raw, answer);
    },
  };
}

function parseBase(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base && /^https?:$/.test(base.protocol) && !base.username && !base.password && !base.search && !base.hash) {
    return base;
  }
  throw new GateError(
    'invalid_config',
    'The URL of the flag service is not an http or https URL without credentials, query and fragment.',
    'Set it to the address of the Unleash server, for example https://unleash.example.com.',
  );
}

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

class TooLarge extends Error {}
class ConnectTimeout extends Error {}

async function exchange(base: URL, call: Call, options: HttpClientOptions, connectMs: number, deadline: AbortSignal) {
  const transport = base.protocol === 'https:' ? https : http;
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const query = call.query ? `?${new URLSearchParams(call.query)}` : '';
  const request = transport.request({
    protocol: base.protocol,
    host: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port,
    method: call.method,
    path: base.pathname.replace(/\/$/, '') + call.path + query,
    // A new connection each time: a kept one may be dead, and a POST on it would fail for no reason.
    agent: false,
    signal: deadline,
    headers: {
      accept: 'application/json',
      authorization: options.token,
      'user-agent': options.appName,
      'unleash-appname': options.appName,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
  });
  limitConnect(request, base.protocol === 'https:' ? 'secureConnect' : 'connect', connectMs);
  const response = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).on('error', reject);
  });
  request.end(body);
  return readRaw(await response);
}

function limitConnect(request: http.ClientRequest, connected: 'connect' | 'secureConnect', connectMs: number): void {
  const timer = startTimer(
    () => request.destroy(new ConnectTimeout(`no connection within ${connectMs} ms`)),
    connectMs,
  );
  const stop = () => clearTimeout(timer);
  request.once('socket', (socket: Socket) => socket.once(connected, stop));
  request.once('response', stop).once('close', stop);
}

async function readRaw(response: http.IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new TooLarge(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  const contentType = (response.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  return { status: response.statusCode ?? 0, contentType, text: Buffer.concat(chunks).toString('utf8') };
}

function isRawAnswer(value: unknown): value is RawAnswer {
  return typeof value === 'object' && value !== null && 'status' in value && 'text' in value;
}

function explainOutage(where: string, cause: unknown, deadline: AbortSignal, deadlineMs: number): FlagFailure {
  if (cause instanceof ConnectTimeout) return { kind: 'deadline', detail: `${where}: ${cause.message}` };
  if (deadline.aborted) return { kind: 'deadline', detail: `${where}: no answer within ${deadlineMs} ms` };
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  const message = cause instanceof Error ? cause.message : String(cause);
  return { kind: 'unreadable', detail: `${where}: ${code ? `${code}: ` : ''}${message}` };
}

function readAnswer<T>(where: string, raw: RawAnswer, answer: z.ZodType<T>): FlagResult<T> {
  const unreadable = (why: string): FlagResult<T> => ({
    ok: false,
    failure: { kind: 'unreadable', detail: `${where}: answered ${raw.status} ${why}` },
  });
  if (raw.text !== '' && raw.contentType !== 'application/json') {
    return unreadable(`with content type "${raw.contentType}" instead of JSON; is the URL that of the Unleash server?`);
  }
  let json: unknown = null;
  try {
    if (raw.text !== '') json = JSON.parse(raw.text);
  } catch {
    return unreadable('with a body that is not JSON');
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success)
    return unreadable(`with an unknown shape: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  return { ok: true, value: parsed.data };
}
