import type { SourceAnswer, SourceFault } from '../../../ports/metric-source.ts';

/** Why there is no answer; thrown inside of this adapter and turned into an answer at its edge. */
export class PostgresFault extends Error {
  readonly fault: SourceFault;
  /** Whether asking once more can help. */
  readonly passing: boolean;
  /** What the server could not find, so that what looks alike can be told. */
  readonly missing: Missing | null;

  /** @param detail what was found, what is allowed, what to do; no secret, no value of the database */
  constructor(fault: SourceFault, detail: string, more: { passing?: boolean; missing?: Missing } = {}) {
    super(detail);
    this.fault = fault;
    this.passing = more.passing ?? false;
    this.missing = more.missing ?? null;
  }
}

export interface Missing {
  readonly kind: 'table' | 'column' | 'function' | 'schema';
  readonly name: string;
}

type NonAnswer = Exclude<SourceAnswer, { status: 'ok' }>;

/** The answer that a fault is. */
export function toAnswer({ fault, message }: PostgresFault, query: string | null): NonAnswer {
  return { status: statusOf(fault), fault, detail: message, query };
}

function statusOf(fault: SourceFault): NonAnswer['status'] {
  if (fault === 'empty') return 'no_data';
  return fault === 'stale' || fault === 'replica_lag' ? 'stale' : 'source_error';
}
