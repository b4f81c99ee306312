import { z } from 'zod';
import { type EpochMinute, MINUTE_MS, minuteOf } from '../../../domain/model/time.ts';
import { PostgresFault } from './fault.ts';
import type { Row } from './parse-rows.ts';

/**
 * How far a standby is. It is level with its primary when it is connected and has replayed all that it received; else it
 * knows everything up to the last transaction that it replayed (null: none since it started).
 */
export const STATE_QUERY = `select
  pg_is_in_recovery() as standby,
  exists (select from pg_stat_wal_receiver) and pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() as level,
  floor(extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::bigint as replayed_ms,
  floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`;

const Flag = z.enum(['t', 'f']).transform((flag) => flag === 't');
const StateSchema = z.object({
  standby: Flag,
  level: Flag.nullable(),
  replayed_ms: z
    .string()
    .regex(/^-?\d{1,16}$/)
    .nullable(),
  now_ms: z.string().regex(/^\d{1,16}$/),
});

/** What a server has: everything (null), or what was written before a minute. */
export interface ServerState {
  readonly standby: boolean;
  readonly replayedUntil: EpochMinute | null;
  readonly lagMs: number;
}

/** @throws PostgresFault `bad_schema`; `replica_lag` when a standby cannot say how far it is */
export function parseState(rows: readonly Row[]): ServerState {
  const parsed = StateSchema.safeParse(rows[0]);
  if (!parsed.success) throw new PostgresFault('bad_schema', 'The server does not say whether it is a standby.');
  const { standby, level, replayed_ms, now_ms } = parsed.data;
  if (!standby || level === true) return { standby, replayedUntil: null, lagMs: 0 };
  if (replayed_ms === null) {
    throw new PostgresFault(
      'replica_lag',
      'The server is a standby without a primary and cannot say how old its data are. Connect it, or read from the primary.',
    );
  }
  return {
    standby,
    replayedUntil: minuteOf(Number(replayed_ms)),
    lagMs: Math.max(0, Number(now_ms) - Number(replayed_ms)),
  };
}

/**
 * First minute that the server cannot vouch for.
 * @throws PostgresFault `replica_lag` when `to` is beyond it and the standby is further behind than allowed
 */
export function horizonOf({ replayedUntil, lagMs }: ServerState, to: EpochMinute, mostLagMinutes: number): EpochMinute {
  if (replayedUntil === null || replayedUntil >= to) return to;
  const behind = lagMs / MINUTE_MS;
  if (behind <= mostLagMinutes) return replayedUntil;
  throw new PostgresFault(
    'replica_lag',
    `The server is a standby and ${behind.toFixed(1)} minutes behind its primary; allowed: ${mostLagMinutes} (max_replica_lag_minutes). Wait, or read from the primary.`,
  );
}
