import { type Kysely, sql } from 'kysely';
import type { ScheduleRecords, TaskKind } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

/**
 * A task with nothing more to do keeps its row without a due time, so that its fence only ever grows: a holder from
 * before can never be taken for one of after.
 */
export function scheduleRecords(db: Kysely<Schema>): ScheduleRecords {
  return {
    async put({ kind, changeId, dueAt }) {
      await db
        .insertInto('tasks')
        .values({ kind, change_id: changeId, due_at: dueAt })
        .onConflict((conflict) => conflict.columns(['kind', 'change_id']).doUpdateSet({ due_at: dueAt, moved: 1 }))
        .execute();
    },

    async claim({ businessNow, realNow, leaseMs, owner, limit }) {
      const due = db
        .selectFrom('tasks as due')
        .select(['due.kind', 'due.change_id'])
        .where('due.due_at', '<=', businessNow)
        .where((where) => where.or([where('due.lease_until', 'is', null), where('due.lease_until', '<=', realNow)]))
        .orderBy('due.due_at')
        .orderBy('due.change_id')
        .orderBy('due.kind')
        .limit(limit);
      const rows = await db
        .updateTable('tasks')
        .set({ lease_until: realNow + leaseMs, lease_owner: owner, fence: sql`fence + 1`, moved: 0 })
        .where(({ refTuple }) => sql<boolean>`${refTuple('kind', 'change_id')} in ${due}`)
        .returning(['kind', 'change_id', 'due_at', 'fence'])
        .execute();
      return rows
        .map((row) => ({ kind: row.kind as TaskKind, changeId: row.change_id, dueAt: row.due_at!, fence: row.fence }))
        .sort(
          (left, right) =>
            left.dueAt - right.dueAt || compare(left.changeId, right.changeId) || compare(left.kind, right.kind),
        );
    },

    async release({ kind, changeId, fence }, nextDueAt) {
      // A put during the claim is news that the holder had not read: the earlier of both times stands.
      const earlier = sql<
        number | null
      >`CASE WHEN moved = 1 THEN min(due_at, coalesce(${nextDueAt}, due_at)) ELSE ${nextDueAt} END`;
      const { numUpdatedRows } = await db
        .updateTable('tasks')
        .set({ due_at: earlier, moved: 0, lease_until: null, lease_owner: null })
        .where('kind', '=', kind)
        .where('change_id', '=', changeId)
        .where('fence', '=', fence)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async nextDue() {
      const { due } = await db
        .selectFrom('tasks')
        .select(({ fn }) => fn.min<number | null>('due_at').as('due'))
        .where('due_at', 'is not', null)
        .executeTakeFirstOrThrow();
      return due;
    },
  };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
