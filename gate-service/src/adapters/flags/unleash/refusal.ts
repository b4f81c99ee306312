import type { FlagFailure } from '../../../ports/flag-control.ts';
import { errorBody } from './answers.ts';
import type { RawAnswer } from './http-client.ts';

const MAX_MESSAGE_CHARACTERS = 300;

/** Parses Unleash's error body; null when the answer did not come from Unleash (a proxy's page, say). */
function parseError(raw: RawAnswer): { readonly name: string; readonly message: string } | null {
  if (raw.contentType !== 'application/json') return null;
  try {
    const body = errorBody.parse(JSON.parse(raw.text));
    return { name: body.name ?? '', message: body.message };
  } catch {
    return null;
  }
}

/**
 * What a status outside 200 to 299 means. `precondition_failed` says: read again and decide again; the
 * kinds unauthorised, forbidden, change_request and not_found need a person;
 * `unreadable` may pass by itself.
 */
export function explainRefusal(where: string, raw: RawAnswer): FlagFailure {
  const error = parseError(raw);
  const failure = (kind: FlagFailure['kind']): FlagFailure => ({
    kind,
    detail: `${where}: answered ${raw.status}${error ? ` ${error.name}: ${firstLine(error.message)}` : ' without a reason'}`,
  });
  if (raw.status === 401) return failure('unauthorised');
  if (error === null) return failure(raw.status === 403 ? 'forbidden' : 'unreadable');
  if (raw.status === 403)
    return failure(error.message.includes('SKIP_CHANGE_REQUEST') ? 'change_request' : 'forbidden');
  if (raw.status === 404) return failure('not_found');
  // Unleash reports a failed `test` operation of a JSON Patch as an internal error.
  if (raw.status === 500 && error.message.includes('TEST_OPERATION_FAILED')) return failure('precondition_failed');
  if (raw.status === 409 || error.name === 'ArchivedFeatureError') return failure('precondition_failed');
  if (raw.status === 408 || raw.status === 429 || raw.status >= 500 || raw.status < 400) return failure('unreadable');
  return failure('forbidden');
}

function firstLine(message: string): string {
  const line = message.split('\n', 2).join(' ');
  return line.length > MAX_MESSAGE_CHARACTERS ? `${line.slice(0, MAX_MESSAGE_CHARACTERS)}…` : line;
}
