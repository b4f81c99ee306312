import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeSuite } from '../../../../test/suites/store-suite.ts';
import { createSqliteStore } from './sqlite-store.ts';

storeSuite(
  'SQLite in memory',
  async () => {
    const store = createSqliteStore({ path: ':memory:' });
    return { store, dispose: () => store.close() };
  },
  200,
);

storeSuite(
  'SQLite on disk',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'changegate-store-'));
    const store = createSqliteStore({ path: join(folder, 'store.db') });
    return {
      store,
      dispose: async () => {
        await store.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  10,
);
