import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { EVENT_LIMITS } from '../contract/api/event.ts';
import { GateError } from '../contract/gate-error.ts';

const inflate = promisify(gunzip);

/**
 * The text of an NDJSON body, inflated within the limits.
 * @throws GateError invalid_request, too_large
 */
export async function readNdjson(request: FastifyRequest): Promise<string> {
  const text = await readText(request, 'NDJSON', 'application/x-ndjson with one JSON object a line');
  const lines = text.replace(/\n$/, '').split('\n').length;
  if (lines > EVENT_LIMITS.batchLines) {
    throw new GateError(
      'too_large',
      `The batch has ${lines} lines; at most ${EVENT_LIMITS.batchLines} are allowed.`,
      'Send smaller batches.',
    );
  }
  return text;
}

/**
 * The text of a body of at most as many bytes as a batch, inflated.
 * @param contentType what to send instead, for the error
 * @throws GateError invalid_request, too_large
 */
export async function readText(request: FastifyRequest, what: string, contentType: string): Promise<string> {
  const body = request.body === undefined || request.body === null ? Buffer.alloc(0) : request.body;
  if (!Buffer.isBuffer(body)) {
    throw new GateError('invalid_request', `The body is not ${what}.`, `Send content-type: ${contentType}.`);
  }
  const bytes = await inflated(body, request.headers['content-encoding'] ?? 'identity');
  // Bytes that are not UTF-8 would become U+FFFD: different users could become one.
  if (!isUtf8(bytes)) throw new GateError('invalid_request', 'The body is not UTF-8.', 'Send UTF-8.');
  return bytes.toString('utf8');
}

async function inflated(body: Buffer, encoding: string): Promise<Buffer> {
  switch (encoding.trim().toLowerCase()) {
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      return inflateOrThrow(body);
    default:
      throw new GateError(
        'invalid_request',
        `The content-encoding is ${encoding}; allowed are gzip and identity.`,
        'Send gzip, or leave the header out.',
      );
  }
}

async function inflateOrThrow(body: Buffer): Promise<Buffer> {
  try {
    return await inflate(body, { maxOutputLength: EVENT_LIMITS.batchBytes });
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw tooLarge
      ? new GateError(
          'too_large',
          `The batch is larger than ${EVENT_LIMITS.batchBytes} bytes when inflated.`,
          'Send smaller batches.',
        )
      : new GateError(
          'invalid_request',
          'The body is not gzip although content-encoding says so.',
          'Send gzip, or leave the header out.',
          { cause: error },
        );
  }
}
