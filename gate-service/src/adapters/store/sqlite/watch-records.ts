import { type Kysely, type Selectable, sql } from 'kysely';
import type { ConsumedMinute } from '../../../domain/model/look.ts';
import type { Signal } from '../../../domain/model/signal.ts';
import type { Tally, TallyByVariant } from '../../../domain/model/tally.ts';
import type { WatchRecords } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';
import { sumTallies } from './sum-tallies.ts';

export function watchRecords(db: Kysely<Schema>): WatchRecords {
  const consumedOf = (changeId: string, kpiId: string) =>
    db.selectFrom('consumed_minutes').where('change_id', '=', changeId).where('kpi_id', '=', kpiId);

  return {
    async state(changeId) {
      const row = await db
        .selectFrom('watch_states')
        .select('state')
        .where('change_id', '=', changeId)
        .executeTakeFirst();
      return row ? JSON.parse(row.state) : null;
    },

    async putState(changeId, state) {
      const text = JSON.stringify(state);
      await db
        .insertInto('watch_states')
        .values({ change_id: changeId, state: text })
        .onConflict((conflict) => conflict.column('change_id').doUpdateSet({ state: text }))
        .execute();
    },

    async appendConsumed(changeId, kpiId, minutes) {
      for (const { minute, phaseIndex, off, on } of minutes) {
        await db
          .insertInto('consumed_minutes')
          .values({
            change_id: changeId,
            kpi_id: kpiId,
            minute,
            phase_index: phaseIndex,
            off_n: off.n,
            off_y: off.y,
            on_n: on.n,
            on_y: on.y,
            more: moreOf({ off, on }),
          })
          .execute();
      }
    },

    async consumed(changeId, kpiId) {
      const rows = await consumedOf(changeId, kpiId).selectAll().orderBy('minute').execute();
      return rows.map(toConsumedMinute);
    },

    async consumedTotal(changeId, kpiId) {
      const total = (column: 'off_n' | 'off_y' | 'on_n' | 'on_y') => sql<number>`coalesce(sum(${sql.ref(column)}), 0)`;
      const plain = await consumedOf(changeId, kpiId)
        .select([
          total('off_n').as('off_n'),
          total('off_y').as('off_y'),
          total('on_n').as('on_n'),
          total('on_y').as('on_y'),
        ])
        .where('more', 'is', null)
        .executeTakeFirstOrThrow();
      const others = await consumedOf(changeId, kpiId).selectAll().where('more', 'is not', null).execute();
      const all = [toTallies({ ...plain, more: null }), ...others.map(toTallies)];
      return { off: sumTallies(all.map(({ off }) => off)), on: sumTallies(all.map(({ on }) => on)) };
    },

    async putLooks(changeId, looks) {
      for (const look of looks) {
        const last = await db
          .selectFrom('looks')
          .select('signal')
          .where('change_id', '=', changeId)
          .where('kpi_id', '=', look.kpiId)
          .executeTakeFirst();
        const fields = {
          signal: look.signal,
          detail: look.detail,
          at: look.at,
          log_wealth: look.logWealth,
          totals: JSON.stringify(look.totals),
        };
        await db
          .insertInto('looks')
          .values({ change_id: changeId, kpi_id: look.kpiId, ...fields })
          .onConflict((conflict) => conflict.columns(['change_id', 'kpi_id']).doUpdateSet(fields))
          .execute();
        if (last?.signal === look.signal) continue;
        await db
          .insertInto('signal_changes')
          .values({ change_id: changeId, kpi_id: look.kpiId, signal: look.signal, at: look.at })
          .execute();
      }
    },

    async looks(changeId) {
      const rows = await db
        .selectFrom('looks')
        .selectAll()
        .where('change_id', '=', changeId)
        .orderBy('kpi_id')
        .execute();
      return rows.map((row) => ({
        kpiId: row.kpi_id,
        signal: row.signal as Signal,
        detail: row.detail,
        at: row.at,
        logWealth: row.log_wealth,
        totals: JSON.parse(row.totals),
      }));
    },

    async signalChanges(changeId) {
      const rows = await db
        .selectFrom('signal_changes')
        .selectAll()
        .where('change_id', '=', changeId)
        .orderBy('signal_change_id')
        .execute();
      return rows.map((row) => ({ kpiId: row.kpi_id, signal: row.signal, at: row.at }));
    },
  };
}

type ConsumedRow = Selectable<Schema['consumed_minutes']>;
/** What a tally has besides its two counts. */
type More = Omit<Tally, 'n' | 'y'>;

function toConsumedMinute(row: ConsumedRow): ConsumedMinute {
  return { minute: row.minute, phaseIndex: row.phase_index, ...toTallies(row) };
}

function toTallies(row: Pick<ConsumedRow, 'off_n' | 'off_y' | 'on_n' | 'on_y' | 'more'>): TallyByVariant {
  const more: Record<'off' | 'on', More> | null = row.more === null ? null : JSON.parse(row.more);
  return {
    off: { n: row.off_n, y: row.off_y, ...more?.off },
    on: { n: row.on_n, y: row.on_y, ...more?.on },
  };
}

/** Null when both arms have counts alone, as those of a proportion do. */
function moreOf({ off, on }: TallyByVariant): string | null {
  const [offMore, onMore] = [off, on].map(({ n: _n, y: _y, ...more }): More => more) as [More, More];
  const none = Object.keys(offMore).length + Object.keys(onMore).length === 0;
  return none ? null : JSON.stringify({ off: offMore, on: onMore });
}
