import { HttpClient, type HttpClientResponse } from '@actions/http-client';
import type { z } from 'zod';
import {
  ChangeListResponseSchema,
  ChangeResponseSchema,
  ErrorResponseSchema,
  type EvaluateRequestSchema,
  EvaluateResponseSchema,
  type ForecastRequestSchema,
  ForecastResponseSchema,
  type StampRequestSchema,
  StampResponseSchema,
} from '../../gate-service/src/contract/api/requests.ts';
import { ERROR_TABLE, type ErrorCode, GateError } from '../../gate-service/src/contract/gate-error.ts';
import { type Pace, wait } from './pace.ts';

export type ForecastRequest = z.input<typeof ForecastRequestSchema>;
export type ForecastAnswer = z.output<typeof ForecastResponseSchema>;
export type StampRequest = z.input<typeof StampRequestSchema>;
export type StampAnswer = z.output<typeof StampResponseSchema>;
export type EvaluateRequest = z.input<typeof EvaluateRequestSchema>;
export type EvaluateAnswer = z.output<typeof EvaluateResponseSchema>;
export type ChangePage = z.output<typeof ChangeListResponseSchema>;
export type Change = z.output<typeof ChangeResponseSchema>['change'];

/** The gate service as the commands see it. Every method may be repeated: the gate makes nothing twice. */
export interface Gate {
  forecast(request: ForecastRequest): Promise<ForecastAnswer>;
  stamp(request: StampRequest): Promise<StampAnswer>;
  activate(changeId: string): Promise<Change>;
  evaluate(changeId: string, request: EvaluateRequest): Promise<EvaluateAnswer>;
  show(changeId: string): Promise<Change>;
  /** One page, the newest first; `before` is the `next` of the page before. */
  list(query: { repository: string; states: readonly string[]; before: string | null }): Promise<ChangePage>;
}

export interface GateOptions {
  readonly url: string;
  readonly token: string;
  /** For activate only; the other token when empty. */
  readonly activateToken: string;
  readonly pace: Pace;
  readonly timeoutMs: number;
}

interface Call<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly token: string;
  readonly answer: z.ZodType<T>;
}

const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** Changes of one answer: far below the limit of its size, whatever they hold. */
const PAGE = '50';
const TEMPORARY = [429, 502, 503, 504];

export function createGate(options: GateOptions): Gate {
  const { token } = options;
  const activateToken = options.activateToken === '' ? token : options.activateToken;
  const changes = (id: string) => `/v1/changes/${encodeURIComponent(id)}`;
  const get = <T>(path: string, answer: z.ZodType<T>) => call(options, { method: 'GET', path, token, answer });
  const post = <T>(path: string, body: unknown, answer: z.ZodType<T>) =>
    call(options, { method: 'POST', path, body, token, answer });
  return {
    forecast: (request) => post('/v1/forecasts', request, ForecastResponseSchema),
    stamp: (request) => post('/v1/changes', request, StampResponseSchema),
    activate: async (id) => {
      const path = `${changes(id)}/activate`;
      return (await call(options, { method: 'POST', path, token: activateToken, answer: ChangeResponseSchema })).change;
    },
    evaluate: (id, request) => post(`${changes(id)}/evaluate`, request, EvaluateResponseSchema),
    show: async (id) => (await get(changes(id), ChangeResponseSchema)).change,
    list: async ({ repository, states, before }) => {
      const query = new URLSearchParams({ repository, state: states.join(','), limit: PAGE });
      if (before !== null) query.set('before', before);
      return get(`/v1/changes?${query}`, ChangeListResponseSchema);
    },
  };
}

/** GET is asked up to three times; POST, which the gate answers the same when it is repeated, twice. */
async function call<T>(options: GateOptions, wanted: Call<T>): Promise<T> {
  const pauses = options.pace.gateRetryMs.slice(0, wanted.method === 'GET' ? undefined : 1);
  for (const pauseMs of pauses) {
    try {
      return await callOnce(options, wanted);
    } catch (error) {
      if (!(error instanceof GateError) || error.context.temporary !== true) throw error;
      await wait(pauseMs);
    }
  }
  return callOnce(options, wanted);
}

