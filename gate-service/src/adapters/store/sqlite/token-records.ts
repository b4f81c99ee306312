import type { Kysely, Selectable } from 'kysely';
import type { ApiToken, SettingRecords, TokenRecords } from '../../../ports/store.ts';
import type { Schema } from './schema.ts';

export function tokenRecords(db: Kysely<Schema>): TokenRecords {
  return {
    async insert(token) {
      await db
        .insertInto('tokens')
        .values({
          token_id: token.tokenId,
          hash: token.hash,
          scopes: JSON.stringify(token.scopes),
          repository: token.repository,
          created_at: token.createdAt,
          expires_at: token.expiresAt,
          revoked_at: token.revokedAt,
        })
        .execute();
    },

    async find(tokenId) {
      const row = await db.selectFrom('tokens').selectAll().where('token_id', '=', tokenId).executeTakeFirst();
      return row ? toToken(row) : null;
    },

    async list() {
      const rows = await db.selectFrom('tokens').selectAll().orderBy('created_at').orderBy('token_id').execute();
      return rows.map(toToken);
    },

    async revoke(tokenId, at) {
      const { numUpdatedRows } = await db
        .updateTable('tokens')
        .set({ revoked_at: at })
        .where('token_id', '=', tokenId)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },
  };
}

function toToken(row: Selectable<Schema['tokens']>): ApiToken {
  return {
    tokenId: row.token_id,
    hash: row.hash,
    scopes: JSON.parse(row.scopes),
    repository: row.repository,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}

export function settingRecords(db: Kysely<Schema>): SettingRecords {
  return {
    async get(key) {
      const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst();
      return row?.value ?? null;
    },

    async put(key, value) {
      await db
        .insertInto('settings')
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
    },
  };
}
