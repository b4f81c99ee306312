import type { Kysely, Selectable } from 'kysely';
import { GateError } from '../../../contract/gate-error.ts';
import type { Change, ChangeState, Phase } from '../../../domain/model/change.ts';
import type { ChangeRecords } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

export function changeRecords(db: Kysely<Schema>): ChangeRecords {
  return {
    async insert(change) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('changes')
        .values(toRow(change))
        .onConflict((conflict) => conflict.column('change_id').doNothing())
        .executeTakeFirst();
      return numInsertedOrUpdatedRows === 1n;
    },

    async find(changeId) {
      const row = await db.selectFrom('changes').selectAll().where('change_id', '=', changeId).executeTakeFirst();
      return row ? toChange(row) : null;
    },

    async list({ repository, states, flag, before, limit }) {
      let query = db.selectFrom('changes').selectAll().orderBy('stamped_at', 'desc').orderBy('change_id');
      if (repository !== undefined) query = query.where('repository', '=', repository);
      if (flag !== undefined) query = query.where('flag', '=', flag);
      if (states !== undefined) query = query.where('state', 'in', [...states]);
      if (before !== undefined)
        query = query.where((where) =>
          where.or([
            where('stamped_at', '<', before.stampedAt),
            where.and([where('stamped_at', '=', before.stampedAt), where('change_id', '>', before.changeId)]),
          ]),
        );
      if (limit !== undefined) query = query.limit(limit);
      return (await query.execute()).map(toChange);
    },

    async update(changeId, fields) {
      const set = {
        ...(fields.state !== undefined && { state: fields.state }),
        ...(fields.activatedAt !== undefined && { activated_at: fields.activatedAt }),
        ...(fields.effectiveAt !== undefined && { effective_at: fields.effectiveAt }),
        ...(fields.treatmentHash !== undefined && { treatment_hash: fields.treatmentHash }),
        ...(fields.flagCreatedAt !== undefined && { flag_created_at: fields.flagCreatedAt }),
      };
      if (Object.keys(set).length === 0) return;
      const { numUpdatedRows } = await db
        .updateTable('changes')
        .set(set)
        .where('change_id', '=', changeId)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw unknownChange(changeId);
    },

    async phases(changeId) {
      const rows = await db
        .selectFrom('phases')
        .selectAll()
        .where('change_id', '=', changeId)
        .orderBy('phase_index')
        .execute();
      return rows.map((row) => ({
        index: row.phase_index,
        cause: row.cause as Phase['cause'],
        share: row.share,
        startMinute: row.start_minute,
        endMinute: row.end_minute,
      }));
    },

    async putPhase(changeId, phase) {
      const fields = {
        cause: phase.cause,
        share: phase.share,
        start_minute: phase.startMinute,
        end_minute: phase.endMinute,
      };
      await db
        .insertInto('phases')
        .values({ change_id: changeId, phase_index: phase.index, ...fields })
        .onConflict((conflict) => conflict.columns(['change_id', 'phase_index']).doUpdateSet(fields))
        .execute();
    },
  };
}

function unknownChange(changeId: string): GateError {
  return new GateError('not_found', `There is no change ${changeId} in the store.`, 'Stamp the change first.', {
    context: { changeId },
  });
}

function toRow(change: Change): Selectable<Schema['changes']> {
  return {
    change_id: change.changeId,
    repository: change.repository,
    pull_request: change.pullRequest,
    commit_sha: change.commitSha,
    contract_path: change.contractPath,
    flag: change.flag,
    state: change.state,
    contract: JSON.stringify(change.contract),
    contract_hash: change.contractHash,
    kpis: JSON.stringify(change.kpis),
    kpis_hash: change.kpisHash,
    stamped_at: change.stampedAt,
    activated_at: change.activatedAt,
    effective_at: change.effectiveAt,
    treatment_hash: change.treatmentHash,
    flag_created_at: change.flagCreatedAt,
  };
}

function toChange(row: Selectable<Schema['changes']>): Change {
  return {
    changeId: row.change_id,
    repository: row.repository,
    pullRequest: row.pull_request,
    commitSha: row.commit_sha,
    contractPath: row.contract_path,
    flag: row.flag,
    state: row.state as ChangeState,
    contract: JSON.parse(row.contract),
    contractHash: row.contract_hash,
    kpis: JSON.parse(row.kpis),
    kpisHash: row.kpis_hash,
    stampedAt: row.stamped_at,
    activatedAt: row.activated_at,
    effectiveAt: row.effective_at,
    treatmentHash: row.treatment_hash,
    flagCreatedAt: row.flag_created_at,
  };
}
