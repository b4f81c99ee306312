import { type Kysely, type Selectable, sql } from 'kysely';
import type { ScoredPrediction } from '../../../domain/model/prediction.ts';
import type { VerdictRecords } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

export function verdictRecords(db: Kysely<Schema>): VerdictRecords {
  return {
    async insert(stored) {
      await db
        .insertInto('verdicts')
        .values({
          change_id: stored.changeId,
          revision: stored.revision,
          verdict: JSON.stringify(stored.verdict),
          evidence: JSON.stringify(stored.evidence),
          made_at: stored.madeAt,
          ledger_size: stored.ledgerHead.size,
          ledger_hash: stored.ledgerHead.hash,
        })
        .execute();
    },

    async list(changeId) {
      const rows = await db
        .selectFrom('verdicts')
        .selectAll()
        .where('change_id', '=', changeId)
        .orderBy('revision')
        .execute();
      return rows.map((row) => ({
        changeId: row.change_id,
        revision: row.revision,
        verdict: JSON.parse(row.verdict),
        evidence: JSON.parse(row.evidence),
        madeAt: row.made_at,
        ledgerHead: { size: row.ledger_size, hash: row.ledger_hash },
      }));
    },

    async summaries(changeId) {
      const rows = await db
        .selectFrom('verdicts')
        .select(['change_id', 'revision', 'verdict', 'made_at', 'ledger_size', 'ledger_hash'])
        .select(sql<string>`json_extract(evidence, '$.ruleVersion')`.as('rule_version'))
        .where('change_id', '=', changeId)
        .orderBy('revision')
        .execute();
      return rows.map((row) => ({
        changeId: row.change_id,
        revision: row.revision,
        verdict: JSON.parse(row.verdict),
        ruleVersion: row.rule_version,
        madeAt: row.made_at,
        ledgerHead: { size: row.ledger_size, hash: row.ledger_hash },
      }));
    },

    async insertDecision({ changeId, decision, by, reason, at }) {
      await db
        .insertInto('people_decisions')
        .values({ change_id: changeId, decision, made_by: by, reason, at })
        .execute();
    },

    async decisions(changeId) {
      const rows = await db
        .selectFrom('people_decisions')
        .selectAll()
        .where('change_id', '=', changeId)
        .orderBy('decision_id')
        .execute();
      return rows.map((row) => ({ decision: row.decision, by: row.made_by, reason: row.reason, at: row.at }));
    },

    async putForecast({ contractHash, repository, pullRequest, madeAt, forecast }) {
      const fields = { pull_request: pullRequest, made_at: madeAt, forecast: JSON.stringify(forecast) };
      await db
        .insertInto('forecasts')
        .values({ repository, contract_hash: contractHash, ...fields })
        .onConflict((conflict) => conflict.columns(['repository', 'contract_hash']).doUpdateSet(fields))
        .execute();
    },

    async findForecast(repository, contractHash) {
      const row = await db
        .selectFrom('forecasts')
        .select(['made_at', 'forecast'])
        .where('repository', '=', repository)
        .where('contract_hash', '=', contractHash)
        .executeTakeFirst();
      return row === undefined ? null : { madeAt: row.made_at, forecast: JSON.parse(row.forecast) };
    },

    async insertPrediction({ odds, measured, ...prediction }) {
      await db
        .insertInto('predictions')
        .values({
          change_id: prediction.changeId,
          repository: prediction.repository,
          kpi_id: prediction.kpiId,
          made_at: prediction.madeAt,
          predicted_gain: prediction.predictedGain,
          scale: prediction.scale,
          p_pass: odds?.pass ?? null,
          p_fail: odds?.fail ?? null,
          p_inconclusive: odds?.inconclusive ?? null,
          outcome: prediction.outcome,
          estimate: measured?.estimate ?? null,
          lo: measured?.lo ?? null,
          hi: measured?.hi ?? null,
          brier: prediction.brier,
        })
        .execute();
    },

    async predictions(repository, kpiId) {
      const rows = await db
        .selectFrom('predictions')
        .selectAll()
        .where('repository', '=', repository)
        .where('kpi_id', '=', kpiId)
        .orderBy('made_at')
        .orderBy('change_id')
        .execute();
      return rows.map(toPrediction);
    },
  };
}

function toPrediction(row: Selectable<Schema['predictions']>): ScoredPrediction {
  const { p_pass: pass, p_fail: fail, p_inconclusive: inconclusive, estimate, lo, hi } = row;
  return {
    changeId: row.change_id,
    repository: row.repository,
    kpiId: row.kpi_id,
    madeAt: row.made_at,
    predictedGain: row.predicted_gain,
    scale: row.scale,
    odds: pass === null || fail === null || inconclusive === null ? null : { pass, fail, inconclusive },
    outcome: row.outcome,
    measured: estimate === null || lo === null || hi === null ? null : { estimate, lo, hi },
    brier: row.brier,
  };
}
