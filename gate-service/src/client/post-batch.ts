import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ErrorResponseSchema, IngestResponseSchema } from '../contract/api/requests.ts';

const deflate = promisify(gzip);

/** Where batches go. */
export interface Delivery {
  readonly url: string;
  readonly token: string;
  readonly repository: string | null;
  readonly deadlineMs: number;
  /** Gives a call up before its deadline. */
  readonly signal: AbortSignal;
}

/** What became of one batch. */
export type BatchAnswer =
  /** `refused`: the reasons of the lines that were quarantined or rejected. */
  | { readonly kind: 'taken'; readonly refused: readonly string[] }
  /** The whole batch, for good: sending it again would be answered the same. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'too_large' }
  /** Not now: away, overloaded, or a token that may be renewed. */
  | { readonly kind: 'later'; readonly message: string; readonly afterMs: number | null };

/** Statuses after which the same batch may be taken later; of a wrong token people hear, and may put it right. */
const LATER = new Set([401, 403, 408, 425, 429]);
const LONGEST_WAIT_MS = 300_000;

/** Posts one batch. Never throws. */
export async function postBatch(delivery: Delivery, lines: readonly string[]): Promise<BatchAnswer> {
  const { url, token, repository, deadlineMs, signal } = delivery;
  const query = repository === null ? '' : `?repository=${encodeURIComponent(repository)}`;
  try {
    const response = await fetch(`${url}/v1/events${query}`, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), signal]),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
      },
      body: await deflate(lines.join('\n')),
    });
    return read(response.status, parseJson(await response.text()), response.headers.get('retry-after'));
  } catch (error) {
    return { kind: 'later', message: `${url} does not answer: ${reasonOf(error)}.`, afterMs: null };
  }
}

function read(status: number, body: unknown, retryAfter: string | null): BatchAnswer {
  if (status === 202) {
    const answer = IngestResponseSchema.safeParse(body);
    if (answer.success) {
      const refused = answer.data.lines.filter(({ outcome }) => outcome === 'quarantined' || outcome === 'rejected');
      return { kind: 'taken', refused: refused.map(({ reason }) => reason) };
    }
    return later('The answer is not that of a gate service; check the address', null);
  }
  if (status === 413) return { kind: 'too_large' };
  const message = messageOf(status, body);
  if (status >= 500 || LATER.has(status)) return later(message, retryAfter);
  return status >= 400 ? { kind: 'refused', message } : later(message, retryAfter);
}

function later(message: string, retryAfter: string | null): BatchAnswer {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  return { kind: 'later', message, afterMs: seconds >= 0 ? Math.min(LONGEST_WAIT_MS, seconds * 1000) : null };
}

function messageOf(status: number, body: unknown): string {
  const parsed = ErrorResponseSchema.safeParse(body);
  return parsed.success ? `${parsed.data.error.message} ${parsed.data.error.remedy}` : `The answer was ${status}.`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** "fetch failed" says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
