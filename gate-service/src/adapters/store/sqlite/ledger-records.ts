import type { Kysely } from 'kysely';
import { canonicalJson } from '../../../domain/model/canonical-json.ts';
import { entryHash, payloadHash, SALT_BYTES } from '../../../domain/model/ledger-chain.ts';
import type { LedgerHead, LedgerType } from '../../../domain/model/ledger-entry.ts';
import type { LedgerRecords } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

export function ledgerRecords(db: Kysely<Schema>, random: (count: number) => Uint8Array): LedgerRecords {
  const head = async (): Promise<LedgerHead> => {
    const { size, hash } = await db.selectFrom('ledger_head').select(['size', 'hash']).executeTakeFirstOrThrow();
    return { size, hash };
  };

  return {
    head,

    async append(entry, ts) {
      const { size, hash: prevHash } = await head();
      const salt = Buffer.from(random(SALT_BYTES)).toString('hex');
      const { type, actor, repository, changeId, payload } = entry;
      const rest = { seq: size + 1, ts, type, actor, repository, changeId, payloadHash: payloadHash(salt, payload) };
      const next: LedgerHead = { size: rest.seq, hash: entryHash(prevHash, rest) };
      await db
        .insertInto('ledger_entries')
        .values({
          seq: rest.seq,
          ts,
          type,
          actor,
          repository,
          change_id: changeId,
          payload_hash: rest.payloadHash,
          prev_hash: prevHash,
          entry_hash: next.hash,
        })
        .execute();
      await db
        .insertInto('ledger_payloads')
        .values({ seq: rest.seq, salt, payload: canonicalJson(payload) })
        .execute();
      await db.updateTable('ledger_head').set(next).where('id', '=', 1).execute();
      return next;
    },

    async entries({ after = 0, limit, changeId, types }) {
      let query = db
        .selectFrom('ledger_entries')
        .innerJoin('ledger_payloads', 'ledger_payloads.seq', 'ledger_entries.seq')
        .selectAll('ledger_entries')
        .select(['ledger_payloads.salt', 'ledger_payloads.payload'])
        .where('ledger_entries.seq', '>', after)
        .orderBy('ledger_entries.seq');
      if (changeId === null) query = query.where('ledger_entries.change_id', 'is', null);
      else if (changeId !== undefined) query = query.where('ledger_entries.change_id', '=', changeId);
      if (types !== undefined) query = query.where('ledger_entries.type', 'in', [...types]);
      if (limit !== undefined) query = query.limit(limit);
      return (await query.execute()).map((row) => ({
        seq: row.seq,
        ts: row.ts,
        type: row.type as LedgerType,
        actor: row.actor,
        repository: row.repository,
        changeId: row.change_id,
        payloadHash: row.payload_hash,
        prevHash: row.prev_hash,
        entryHash: row.entry_hash,
        salt: row.salt,
        payload: row.payload === null ? null : JSON.parse(row.payload),
      }));
    },
  };
}
