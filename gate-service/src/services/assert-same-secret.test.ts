import { expect, test } from 'vitest';
import { createSqliteStore } from '../adapters/store/sqlite/sqlite-store.ts';
import { assertSameSecret } from './assert-same-secret.ts';

test('a store takes the secret that it was begun with, and no other', async () => {
  const store = createSqliteStore({ path: ':memory:' });
  await assertSameSecret(store, 'the first secret of all');
  await assertSameSecret(store, 'the first secret of all');
  await expect(assertSameSecret(store, 'another secret, as long')).rejects.toMatchObject({ code: 'invalid_config' });
  await store.close();
});
