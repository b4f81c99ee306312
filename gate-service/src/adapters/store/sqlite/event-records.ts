import { GateError } from '../../../contract/gate-error.ts';
import type { Kpi } from '../../../contract/kpi-registry.ts';
import type { Change } from '../../../domain/model/change.ts';
import { eventsOf } from '../../../domain/model/measure.ts';
import { type EpochMinute, HOUR_MINUTES, minuteOf } from '../../../domain/model/time.ts';
import type { EventRecords, KpiRecords, SourceRecords } from '../../../ports/store.ts';
import { BatchTallies } from './events/batch-tallies.ts';
import { EXPOSURE_SERIES, unitsSeries, VARIANT_CODES } from './events/codes.ts';
import { EventWriter } from './events/event-writer.ts';
import { FeedsCache } from './events/feeds.ts';
import { Names } from './events/names.ts';
import { pulledRecords } from './events/pulled-records.ts';
import { isFirstRefusal } from './events/refusals.ts';
import { RollupReader } from './events/rollup-reader.ts';
import { SeriesBuilder } from './events/series-builder.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** A quarantined line is kept up to this size, in bytes: it is evidence of a mistake, not data. */
const QUARANTINED_LINE_BYTES = 16_384;

const FIRST_TREATMENT = `SELECT min(at) AS at FROM event_exposures WHERE scope_id = ? AND variant = ${VARIANT_CODES.on} AND at >= ?`;
const MULTI_EXPOSED = `SELECT count(*) AS units FROM (
  SELECT unit_key FROM mixed_exposures WHERE scope_id = ? AND minute >= ? AND minute < ?
  GROUP BY unit_key HAVING min(variant) <> max(variant))`;
const LAST_SEEN = 'SELECT max(minute) AS minute FROM last_seen WHERE scope_id = ? AND name_id IN (?, ?, ?)';
/** Names of events that feed one KPI: at most those of a ratio. */
const MOST_FEEDING_EVENTS = 3;
const NO_SOURCES: ReadonlySet<string> = new Set();
const HEARTBEAT_HOURS = 'SELECT hour FROM heartbeats WHERE repository = ? AND hour >= ? AND hour < ? ORDER BY hour';

export interface EventStore {
  readonly events: EventRecords;
  readonly kpis: KpiRecords;
  readonly sources: SourceRecords;
  /** After a rollback: what is remembered may never have been. */
  forget(): void;
}

