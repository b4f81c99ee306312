import { type Kysely, type Selectable, sql } from 'kysely';
import type { Intervention, InterventionKind, InterventionOutcome } from '../../../domain/model/intervention.ts';
import type { InterventionRecords } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

export function interventionRecords(db: Kysely<Schema>): InterventionRecords {
  return {
    async insert(intervention, due) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('interventions')
        .values({
          intervention_id: intervention.interventionId,
          change_id: intervention.changeId,
          kind: intervention.kind,
          epoch: intervention.epoch,
          ...progressOf(intervention),
          target_share: intervention.targetShare,
          reason: intervention.reason,
          decided_at: intervention.decidedAt,
          outcome: intervention.outcome,
          due_at: due,
        })
        .onConflict((conflict) => conflict.columns(['change_id', 'kind', 'epoch']).doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },

    async find(interventionId) {
      const row = await db
        .selectFrom('interventions')
        .selectAll()
        .where('intervention_id', '=', interventionId)
        .executeTakeFirst();
      return row ? toIntervention(row) : null;
    },

    async listOf(changeId) {
      const rows = await db
        .selectFrom('interventions')
        .selectAll()
        .where('change_id', '=', changeId)
        .orderBy('decided_at')
        .orderBy('intervention_id')
        .execute();
      return rows.map(toIntervention);
    },

    async claimDue(now, leaseMs, owner) {
      const rows = await db
        .updateTable('interventions')
        .set({ lease_until: now + leaseMs, lease_owner: owner, fence: sql`fence + 1` })
        .where('due_at', '<=', now)
        .where((where) => where.or([where('lease_until', 'is', null), where('lease_until', '<=', now)]))
        .returningAll()
        .execute();
      return rows
        .sort(
          (left, right) =>
            left.decided_at - right.decided_at || (left.intervention_id < right.intervention_id ? -1 : 1),
        )
        .map((row) => ({ ...toIntervention(row), fence: row.fence, memo: row.memo }));
    },

    async save(interventionId, fence, fields, next) {
      const { numUpdatedRows } = await db
        .updateTable('interventions')
        .set({ ...progressOf(fields), due_at: next.dueAt, memo: next.memo, lease_until: null, lease_owner: null })
        .where('intervention_id', '=', interventionId)
        .where('fence', '=', fence)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async nextEpoch(changeId, kind) {
      const { epoch } = await db
        .selectFrom('interventions')
        .select(sql<number>`coalesce(max(epoch), 0) + 1`.as('epoch'))
        .where('change_id', '=', changeId)
        .where('kind', '=', kind)
        .executeTakeFirstOrThrow();
      return epoch;
    },

    async note(interventionId, { effectiveAt, notEffectiveAt }) {
      const seen = progressOf({
        ...(effectiveAt !== undefined && { effectiveAt }),
        ...(notEffectiveAt !== undefined && { notEffectiveAt }),
      });
      if (Object.keys(seen).length === 0) return;
      await db.updateTable('interventions').set(seen).where('intervention_id', '=', interventionId).execute();
    },
  };
}

function progressOf(fields: Partial<Omit<Intervention, 'interventionId' | 'changeId' | 'kind' | 'epoch'>>) {
  return {
    ...(fields.targetShare !== undefined && { target_share: fields.targetShare }),
    ...(fields.reason !== undefined && { reason: fields.reason }),
    ...(fields.decidedAt !== undefined && { decided_at: fields.decidedAt }),
    ...(fields.intentAt !== undefined && { intent_at: fields.intentAt }),
    ...(fields.outcome !== undefined && { outcome: fields.outcome }),
    ...(fields.acceptedAt !== undefined && { accepted_at: fields.acceptedAt }),
    ...(fields.publishedAt !== undefined && { published_at: fields.publishedAt }),
    ...(fields.effectiveAt !== undefined && { effective_at: fields.effectiveAt }),
    ...(fields.notEffectiveAt !== undefined && { not_effective_at: fields.notEffectiveAt }),
  };
}

function toIntervention(row: Selectable<Schema['interventions']>): Intervention {
  return {
    interventionId: row.intervention_id,
    changeId: row.change_id,
    kind: row.kind as InterventionKind,
    epoch: row.epoch,
    targetShare: row.target_share,
    reason: row.reason,
    decidedAt: row.decided_at,
    intentAt: row.intent_at,
    outcome: row.outcome as InterventionOutcome,
    acceptedAt: row.accepted_at,
    publishedAt: row.published_at,
    effectiveAt: row.effective_at,
    notEffectiveAt: row.not_effective_at,
  };
}
