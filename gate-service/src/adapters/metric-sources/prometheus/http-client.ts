import { z } from 'zod';
import { maskSecrets } from '../../../contract/secrets.ts';
import type { PrometheusConfig, PrometheusSecrets } from './config.ts';
import { PrometheusFault } from './fault.ts';
import { createTurnstile } from './turnstile.ts';

/** Time for one query, and for all queries of one question together. */
const QUERY_MS = 10_000;
const SESSION_MS = 30_000;
/**
 * Calls that are under way at once: as many queries as a server answers side by side (query.max-concurrency). More would
 * wait there, and from some hundreds on the server takes no connection any more (web.max-connections).
 */
const MOST_CALLS = 20;
const MOST_BYTES = 5 * 1024 * 1024;
/** What a source may ask for at most; more would be a way to switch it off. */
const MOST_WAIT_MS = 10 * 60_000;
const ERROR_TEXT = 200;

export interface ClientTimes {
  /** Milliseconds of the wall clock. */
  now(): number;
  readonly queryMs?: number;
  readonly sessionMs?: number;
}

/** All calls of one question: one deadline, one retry, one list of what the server said on the side. */
export interface Session {
  /** @throws PrometheusFault */
  post<T>(path: string, params: Readonly<Record<string, string>>, data: z.ZodType<T>): Promise<T>;
  /** @throws PrometheusFault */
  get<T>(path: string, params: Readonly<Record<string, string>>, data: z.ZodType<T>): Promise<T>;
  readonly infos: ReadonlySet<string>;
  /** Ends the calls that are still under way. */
  close(): void;
}

export interface PrometheusClient {
  open(): Session;
}

const Envelope = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.unknown(),
    warnings: z.array(z.string()).optional(),
    infos: z.array(z.string()).optional(),
    /** VictoriaMetrics says so instead of a warning. */
    isPartial: z.boolean().optional(),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string().default('') }),
]);

/** The only way to the server: deadline, cap of bytes, no redirects, at most one retry a question, `Retry-After` kept. */
export function createPrometheusClient(
  config: PrometheusConfig,
  secrets: PrometheusSecrets,
  times: ClientTimes,
): PrometheusClient {
  const base = config.url.replace(/\/$/, '');
  const headers = { ...config.headers, accept: 'application/json', ...authorization(config, secrets) };
  const inTurn = createTurnstile(MOST_CALLS);
  let quietUntil = 0;

  async function call(method: 'GET' | 'POST', path: string, params: URLSearchParams, signal: AbortSignal) {
    const wait = quietUntil - times.now();
    if (wait > 0) {
      throw new PrometheusFault(
        'overloaded',
        `The server asked for quiet; ${Math.ceil(wait / 1000)} s of it are left.`,
      );
    }
    const url = method === 'GET' ? `${base}${path}?${params}` : `${base}${path}`;
    const body = method === 'GET' ? null : params;
    const response = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
    const text = await readText(response);
    const retryAfter = response.headers.get('retry-after');
    if (response.status === 429 || (response.status === 503 && retryAfter !== null)) {
      quietUntil = times.now() + waitOf(retryAfter, times.now());
      throw new PrometheusFault('overloaded', `The server answered ${response.status}: it is asked again later.`);
    }
    return readEnvelope(response, text);
  }

  return {
    open() {
      const ended = new AbortController();
      const sessionMs = times.sessionMs ?? SESSION_MS;
      const whole = AbortSignal.any([ended.signal, AbortSignal.timeout(sessionMs)]);
      const infos = new Set<string>();
      let retries = 1;

      async function send<T>(
        method: 'GET' | 'POST',
        path: string,
        params: Readonly<Record<string, string>>,
        data: z.ZodType<T>,
      ): Promise<T> {
        const all = new URLSearchParams({ ...config.params, ...params });
        const queryMs = times.queryMs ?? QUERY_MS;
        const attemptNow = async () => {
          const signal = AbortSignal.any([whole, AbortSignal.timeout(queryMs)]);
          return call(method, path, all, signal).catch((error: unknown) => {
            throw error instanceof PrometheusFault ? error : explainOutage(error, signal, queryMs);
          });
        };
        const attempt = () =>
          inTurn(attemptNow, whole).catch((error: unknown) => {
            throw error instanceof PrometheusFault ? error : explainOutage(error, whole, sessionMs);
          });
        const envelope = await attempt().catch((error: unknown) => {
          if (!isWorthRetrying(error) || whole.aborted || retries === 0) throw error;
          retries -= 1;
          return attempt();
        });
        const partial = envelope.warnings.filter(
          (text) => !config.allowed_warnings.some((part) => text.includes(part)),
        );
        if (partial.length > 0) {
          throw new PrometheusFault(
            'partial',
            `The server warns that its answer may not be whole: ${tidy(partial[0]!)}`,
          );
        }
        for (const text of [...envelope.infos, ...envelope.warnings]) infos.add(tidy(text));
        const read = data.safeParse(envelope.data);
        if (read.success) return read.data;
        const where = read.error.issues[0]?.path.join('.') || 'data';
        throw new PrometheusFault(
          'bad_schema',
          `The answer to ${path} has another form than Prometheus gives, at ${where}.`,
        );
      }

      return {
        infos,
        post: (path, params, data) => send('POST', path, params, data),
        get: (path, params, data) => send('GET', path, params, data),
        close: () => ended.abort(),
      };
    },
  };
}

