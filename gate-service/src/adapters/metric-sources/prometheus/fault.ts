import type { SourceAnswer, SourceFault } from '../../../ports/metric-source.ts';

/** Why there is no answer; thrown inside of this adapter and turned into an answer at its edge. */
export class PrometheusFault extends Error {
  readonly fault: SourceFault;

  /** @param detail what was found, what is allowed, what to do; no secret, no body of an answer */
  constructor(fault: SourceFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

/** The answer that a fault is. */
export function toAnswer(error: unknown, query: string | null): Exclude<SourceAnswer, { status: 'ok' }> {
  const { fault, message } =
    error instanceof PrometheusFault
      ? error
      : { fault: 'bad_query' as const, message: String((error as Error).message) };
  const status =
    fault === 'empty' || fault === 'not_finite' ? 'no_data' : fault === 'stale' ? ('stale' as const) : 'source_error';
  return { status, fault, detail: message, query };
}