async function callOnce<T>(options: GateOptions, wanted: Call<T>): Promise<T> {
  const { status, text, location } = await send(options, wanted);
  if (status >= 300 && status < 400) {
    throw unreachable(
      options,
      `it answered ${status} and points to ${describeLocation(location)}, which is not followed`,
      false,
    );
  }
  const json = parseJson(text);
  if (status >= 200 && status < 300) return parseAnswer(options, wanted, json);
  throw toGateError(options, status, json);
}

async function send(options: GateOptions, wanted: Call<unknown>) {
  // No redirects: the token must not travel to another host. HttpClient uses the runner's proxy.
  const http = new HttpClient('changegate-action', [], {
    allowRedirects: false,
    allowRetries: false,
    socketTimeout: options.timeoutMs,
  });
  const url = options.url.replace(/\/+$/, '') + wanted.path;
  const headers = { authorization: `Bearer ${wanted.token}`, accept: 'application/json' };
  const deadline = new Deadline(options.timeoutMs);
  try {
    const pending =
      wanted.method === 'GET'
        ? http.get(url, headers)
        : wanted.body === undefined
          ? http.post(url, '', headers)
          : http.post(url, JSON.stringify(wanted.body), { ...headers, 'content-type': 'application/json' });
    const response = await deadline.race(pending);
    const text = await deadline.race(readCapped(response, options));
    const { location } = response.message.headers;
    return { status: response.message.statusCode ?? 0, text, location };
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw unreachable(options, error instanceof Error ? error.message || error.name : String(error), true, error);
  } finally {
    deadline.clear();
    http.dispose();
  }
}

/** One limit over connecting, sending and reading together: a socket that trickles never times out by itself. */
class Deadline {
  #timer: NodeJS.Timeout | undefined;
  readonly #passed: Promise<never>;

  constructor(ms: number) {
    this.#passed = new Promise((_, reject) => {
      this.#timer = setTimeout(() => reject(new Error(`no complete answer within ${ms / 1000} s`)), ms);
    });
    this.#passed.catch(() => {});
  }

  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#passed]);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

function readCapped(response: HttpClientResponse, options: GateOptions): Promise<string> {
  const { message } = response;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
      else {
        reject(unreachable(options, `its answer is larger than ${MAX_ANSWER_BYTES} bytes`, false));
        message.destroy();
      }
    });
    message.on('error', reject);
    message.on('aborted', () => reject(new Error('the connection was cut in the middle of the answer')));
    message.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's error page, say: told as an answer that does not fit.
    return undefined;
  }
}

function parseAnswer<T>(options: GateOptions, wanted: Call<T>, json: unknown): T {
  const parsed = wanted.answer.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : '';
  throw unreachable(
    options,
    `its answer to ${wanted.method} ${wanted.path} does not fit${place}: ${issue?.message}`,
    false,
  );
}

function toGateError(options: GateOptions, status: number, json: unknown): GateError {
  const temporary = TEMPORARY.includes(status);
  const parsed = ErrorResponseSchema.safeParse(json);
  if (!parsed.success || !(parsed.data.error.code in ERROR_TABLE)) {
    return unreachable(options, `it answered ${status} without a reason that we know`, temporary);
  }
  const { code, message, remedy, context } = parsed.data.error;
  return new GateError(code as ErrorCode, message, remedy, { context: { ...context, status, temporary } });
}

function unreachable(options: GateOptions, detail: string, temporary: boolean, cause?: unknown): GateError {
  return new GateError(
    'gate_unreachable',
    `The gate service at ${new URL(options.url).origin} did not answer as expected: ${detail}.`,
    'Check the input gate-url, that the gate service runs and that this runner can reach it.',
    { context: { temporary }, ...(cause === undefined ? {} : { cause }) },
  );
}

function describeLocation(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? new URL(location).origin : 'another place';
}
