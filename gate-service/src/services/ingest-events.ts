import type { EventLine } from '../contract/api/event.ts';
import type { Change } from '../domain/model/change.ts';
import { LATE_GRACE_MINUTES, longestWithin, windowEnd } from '../domain/model/change.ts';
import type { AcceptedEvent, EventExposure, LineOutcome, QuarantineReason } from '../domain/model/event.ts';
import { type EpochMs, MINUTE_MS, startOfMinute } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { Gate } from './gate.ts';
import { eventHashMatches, pseudonymizer } from './hashes.ts';
import { type ReadLine, readEventLines } from './read-event-lines.ts';

const SKEW_MS = 5 * MINUTE_MS;

export interface EventBatch {
  readonly repository: string;
  /** NDJSON text, already inflated and size-checked. */
  readonly text: string;
  /** Makes ids for events without one, together with the line number; the same batch sent again gets the same ids. */
  readonly batchId: string;
}

export interface LineResult {
  readonly line: number;
  readonly outcome: LineOutcome;
  readonly reason: string;
}

export interface IngestResult {
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly rejected: number;
  /** One for each line that was not plainly accepted. */
  readonly lines: readonly LineResult[];
}

/**
 * Takes one batch in the caller's transaction: what can be read is checked line by line, what is sound is
 * counted, what is doubtful is kept apart, and the result says which line met which end.
 */
export async function ingestBatch(gate: Gate, tx: StoreTransaction, batch: EventBatch): Promise<IngestResult> {
  const now = gate.business.now();
  const { read, rejected } = readEventLines(batch.text);
  if (read.length === 0 && rejected.length === 0) await tx.events.heartbeat(batch.repository, now);
  const changes = await findNamedChanges(tx, batch.repository, read);
  const unitOf = pseudonymizer(gate.options.secret, batch.repository);
  const assess = makeAssessor(gate, batch, { changes, unitOf, now });
  const sound: { line: number; event: AcceptedEvent }[] = [];
  const doubtful: Doubtful[] = [];
  for (const item of read) {
    const assessed = assess(item);
    if ('reason' in assessed) doubtful.push({ item, text: withPseudonym(item.event, unitOf), ...assessed });
    else sound.push({ line: item.line, event: assessed.event });
  }
  const outcomes = await tx.events.append(
    sound.map(({ event }) => event),
    now,
  );
  const lines: LineResult[] = [...rejected];
  sound.forEach(({ line, event }, index) => {
    const outcome = outcomes[index];
    if (outcome === 'duplicate')
      lines.push({ line, outcome: 'duplicate', reason: `event_id ${event.eventId} was accepted before` });
    if (outcome === 'conflict') {
      lines.push({ line, outcome: 'quarantined', reason: 'conflict: this event_id was accepted with other content' });
    }
  });
  if (doubtful.length > 0) {
    await tx.events.quarantine(
      doubtful.map(({ item, text, reason, changeIds }) => ({
        repository: batch.repository,
        reason,
        line: text,
        changeIds,
        eventId: eventIdOf(batch, item),
        contentHash: item.contentHash,
      })),
      now,
    );
    for (const { item, reason } of doubtful)
      lines.push({ line: item.line, outcome: 'quarantined', reason: QUARANTINE_TEXT[reason] });
  }
  return summarise(
    lines.sort((left, right) => left.line - right.line),
    outcomes.filter((outcome) => outcome === 'accepted').length,
  );
}

const QUARANTINE_TEXT: Readonly<Record<QuarantineReason, string>> = {
  skew: 'skew: the timestamp is more than 5 minutes ahead; check the sender’s clock',
  unknown_change: 'unknown_change: no such change in this repository',
  bad_hash: 'bad_hash: the hash does not fit the content',
  missing_hash: 'missing_hash: this gate service requires a hash on each event',
  late: 'late: every change that it names has closed its books',
  conflict: 'conflict: this event_id was accepted with other content',
};

function summarise(lines: readonly LineResult[], accepted: number): IngestResult {
  const count = (outcome: LineOutcome) => lines.filter((line) => line.outcome === outcome).length;
  return {
    accepted,
    duplicate: count('duplicate'),
    quarantined: count('quarantined'),
    rejected: count('rejected'),
    lines,
  };
}

/** A line that is kept apart is evidence of a mistake: who it was about is not needed for that. */
function withPseudonym(event: EventLine, unitOf: (userId: string) => string): string {
  return JSON.stringify(event.user_id === undefined ? event : { ...event, user_id: unitOf(event.user_id) });
}

