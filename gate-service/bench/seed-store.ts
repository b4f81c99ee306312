import { DatabaseSync } from 'node:sqlite';
import { MINUTE_MS, minuteOf } from '../src/domain/model/time.ts';
import { CHANGE_ID, REPOSITORY } from './bench-gate.ts';

/** Of the seeded events, one in five is a success: it follows the view of the unit four before it by half an hour. */
const EVENTS_PER_VISIT = 6 / 5;
const SUCCESS_AFTER_MS = 30 * MINUTE_MS;
const ERROR_EVERY = 50;
/** Neither errors nor successes may go with one variant. */
const VARIANT_OF_UNIT = '((unit_key * 2654435761) >> 16) & 1';

export interface Seed {
  readonly events: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Writes events of the change straight into the tables that hold what was received: `units`, `events`, `event_exposures`
 * and `last_seen`. Everything made from them (exposures, conversions, status trials, roll-ups by minute and by hour) is
 * left to the service, which builds it when the KPIs are registered and when the window starts.
 * The store must be new, with its schema; nobody else may have it open.
 */
export function seedEvents(storePath: string, { events, from, to }: Seed): void {
  const visits = Math.round(events / EVENTS_PER_VISIT);
  const step = (to - from) / visits;
  const database = new DatabaseSync(storePath);
  try {
    database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1048576; BEGIN');
    database.exec(`
      INSERT INTO scopes (scope_id, name) VALUES (1, '${REPOSITORY}'), (2, '${CHANGE_ID}');
      INSERT INTO event_names (name_id, repository_id, name) VALUES (1, 1, 'quote_viewed'), (2, 1, 'quote_done');`);
    const upTo = `WITH RECURSIVE visits (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM visits WHERE i < ${visits})`;
    database.exec(`INSERT INTO units (unit_key, repository_id, unit)
      ${upTo} SELECT i, 1, printf('%032x', i) FROM visits`);
    const at = `${from} + CAST(i * ${step} AS INTEGER)`;
    database.exec(`INSERT INTO events (event_key, repository_id, event_id, name_id, at, unit_key, status, content_hash, received_at)
      ${upTo} SELECT i, 1, printf('seed-%020d', i), 1, ${at}, i, iif(i % ${ERROR_EVERY} = 0, 'error', 'success'),
        printf('%064x', i), ${at} FROM visits`);
    const done = `at + ${SUCCESS_AFTER_MS} FROM events WHERE name_id = 1 AND event_key % 5 = 0 AND at + ${SUCCESS_AFTER_MS} < ${to}`;
    database.exec(`INSERT INTO events (repository_id, event_id, name_id, at, unit_key, content_hash, received_at)
      SELECT 1, replace(event_id, 'seed', 'done'), 2, at + ${SUCCESS_AFTER_MS}, unit_key, content_hash, ${done}`);
    database.exec(`INSERT INTO event_exposures (scope_id, variant, at, event_key)
      SELECT 2, ${VARIANT_OF_UNIT}, at, event_key FROM events ORDER BY 2, 3, 4`);
    database.exec(`INSERT INTO last_seen (scope_id, name_id, minute)
      SELECT s.scope_id, e.name_id, e.minute FROM scopes s
      JOIN (SELECT name_id, max(at) / ${MINUTE_MS} AS minute FROM events GROUP BY name_id) e`);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/**
 * Adds the KPIs' own history before the events: only its roll-ups, by minute and by hour, since that is all that is
 * read of it (when the window starts). The rate is the same as in the seeded events.
 */
export function seedHistory(storePath: string, { events, from, to }: Seed, weeks: number): void {
  const first = minuteOf(from) - weeks * 7 * 1440;
  const perMinute = events / EVENTS_PER_VISIT / ((to - from) / MINUTE_MS);
  const database = new DatabaseSync(storePath);
  try {
    database.exec(`BEGIN;
      INSERT INTO rollups (series_id, minute, variant, cohort, n, y)
      WITH RECURSIVE minutes (minute, n) AS (
        SELECT ${first}, 0 UNION ALL
        SELECT minute + 1, CAST((minute + 1 - ${first}) * ${perMinute} AS INTEGER) - CAST((minute - ${first}) * ${perMinute} AS INTEGER)
        FROM minutes WHERE minute + 1 < ${minuteOf(from)}
      )
      SELECT series_id, minute, 2, '', n, CASE kind WHEN 'status' THEN n / ${ERROR_EVERY} ELSE n / 5 END
      FROM series JOIN scopes USING (scope_id) JOIN minutes WHERE name = '${REPOSITORY}' AND n > 0;
      INSERT INTO hour_rollups (series_id, hour, variant, n, y)
      SELECT series_id, minute / 60, variant, sum(n), sum(y) FROM rollups
      WHERE minute < ${minuteOf(from)} GROUP BY 1, 2, 3
      ON CONFLICT DO UPDATE SET n = n + excluded.n, y = y + excluded.y;
      COMMIT`);
  } finally {
    database.close();
  }
}
