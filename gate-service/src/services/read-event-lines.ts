import { EVENT_LIMITS, type EventLine, EventLineSchema } from '../contract/api/event.ts';
import { GateError } from '../contract/gate-error.ts';
import { eventContentHash } from './hashes.ts';

export interface ReadLine {
  /** Counts from 1. */
  readonly line: number;
  readonly event: EventLine;
  readonly contentHash: string;
}

export interface RejectedLine {
  readonly line: number;
  readonly outcome: 'rejected';
  readonly reason: string;
}

/** Splits a batch into lines and reads each by itself; blank lines are skipped but counted. */
export function readEventLines(text: string): { read: readonly ReadLine[]; rejected: readonly RejectedLine[] } {
  const read: ReadLine[] = [];
  const rejected: RejectedLine[] = [];
  text.split('\n').forEach((raw, index) => {
    if (raw.trim() === '') return;
    const line = index + 1;
    const result = readLine(raw);
    if (typeof result === 'string') rejected.push({ line, outcome: 'rejected', reason: result });
    else read.push({ line, ...result });
  });
  return { read, rejected };
}

/** @returns the event, or why the line is none */
function readLine(raw: string): Omit<ReadLine, 'line'> | string {
  if (Buffer.byteLength(raw) > EVENT_LIMITS.lineBytes) {
    return `too long: at most ${EVENT_LIMITS.lineBytes} bytes a line are allowed`;
  }
  const value = parseJson(raw);
  if (value === undefined) return 'not JSON: each line must be one JSON object';
  const result = EventLineSchema.safeParse(value);
  if (!result.success) {
    return result.error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`).join('; ');
  }
  if (hasPrototypeKey(raw)) return 'event: the key __proto__ is not allowed';
  // The store counts from 1970 on, and no honest clock is before it.
  if (!(Date.parse(result.data.timestamp) >= 0)) return 'timestamp: allowed: an instant after 1970-01-01T00:00:00Z';
  return withHash(result.data);
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}

/** Half a character (a lone surrogate) has no UTF-8: it could be neither hashed nor stored as it is. */
function withHash(event: EventLine): Omit<ReadLine, 'line'> | string {
  try {
    return { event, contentHash: eventContentHash(event) };
  } catch (error) {
    if (error instanceof GateError) return 'event: allowed: well-formed Unicode text';
    throw error;
  }
}

/** The schema does not see this key inside of maps. The first look keeps the second parse to suspicious lines. */
function hasPrototypeKey(raw: string): boolean {
  if (!/__proto__|\\u/.test(raw)) return false;
  let found = false;
  JSON.parse(raw, (key, value) => {
    if (key === '__proto__') found = true;
    return value;
  });
  return found;
}
