import type { QuarantineReason } from '../../../domain/model/event.ts';
import type { QuarantinedLine, QuarantineRecords } from '../../../ports/store.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

interface LineRow {
  line_id: number;
  reason: QuarantineReason;
  line: string;
  received_at: number;
  event_id: string | null;
  content_hash: string | null;
  change_ids: string | null;
}

const LIST = `SELECT line_id, reason, line, received_at, event_id, content_hash, change_ids FROM quarantined_lines
  WHERE repository = ?1 AND line_id > ?2 AND (?3 IS NULL OR reason = ?3) ORDER BY line_id LIMIT ?4`;
const COUNT = `SELECT reason, count(*) AS lines FROM quarantined_lines WHERE repository = ? GROUP BY reason ORDER BY reason`;
/** A counter never falls below 0: what is counted for a change that was unknown then is not counted for it. */
const DISCOUNT = `UPDATE event_counters SET count = max(0, count - 1)
  WHERE counter = ? AND scope_id = (SELECT scope_id FROM scopes WHERE name = ?)`;

export function quarantineRecords(connection: SqliteConnection): QuarantineRecords {
  return {
    async list(repository, { reason, after, limit }) {
      return connection.all<LineRow>(LIST, repository, after, reason, limit).map(toLine);
    },

    async counts(repository) {
      const rows = connection.all<{ reason: string; lines: number }>(COUNT, repository);
      return Object.fromEntries(rows.map(({ reason, lines }) => [reason, lines]));
    },

    async release(repository, { lineId, reason, changeIds }) {
      if (connection.run('DELETE FROM quarantined_lines WHERE line_id = ?', lineId) === 0) return;
      for (const scope of [repository, ...changeIds]) connection.run(DISCOUNT, `quarantined:${reason}`, scope);
    },
  };
}

function toLine(row: LineRow): QuarantinedLine {
  return {
    lineId: row.line_id,
    reason: row.reason,
    line: row.line,
    receivedAt: row.received_at,
    eventId: row.event_id,
    contentHash: row.content_hash,
    changeIds: row.change_ids === null ? [] : (JSON.parse(row.change_ids) as string[]),
  };
}
