import { GateError } from '../contract/gate-error.ts';
import type { QuarantineReason } from '../domain/model/event.ts';
import type { QuarantinedLine, StoreTransaction } from '../ports/store.ts';
import type { Gate } from './gate.ts';
import { findNamedChanges, makeAssessor } from './ingest-events.ts';
import { type ReadLine, readEventLines } from './read-event-lines.ts';
import { recordForService } from './record.ts';

/** Whose cause may have gone away since; a wrong hash and a contradiction stay what they are. */
export const REPLAYABLE_REASONS = ['skew', 'unknown_change', 'missing_hash', 'late'] as const;
/** Lines of one transaction: looks and ingest go on in between. */
const CHUNK_LINES = 500;

export interface ReplayedQuarantine {
  readonly accepted: number;
  /** Accepted before under the same id, with the same content. */
  readonly duplicate: number;
  /** Still kept apart, by the reason that holds now. */
  readonly kept: Readonly<Record<string, number>>;
}

/** What is kept apart of a repository: a page of lines, and how many there are by reason. */
export async function listQuarantine(
  gate: Pick<Gate, 'store'>,
  repository: string,
  filter: { reason: QuarantineReason | null; after: number; limit: number },
): Promise<{ lines: readonly QuarantinedLine[]; counts: Readonly<Record<string, number>> }> {
  return gate.store.transaction(async (tx) => ({
    lines: await tx.quarantine.list(repository, filter),
    counts: await tx.quarantine.counts(repository),
  }));
}

/**
 * Takes events that were kept apart for one reason as if they came now: those that are sound by now are counted, once,
 * as the events that they were when they were sent, and are no longer counted as quarantined; the others stay. Books that
 * are closed stay closed.
 * @param actor who asked for it, for the ledger
 * @throws GateError invalid_request for a reason whose cause cannot go away
 */
export async function replayQuarantine(
  gate: Gate,
  repository: string,
  reason: QuarantineReason,
  actor: string,
): Promise<ReplayedQuarantine> {
  if (!(REPLAYABLE_REASONS as readonly string[]).includes(reason)) {
    throw new GateError(
      'invalid_request',
      `Events kept apart as ${reason} are never counted; allowed are ${REPLAYABLE_REASONS.join(', ')}.`,
      'Have the sender send the events again, with the right hash and a new event_id.',
    );
  }
  const total = { accepted: 0, duplicate: 0, kept: {} as Record<string, number> };
  for (let after = 0; ; ) {
    const last = await gate.store.transaction(async (tx) => {
      const lines = await tx.quarantine.list(repository, { reason, after, limit: CHUNK_LINES });
      await replayChunk(gate, tx, repository, lines, total);
      return lines.at(-1)?.lineId ?? null;
    });
    if (last === null) break;
    after = last;
    await gate.real.sleep(0);
  }
  await gate.store.transaction((tx) =>
    recordForService(gate, tx, { type: 'quarantine.replayed', actor, repository }, { reason, ...total }),
  );
  return total;
}

async function replayChunk(
  gate: Gate,
  tx: StoreTransaction,
  repository: string,
  lines: readonly QuarantinedLine[],
  total: { accepted: number; duplicate: number; kept: Record<string, number> },
): Promise<void> {
  const keep = (reason: string) => {
    total.kept[reason] = (total.kept[reason] ?? 0) + 1;
  };
  const now = gate.business.now();
  const readable = lines.flatMap((line) => {
    const item = asSent(line);
    if (item === null) keep('unreadable');
    return item === null ? [] : [{ line, item }];
  });
  const changes = await findNamedChanges(
    tx,
    repository,
    readable.map(({ item }) => item),
  );
  const assess = makeAssessor(
    gate,
    { repository, batchId: '' },
    { changes, unitOf: (pseudonym) => pseudonym, now, hashesChecked: true },
  );
  for (const { line, item } of readable) {
    const assessed = assess(item);
    if ('reason' in assessed) {
      keep(assessed.reason);
      continue;
    }
    const [outcome] = await tx.events.append([assessed.event], now);
    if (outcome === 'conflict') {
      keep('conflict');
      continue;
    }
    await tx.quarantine.release(repository, line);
    if (outcome === 'accepted') total.accepted += 1;
    else total.duplicate += 1;
  }
}

/** The event with the id and the content that it had when it was sent; null for a line from before these were kept. */
function asSent({ line, eventId, contentHash }: QuarantinedLine): ReadLine | null {
  const [item] = readEventLines(line).read;
  if (item === undefined || eventId === null || contentHash === null) return null;
  return { line: 1, event: { ...item.event, event_id: eventId }, contentHash };
}
