import { nearest } from '../../../contract/nearest.ts';
import type { SourceAnswer, SourceFault } from '../../../ports/metric-source.ts';

/** Why files give no answer; thrown inside of this adapter and turned into an answer at its edge. */
export class FilesFault extends Error {
  readonly fault: SourceFault;

  /** @param detail what was found, what is allowed, what to do; no content of a row */
  constructor(fault: SourceFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

type NoAnswer = Exclude<SourceAnswer, { status: 'ok' }>;

/** The answer that a fault is; what was thrown by surprise is told without its text, which may hold rows. */
export function toAnswer(error: unknown, source: string, query: string | null): NoAnswer {
  const known = error instanceof FilesFault;
  const fault = known ? error.fault : 'bad_query';
  const status = fault === 'empty' ? 'no_data' : fault === 'stale' ? 'stale' : 'source_error';
  const text = known ? error.message : 'the question failed in a way that is not known; please report it';
  return { status, fault, detail: `${source}: ${text}`, query };
}

/** What is there in place of something that is not: what looks alike, else the first few. */
export function alike(wanted: string, known: readonly string[]): string {
  const near = nearest(wanted, known);
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  if (known.length === 0) return 'there is none at all';
  return `there is ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' and more' : ''}`;
}
