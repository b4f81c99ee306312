import { createHash, createHmac } from 'node:crypto';
import canonicalize from 'canonicalize';
import { EVENT_LIMITS, EventLineSchema } from '../contract/api/event.ts';
import type { AppEvent } from './event-client.ts';

/** An event ready to be sent. */
export interface Sealed {
  readonly line: string;
  readonly bytes: number;
}

export interface SealOptions {
  readonly id: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Null: the hash is a plain SHA-256. */
  readonly ingestKey: string | null;
}

/**
 * Gives an event its id, its time and its hash (docs/events.md, "The hash"), and checks it as the gate service will.
 * @returns a sentence about what is wrong when it is no event
 */
export function sealEvent(event: AppEvent, { id, now, ingestKey }: SealOptions): Sealed | string {
  try {
    const at = event.timestamp ?? new Date(now());
    const rest = {
      ...withoutUndefined(event),
      event_id: event.event_id ?? id(),
      timestamp: at instanceof Date ? at.toISOString() : at,
    };
    const checked = EventLineSchema.safeParse(rest);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      return `Not an event: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not as docs/events.md says'}.`;
    }
    const canonical = canonicalize(rest) ?? '';
    const digest = ingestKey === null ? createHash('sha256') : createHmac('sha256', ingestKey);
    const line = JSON.stringify({ ...rest, hash: digest.update(canonical).digest('hex') });
    const bytes = Buffer.byteLength(line) + 1;
    return bytes > EVENT_LIMITS.lineBytes
      ? `Not an event: it has ${bytes} bytes, at most ${EVENT_LIMITS.lineBytes} are allowed.`
      : { line, bytes };
  } catch (error) {
    return `Not an event: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

function withoutUndefined(event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== undefined));
}
