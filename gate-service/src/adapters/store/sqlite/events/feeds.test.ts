import { expect, it } from 'vitest';
import { MONDAY, makeChange, REPOSITORY } from '../../../../../test/support/store-fixtures.ts';
import { MINUTE_MS } from '../../../../domain/model/time.ts';
import { eventStore } from '../event-records.ts';
import { migrate } from '../migrate.ts';
import { SqliteConnection } from '../sqlite-connection.ts';
import { FeedsCache } from './feeds.ts';
import { Names } from './names.ts';

const DAY = 1_440;

it('reads only the windows that an event of its time can still feed, the longest first', async () => {
  const connection = new SqliteConnection(':memory:');
  migrate(connection);
  const { events } = eventStore(connection);
  const starts = [0, 60, 57, 58];
  for (const [index, day] of starts.entries()) {
    const changeId = `chg-${index}-0123456789`;
    await events.startWindow(makeChange({ changeId, effectiveAt: MONDAY + day * DAY, windowMinutes: 7 * DAY }));
  }
  const cache = new FeedsCache(connection, new Names(connection));
  const at = (day: number) => (MONDAY + day * DAY) * MINUTE_MS;
  const startsOf = (feeds: ReturnType<FeedsCache['of']>) =>
    [...feeds.windows.values()].map(({ startMs }) => (startMs / MINUTE_MS - MONDAY) / DAY);

  const now = cache.of(REPOSITORY, at(61));
  expect(startsOf(now)).toEqual([60, 58, 57]);
  expect([...now.outcomes.values()][0]!.map(({ window }) => window.endMs)).toEqual([67, 65, 64].map(at));
  // A little disorder reads nothing again; an old event finds its window.
  expect(cache.of(REPOSITORY, at(55))).toBe(now);
  expect(startsOf(cache.of(REPOSITORY, at(5)))).toEqual([60, 58, 57, 0]);
  expect(startsOf(cache.of(REPOSITORY, at(61)))).toEqual([60, 58, 57, 0]);
  connection.close();
});