/** Events and KPIs share what is remembered about names and series. */
export function eventStore(connection: SqliteConnection): EventStore {
  const names = new Names(connection);
  const feeds = new FeedsCache(connection, names);
  const writer = new EventWriter(connection, names, feeds);
  const builder = new SeriesBuilder(connection, names);
  const reader = new RollupReader(connection);

  const registeredKpis = (repository: string): readonly Kpi[] => {
    const row = connection.get<{ kpis: string }>('SELECT kpis FROM kpi_registries WHERE repository = ?', repository);
    return row ? JSON.parse(row.kpis) : [];
  };
  const stampedKpis = (changeId: string): readonly Kpi[] => {
    const row = connection.get<{ kpis: string }>('SELECT kpis FROM changes WHERE change_id = ?', changeId);
    return row ? JSON.parse(row.kpis) : [];
  };
  const lastSeen = (scope: string, repositoryId: number, kpi: Kpi): EpochMinute | null => {
    const scopeId = names.findScope(scope);
    const fed = eventsOf(kpi.measure).map((name) => names.findEvent(repositoryId, name));
    while (fed.length < MOST_FEEDING_EVENTS) fed.push(null);
    return connection.get<{ minute: number | null }>(LAST_SEEN, scopeId, ...fed)?.minute ?? null;
  };

  const kpis: KpiRecords = {
    async register(repository, list, hash, sources = NO_SOURCES) {
      builder.registerHistory(repository, list, sources);
      feeds.forget();
      connection.run(
        `INSERT INTO kpi_registries (repository, kpis, hash) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET kpis = excluded.kpis, hash = excluded.hash`,
        repository,
        JSON.stringify(list),
        hash,
      );
    },
    list: async (repository) => registeredKpis(repository),
  };

  const events: EventRecords = {
    append: async (list, receivedAt) => writer.append(list, receivedAt),

    async quarantine(lines, receivedAt) {
      const tallies = new BatchTallies();
      for (const { repository, reason, line, changeIds, eventId = null, contentHash = null } of lines) {
        if (!isFirstRefusal(connection, repository, reason, line)) continue;
        const counted = new Set(changeIds.filter((changeId) => isKnownChange(connection, repository, changeId)));
        connection.run(
          `INSERT INTO quarantined_lines (repository, reason, line, received_at, event_id, content_hash, change_ids)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          repository,
          reason,
          cutLine(line),
          receivedAt,
          eventId,
          contentHash,
          JSON.stringify([...counted]),
        );
        for (const scope of [repository, ...counted]) tallies.count(names.scope(scope), `quarantined:${reason}`);
      }
      tallies.flush(connection);
    },

    async heartbeat(repository, at) {
      const hour = Math.floor(minuteOf(at) / HOUR_MINUTES);
      connection.run(
        'INSERT INTO heartbeats (repository, hour) VALUES (?, ?) ON CONFLICT DO NOTHING',
        repository,
        hour,
      );
    },

    async heartbeatHours(repository, from, to) {
      const hours = [Math.floor(from / HOUR_MINUTES), Math.ceil(to / HOUR_MINUTES)];
      return connection.all<{ hour: number }>(HEARTBEAT_HOURS, repository, ...hours).map(({ hour }) => hour);
    },

    async firstTreatmentMinute(changeId, from) {
      const at = connection.get<{ at: number | null }>(FIRST_TREATMENT, names.findScope(changeId), from)?.at ?? null;
      return at === null ? null : minuteOf(at);
    },

    async startWindow(change, sources = NO_SOURCES) {
      builder.buildWindow(change, effectiveMinute(change), sources);
      feeds.forget();
    },

    tallies: async (changeId, kpiId, from, to) => reader.byMinute(changeId, kpiId, from, to),
    total: async (changeId, kpiId, from, to) => reader.total(changeId, kpiId, from, to),
    cohortTotals: async (changeId, kpiId, cohorts, from, to) => reader.byCohort(changeId, kpiId, cohorts, from, to),
    unitTotal: async (changeId, kpiId, from, to) => reader.total(changeId, unitsSeries(kpiId), from, to),
    activeHours: async (changeId, kpiId, from, to) =>
      reader
        .byHour(changeId, kpiId, from, to)
        .map(({ hour, off, on }) => ({ hour, n: off.n + on.n }))
        .filter(({ n }) => n > 0),
    history: async (repository, kpiId, from, to) => reader.historyByHour(repository, kpiId, from, to),
    historyMinutes: async (repository, kpiId, from, to) => reader.historyByMinute(repository, kpiId, from, to),

    async exposedUnits(changeId, from, to) {
      const { off, on } = reader.total(changeId, EXPOSURE_SERIES, from, to);
      return { off: off.n, on: on.n };
    },

    async multiExposedUnits(changeId, from, to) {
      return connection.get<{ units: number }>(MULTI_EXPOSED, names.findScope(changeId), from, to)?.units ?? 0;
    },

    async lastSeen(repository, kpiId, changeId) {
      const isIt = ({ id }: Kpi) => id === kpiId;
      const kpi = stampedKpis(changeId).find(isIt) ?? registeredKpis(repository).find(isIt);
      const repositoryId = names.findScope(repository);
      if (!kpi || repositoryId === null) return { kpi: null, change: null };
      return { kpi: lastSeen(repository, repositoryId, kpi), change: lastSeen(changeId, repositoryId, kpi) };
    },

    async counts(changeId) {
      const rows = connection.all<{ counter: string; count: number }>(
        'SELECT counter, count FROM event_counters WHERE scope_id = ? ORDER BY counter',
        names.findScope(changeId),
      );
      const count = (counter: string) => rows.find((row) => row.counter === counter)?.count ?? 0;
      const quarantined = rows.flatMap(({ counter, count }) => {
        const [kind, reason] = counter.split(':');
        return kind === 'quarantined' && reason !== undefined ? [[reason, count] as const] : [];
      });
      return {
        accepted: count('accepted'),
        duplicates: count('duplicate'),
        conflicts: count('conflict'),
        quarantined: Object.fromEntries(quarantined),
      };
    },
  };

  return {
    events,
    kpis,
    sources: pulledRecords(connection),
    forget: () => {
      names.forget();
      feeds.forget();
    },
  };
}

function effectiveMinute(change: Change): EpochMinute {
  if (change.effectiveAt !== null) return change.effectiveAt;
  throw new GateError(
    'internal',
    `The window of ${change.changeId} cannot start: effective_at is null; allowed is the minute of its first event.`,
    'Report this with the log around it.',
  );
}

/** Names of changes that do not exist are the sender's invention: counting them would let anybody fill the store. */
function isKnownChange(connection: SqliteConnection, repository: string, changeId: string): boolean {
  const sql = 'SELECT 1 AS found FROM changes WHERE change_id = ? AND repository = ?';
  return connection.get(sql, changeId, repository) !== undefined;
}

/** Cuts at a byte limit; a character cut in two becomes U+FFFD. */
function cutLine(line: string): string {
  const bytes = Buffer.from(line);
  return bytes.length <= QUARANTINED_LINE_BYTES ? line : bytes.subarray(0, QUARANTINED_LINE_BYTES).toString();
}
