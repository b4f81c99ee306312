import type { AcceptedEvent } from '../../../../domain/model/event.ts';
import { type EpochMs, minuteOf, weekOf } from '../../../../domain/model/time.ts';
import type { AppendOutcome } from '../../../../ports/store.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { BatchTallies } from './batch-tallies.ts';
import { NO_VARIANT, VARIANT_CODES, WHOLE_WINDOW } from './codes.ts';
import { type Arm, Contributions } from './contributions.ts';
import type { ChangeWindow, Feeds, FeedsCache } from './feeds.ts';
import type { Names } from './names.ts';
import { isFirstRefusal } from './refusals.ts';

const INSERT_EVENT = `INSERT INTO events
  (repository_id, event_id, name_id, at, unit_key, cohort, status, latency_ms, value, tag, content_hash, received_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (repository_id, event_id) DO NOTHING`;
const INSERT_EXPOSURE = 'INSERT INTO event_exposures (scope_id, variant, at, event_key) VALUES (?, ?, ?, ?)';
const HISTORY_ARM: Arm = { variant: NO_VARIANT, cohort: '' };

/** One stored event, in the numbers of the tables. */
interface StoredEvent {
  readonly event: AcceptedEvent;
  readonly nameId: number;
  readonly unitKey: number | null;
}

/**
 * Appends events and keeps what they feed. Each step below leaves the contributions equal to what they
 * would be if they were made anew from all stored events, so the order of events can not matter: firsts are
 * minima, "an error was seen" is a disjunction, and an outcome is read again whenever its trial moves.
 */
export class EventWriter {
  readonly #connection: SqliteConnection;
  readonly #names: Names;
  readonly #feeds: FeedsCache;

  constructor(connection: SqliteConnection, names: Names, feeds: FeedsCache) {
    this.#connection = connection;
    this.#names = names;
    this.#feeds = feeds;
  }

  append(events: readonly AcceptedEvent[], receivedAt: EpochMs): AppendOutcome[] {
    const contributions = new Contributions(this.#connection);
    const tallies = new BatchTallies();
    const outcomes = events.map((event) => this.#appendOne(event, receivedAt, contributions, tallies));
    contributions.flush();
    tallies.flush(this.#connection);
    return outcomes;
  }

  #appendOne(
    event: AcceptedEvent,
    receivedAt: EpochMs,
    contributions: Contributions,
    tallies: BatchTallies,
  ): AppendOutcome {
    const feeds = this.#feeds.of(event.repository, event.at);
    const { repositoryId } = feeds;
    const nameId = this.#names.event(repositoryId, event.event);
    const unitKey = event.unit === null ? null : this.#names.unit(repositoryId, event.unit);
    const named = new Map(
      event.exposures.map(({ changeId, variant }) => [this.#names.scope(changeId), VARIANT_CODES[variant]]),
    );
    const { eventId, at, cohort, status, latencyMs, value, tag, contentHash } = event;
    const row = [
      repositoryId,
      eventId,
      nameId,
      at,
      unitKey,
      cohort,
      status,
      latencyMs,
      value,
      tag,
      contentHash,
      receivedAt,
    ];
    const eventKey = this.#connection.insert(INSERT_EVENT, ...row);
    const outcome = eventKey === null ? this.#repetition(repositoryId, event) : 'accepted';
    if (outcome !== 'conflict' || this.#isFirstConflict(event)) {
      for (const scopeId of [repositoryId, ...named.keys()]) tallies.count(scopeId, outcome);
    }
    if (eventKey === null) return outcome;

    const stored: StoredEvent = { event, nameId, unitKey };
    tallies.see(repositoryId, nameId, at);
    for (const [scopeId, variant] of named) {
      this.#connection.run(INSERT_EXPOSURE, scopeId, variant, at, eventKey);
      tallies.see(scopeId, nameId, at);
      const window = feeds.windows.get(scopeId);
      if (window && at >= window.startMs && at < window.endMs) feedWindow(contributions, window, stored, variant);
    }
    feedHistory(contributions, feeds, stored);
    if (unitKey !== null) feedSuccesses(contributions, feeds, nameId, unitKey, at);
    return outcome;
  }

  #isFirstConflict({ repository, eventId, contentHash }: AcceptedEvent): boolean {
    return isFirstRefusal(this.#connection, repository, 'conflict', `${eventId}\n${contentHash}`);
  }

  #repetition(repositoryId: number, event: AcceptedEvent): AppendOutcome {
    const sql = 'SELECT content_hash FROM events WHERE repository_id = ? AND event_id = ?';
    const first = this.#connection.get<{ content_hash: string }>(sql, repositoryId, event.eventId);
    return first?.content_hash === event.contentHash ? 'duplicate' : 'conflict';
  }
}

/** Feeds a change whose window the event is in: its exposures first, since they give the unit its arm. */
function feedWindow(contributions: Contributions, window: ChangeWindow, stored: StoredEvent, variant: number): void {
  const { event, nameId, unitKey } = stored;
  const arm =
    unitKey === null
      ? { variant, cohort: event.cohort ?? '' }
      : contributions.expose(window, unitKey, {
          at: event.at,
          eventId: event.eventId,
          variant,
          cohort: event.cohort ?? '',
        });
  for (const series of window.series) {
    if (series.ofNameId !== nameId) continue;
    if (series.kind === 'status') {
      contributions.addStatus(series, unitKey, event.at, event.status === 'error', { variant, cohort: arm.cohort });
    } else if (unitKey !== null) contributions.addTrial(series, unitKey, WHOLE_WINDOW, event.at, arm);
  }
}

function feedHistory(contributions: Contributions, { history }: Feeds, stored: StoredEvent): void {
  const { event, nameId, unitKey } = stored;
  for (const series of history) {
    if (series.ofNameId !== nameId) continue;
    if (series.kind === 'status')
      contributions.addStatus(series, unitKey, event.at, event.status === 'error', HISTORY_ARM);
    else if (unitKey !== null)
      contributions.addTrial(series, unitKey, weekOf(minuteOf(event.at)), event.at, HISTORY_ARM);
  }
}

/** A success counts for every trial of its unit that it follows in time, whether or not it names the change. */
function feedSuccesses(contributions: Contributions, feeds: Feeds, nameId: number, unitKey: number, at: EpochMs): void {
  for (const series of feeds.history) {
    if (series.successNameId !== nameId) continue;
    const weeks = [weekOf(minuteOf(at - series.withinMs)), weekOf(minuteOf(at))] as const;
    contributions.addSuccess(series, unitKey, weeks, at, () => HISTORY_ARM);
  }
  for (const { window, series } of feeds.successes.get(nameId) ?? []) {
    // Those after it took their last outcome even earlier.
    if (at > window.lastOutcomeMs) break;
    if (at <= window.startMs) continue;
    contributions.addSuccess(series, unitKey, [WHOLE_WINDOW, WHOLE_WINDOW], at, () =>
      contributions.armOf(window, unitKey),
    );
  }
}
