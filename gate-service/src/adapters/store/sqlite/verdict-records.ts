import { type Kysely, sql } from 'kysely';
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
  };
}
