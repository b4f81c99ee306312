import type { AcceptedEvent } from '../../../../domain/model/event.ts';
import { type EpochMs, minuteOf, weekOf } from '../../../../domain/model/time.ts';
import type { AppendOutcome } from '../../../../ports/store.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';
import { BatchTallies } from './batch-tallies.ts';
import { NO_VARIANT, VARIANT_CODES, WHOLE_WINDOW } from './codes.ts';
import { Contributions, HISTORY_ARM, type Place, type StoredEvent } from './contributions.ts';
import type { ChangeWindow, Feeds, FeedsCache, Series } from './feeds.ts';
import type { Names } from './names.ts';
import { isFirstRefusal } from './refusals.ts';

const INSERT_EVENT = `INSERT INTO events
  (repository_id, event_id, name_id, at, unit_key, cohort, status, latency_ms, value, tag, content_hash, received_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (repository_id, event_id) DO NOTHING`;
const INSERT_EXPOSURE = 'INSERT INTO event_exposures (scope_id, variant, at, event_key) VALUES (?, ?, ?, ?)';

/**
 * Appends events and keeps what they feed. Each step below leaves the contributions equal to what they
 * would be if they were made anew from all stored events, so the order of events can not matter: firsts are
 * minima, "an error was seen" is a disjunction, the slowest is a maximum, amounts are sums of whole steps, and outcomes
 * are read again whenever their trial moves.
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
    if (unitKey !== null) feedOutcomes(contributions, feeds, stored, unitKey);
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
  const { event, unitKey } = stored;
  const arm =
    unitKey === null
      ? { variant, cohort: event.cohort ?? '' }
      : contributions.expose(window, unitKey, {
          at: event.at,
          eventId: event.eventId,
          variant,
          cohort: event.cohort ?? '',
        });
  feedSeries(contributions, window.series, stored, { arm, variant, week: WHOLE_WINDOW });
}

function feedHistory(contributions: Contributions, { history }: Feeds, stored: StoredEvent): void {
  const week = weekOf(minuteOf(stored.event.at));
  feedSeries(contributions, history, stored, { arm: HISTORY_ARM, variant: NO_VARIANT, week });
}

function feedSeries(contributions: Contributions, list: readonly Series[], stored: StoredEvent, place: Place): void {
  for (const series of list) {
    const isIt = series.ofNameId === stored.nameId || (series.kind === 'rate' && series.otherNameId === stored.nameId);
    if (isIt) contributions.addEvent(series, stored, place);
  }
}

/** An outcome counts for every trial of its unit that it belongs to in time, whether or not it names the change. */
function feedOutcomes(contributions: Contributions, feeds: Feeds, stored: StoredEvent, unitKey: number): void {
  const { event, nameId } = stored;
  for (const series of feeds.history) {
    if (series.outcomeNames.includes(nameId)) contributions.addOutcome(series, unitKey, stored, null);
  }
  for (const { window, series } of feeds.outcomes.get(nameId) ?? []) {
    // Those after it took their last outcome even earlier.
    if (event.at > window.lastOutcomeMs) break;
    if (event.at < window.startMs + series.firstOutcomeMs) continue;
    contributions.addOutcome(series, unitKey, stored, window);
  }
}
