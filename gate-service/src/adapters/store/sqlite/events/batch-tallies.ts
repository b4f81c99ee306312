import { type EpochMinute, type EpochMs, minuteOf } from '../../../../domain/model/time.ts';
import type { AppendOutcome } from '../../../../ports/store.ts';
import type { SqliteConnection } from '../sqlite-connection.ts';

const COUNT_SQL = `INSERT INTO event_counters (scope_id, counter, count) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count`;
const SEEN_SQL = `INSERT INTO last_seen (scope_id, name_id, minute) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET minute = max(minute, excluded.minute)`;

/** How many events of a batch met which end, and the newest minute of each kind; written once. */
export class BatchTallies {
  readonly #counts = new Map<string, { scopeId: number; counter: string; count: number }>();
  readonly #seen = new Map<string, { scopeId: number; nameId: number; minute: EpochMinute }>();

  count(scopeId: number, counter: AppendOutcome | `quarantined:${string}`): void {
    const key = `${scopeId}/${counter}`;
    const entry = this.#counts.get(key);
    if (entry) entry.count += 1;
    else this.#counts.set(key, { scopeId, counter, count: 1 });
  }

  see(scopeId: number, nameId: number, at: EpochMs): void {
    const key = `${scopeId}/${nameId}`;
    const minute = minuteOf(at);
    const entry = this.#seen.get(key);
    if (!entry) this.#seen.set(key, { scopeId, nameId, minute });
    else if (entry.minute < minute) entry.minute = minute;
  }

  flush(connection: SqliteConnection): void {
    for (const { scopeId, counter, count } of this.#counts.values()) connection.run(COUNT_SQL, scopeId, counter, count);
    for (const { scopeId, nameId, minute } of this.#seen.values()) connection.run(SEEN_SQL, scopeId, nameId, minute);
    this.#counts.clear();
    this.#seen.clear();
  }
}