/** The changes that the batch's events may be about, by id or by flag: not all that the repository ever had. */
export async function findNamedChanges(
  tx: StoreTransaction,
  repository: string,
  lines: readonly Pick<ReadLine, 'event'>[],
): Promise<readonly Change[]> {
  const ids = new Set(
    lines.flatMap(({ event }) => [...(event.change_id ? [event.change_id] : []), ...Object.keys(event.changes ?? {})]),
  );
  const flags = new Set(lines.flatMap(({ event }) => Object.keys(event.flags ?? {})));
  const found = new Map<string, Change>();
  for (const id of ids) {
    const change = await tx.changes.find(id);
    if (change?.repository === repository) found.set(id, change);
  }
  for (const flag of flags) {
    for (const change of await tx.changes.list({ repository, flag })) found.set(change.changeId, change);
  }
  return [...found.values()];
}

type Assessed = { event: AcceptedEvent } | { reason: QuarantineReason; changeIds: readonly string[] };

type Doubtful = Extract<Assessed, { reason: unknown }> & { readonly item: ReadLine; readonly text: string };

interface Facts {
  readonly changes: readonly Change[];
  readonly unitOf: (userId: string) => string;
  readonly now: EpochMs;
  /** Hashes were checked before: what is kept apart has the user's pseudonym in it and fits its hash no longer. */
  readonly hashesChecked?: true;
}

function eventIdOf({ batchId }: Pick<EventBatch, 'batchId'>, { event, line }: ReadLine): string {
  return event.event_id ?? `${batchId}:${line}`;
}

/** Makes the function that tells what becomes of one line: an event to count, or why it is kept apart. */
export function makeAssessor(
  gate: Pick<Gate, 'options'>,
  batch: Pick<EventBatch, 'repository' | 'batchId'>,
  { changes, unitOf, now, hashesChecked }: Facts,
): (item: ReadLine) => Assessed {
  const byId = new Map(changes.map((change) => [change.changeId, change]));
  const { requireHash, ingestHmacKey } = gate.options;
  return (item) => {
    const { event, contentHash } = item;
    const at = Date.parse(event.timestamp);
    const named = namedExposures(event, changes, at);
    const doubt = (reason: QuarantineReason): Assessed => ({
      reason,
      changeIds: named.map(({ changeId }) => changeId),
    });
    if (event.hash === undefined && requireHash) return doubt('missing_hash');
    if (event.hash !== undefined && !hashesChecked && !eventHashMatches(event, ingestHmacKey)) return doubt('bad_hash');
    if (at > now + SKEW_MS) return doubt('skew');
    if (named.some(({ changeId }) => !byId.has(changeId))) return doubt('unknown_change');
    const open = named.filter(({ changeId }) => !isClosed(byId.get(changeId)!, now));
    if (named.length > 0 && open.length === 0) return doubt('late');
    return {
      event: {
        eventId: eventIdOf(batch, item),
        repository: batch.repository,
        event: event.event,
        at,
        unit: event.user_id === undefined ? null : unitOf(event.user_id),
        cohort: event.user_cohort ?? null,
        status: event.status ?? null,
        latencyMs: event.latency_ms ?? null,
        value: event.value ?? null,
        tag: event.customer_impact_tag ?? null,
        contentHash,
        exposures: open,
      },
    };
  };
}

/** The changes that an event names; `flags` are resolved to the change open for that flag at the event's time. */
function namedExposures(event: EventLine, changes: readonly Change[], at: EpochMs): readonly EventExposure[] {
  if (event.change_id !== undefined) return [{ changeId: event.change_id, variant: event.version_flag! }];
  if (event.changes !== undefined) {
    return Object.entries(event.changes).map(([changeId, variant]) => ({ changeId, variant }));
  }
  return Object.entries(event.flags ?? {}).flatMap(([flag, variant]) => {
    const change = changes
      .filter(
        (candidate) =>
          candidate.flag === flag &&
          candidate.activatedAt !== null &&
          candidate.activatedAt <= at &&
          !isClosed(candidate, at),
      )
      .sort((left, right) => right.activatedAt! - left.activatedAt!)[0];
    return change ? [{ changeId: change.changeId, variant }] : [];
  });
}

/** Whether the change's books are closed at `at`: nothing that names it is counted any more. */
function isClosed(change: Change, at: EpochMs): boolean {
  const end = windowEnd(change);
  if (end === null) return change.state === 'void' || change.state === 'superseded';
  return at >= startOfMinute(end + longestWithin(change) + LATE_GRACE_MINUTES);
}
