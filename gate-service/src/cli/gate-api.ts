import type { z } from 'zod';
import type { ClientConfig } from '../config/read-client-config.ts';
import { ErrorResponseSchema } from '../contract/api/requests.ts';
import { ERROR_TABLE, type ErrorCode, GateError } from '../contract/gate-error.ts';

const DEADLINE_MS = 30_000;

/**
 * One call of the gate service's HTTP API with a JSON body, or none.
 * @returns the answer, parsed by `schema`
 * @throws GateError with the service's own code, message and remedy; gate_unreachable when it does not answer
 */
export function callGate<Schema extends z.ZodType>(
  config: ClientConfig,
  schema: Schema,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<z.output<Schema>> {
  if (body === undefined) return sendToGate(config, schema, path, { method });
  return sendToGate(config, schema, path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** The same with any body. @throws GateError as callGate does */
export async function sendToGate<Schema extends z.ZodType>(
  config: ClientConfig,
  schema: Schema,
  path: string,
  request: {
    readonly method: string;
    readonly headers?: Record<string, string>;
    readonly body?: NonNullable<RequestInit['body']>;
  },
): Promise<z.output<Schema>> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${config.url}${path}`, {
      ...request,
      redirect: 'error',
      signal: AbortSignal.timeout(DEADLINE_MS),
      headers: { ...request.headers, authorization: `Bearer ${config.token}` },
    });
    text = await response.text();
  } catch (error) {
    throw new GateError(
      'gate_unreachable',
      `${config.url} does not answer: ${reasonOf(error)}.`,
      'Check CHANGEGATE_URL and that the service runs: changegate serve',
      { cause: error },
    );
  }
  const answer = parseJson(text);
  if (!response.ok) throw fromAnswer(answer, response.status, config.url);
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new GateError(
    'gate_unreachable',
    `${config.url}${path} answered something else than this command expects.`,
    'Use the same version of Changegate on both sides.',
  );
}

/** "fetch failed" says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fromAnswer(answer: unknown, status: number, url: string): GateError {
  const parsed = ErrorResponseSchema.safeParse(answer);
  if (!parsed.success)
    return new GateError(
      'gate_unreachable',
      `${url} answered ${status} without an explanation.`,
      'Check that CHANGEGATE_URL is a gate service.',
    );
  const { code, message, remedy, context } = parsed.data.error;
  return new GateError(
    code in ERROR_TABLE ? (code as ErrorCode) : 'internal',
    message,
    remedy,
    context ? { context } : {},
  );
}