function authorization({ auth }: PrometheusConfig, { token, username, password }: PrometheusSecrets) {
  if (auth === 'none') return {};
  if (auth === 'bearer') return { authorization: `Bearer ${token ?? ''}` };
  return { authorization: `Basic ${Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')}` };
}

/** The body as text, read piece by piece so that no more than the cap is ever held. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) {
      throw new PrometheusFault(
        'too_large',
        `The answer is larger than ${MOST_BYTES / 1024 / 1024} MB. Narrow the matchers, or break down by fewer cohorts.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readEnvelope({ status, headers }: Response, text: string) {
  if (status === 401 || status === 403) {
    throw new PrometheusFault(
      'unauthorised',
      `The server answered ${status}: look at auth, its secret and the headers.`,
    );
  }
  if (status >= 300 && status < 400) {
    throw new PrometheusFault(
      'refused',
      `The server answered ${status}, a redirect; none is followed. Set url to where it leads.`,
    );
  }
  if (!headers.get('content-type')?.toLowerCase().includes('application/json')) {
    if (status >= 500) throw new PrometheusFault('unreachable', `The server answered ${status} without JSON.`);
    throw new PrometheusFault(
      'not_json',
      `The server answered ${status} with something other than JSON; is url that of its API?`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new PrometheusFault('not_json', `The server answered ${status} with a body that is not JSON.`);
  }
  const read = Envelope.safeParse(json);
  if (!read.success) throw new PrometheusFault('bad_schema', `The server answered ${status} without status and data.`);
  if (read.data.status === 'error') throw explainError(read.data.errorType, read.data.error, status);
  if (status !== 200)
    throw new PrometheusFault('bad_schema', `The server answered ${status} and says that it succeeded.`);
  if (read.data.isPartial) throw new PrometheusFault('partial', 'The server says that its answer is not whole.');
  return { data: read.data.data, warnings: read.data.warnings ?? [], infos: read.data.infos ?? [] };
}

function explainError(type: string, error: string, status: number): PrometheusFault {
  const detail = `The server answered ${status}, ${tidy(type)}: ${tidy(error)}`;
  if (type === 'bad_data') return new PrometheusFault('bad_query', detail);
  if (type === 'timeout' || type === 'canceled') return new PrometheusFault('deadline', detail);
  if (type === 'unavailable') return new PrometheusFault('unreachable', detail);
  return new PrometheusFault('refused', detail);
}

function explainOutage(error: unknown, signal: AbortSignal, queryMs: number): PrometheusFault {
  if (signal.aborted) return new PrometheusFault('deadline', `No whole answer within ${queryMs} ms.`);
  const { cause, message } = error as Error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new PrometheusFault(
    'unreachable',
    `The server cannot be reached: ${tidy(code ?? message)}. Look at url and the network.`,
  );
}

function isWorthRetrying(error: unknown): boolean {
  return error instanceof PrometheusFault && (error.fault === 'unreachable' || error.fault === 'deadline');
}

/** `Retry-After` in seconds or as a date; a minute where it says nothing. */
function waitOf(header: string | null, now: number): number {
  const seconds = Number(header);
  const wait = header && Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header ?? '') - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), MOST_WAIT_MS) : 60_000;
}

/** A short line that may be shown: no secrets, no control characters. */
function tidy(text: string): string {
  return maskSecrets(text)
    .replaceAll(/\p{C}+/gu, ' ')
    .slice(0, ERROR_TEXT);
}
