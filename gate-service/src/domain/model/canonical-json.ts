import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { GateError } from '../../contract/gate-error.ts';

/**
 * Writes a value in the one form of RFC 8785 (sorted keys, no spaces, ECMAScript numbers), so that equal
 * values have equal hashes in every language.
 * @throws GateError internal, when the value has no such form (undefined, NaN, Infinity, a cycle, a lone surrogate)
 * @see RFC 8785
 */
export function canonicalJson(value: unknown): string {
  try {
    const text = canonicalize(value);
    if (text !== undefined) return text;
  } catch (cause) {
    throw noCanonicalForm(String(cause instanceof Error ? cause.message : cause), cause);
  }
  throw noCanonicalForm(`received ${typeof value}`);
}

function noCanonicalForm(detail: string, cause?: unknown): GateError {
  return new GateError(
    'internal',
    `A value has no canonical JSON form: ${detail}; allowed are JSON values with finite numbers and well-formed text.`,
    'Report this with the request that led to it.',
    { cause },
  );
}

/** SHA-256 of the parts joined, as 64 hex digits; text counts as its UTF-8 bytes. */
export function sha256Hex(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
