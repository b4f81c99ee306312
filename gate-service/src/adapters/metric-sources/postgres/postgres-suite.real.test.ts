import { afterAll, describe } from 'vitest';
import { SUITE_KINDS } from '../../../../test/suites/metric-source-observations.ts';
import { describeMetricSource } from '../../../../test/suites/metric-source-suite.ts';
import { startPostgresOrSkip } from '../../../../test/support/postgres-database.ts';
import { prepareDatabase, sourceOn } from '../../../../test/support/postgres-world.ts';

const server = await startPostgresOrSkip();
afterAll(() => server?.stop());

/** With the queries and the role that docs/sources.md shows. */
describe.skipIf(server === null)('a real PostgreSQL', () => {
  describeMetricSource(
    'postgres',
    async (observations) => {
      await prepareDatabase(server!, observations);
      return { source: sourceOn(server!), serves: SUITE_KINDS };
    },
    SUITE_KINDS,
  );
});
