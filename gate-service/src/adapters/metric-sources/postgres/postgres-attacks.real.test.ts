import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BOTH,
  SUITE_FROM,
  SUITE_KPIS,
  SUITE_TO,
  suiteObservations,
} from '../../../../test/suites/metric-source-observations.ts';
import { startPostgresOrSkip } from '../../../../test/support/postgres-database.ts';
import { documentedKpis, prepareDatabase, sourceOn } from '../../../../test/support/postgres-world.ts';
import type { SourceAnswer } from '../../../ports/metric-source.ts';
import { PostgresSourceSchema } from './config.ts';

const server = await startPostgresOrSkip();
afterAll(() => server?.stop());

const ROW = "$from::timestamptz as bucket, 'on' as variant, 1 as n, 1 as y";
/** A query that has to compute these before it has a row. */
const computing = (...expressions: readonly string[]) =>
  `select ${ROW} where ${expressions.map((one) => `(${one})::text is not null`).join(' and ')}`;
const plain = documentedKpis().status.query;

/** Queries that an enemy of the configuration, or a mistake in it, could hold; each is stopped by the server. */
const STOPPED: readonly (readonly [string, string])[] = [
  ['a writable CTE', `with gone as (delete from events returning 1) select ${ROW} from gone`],
  [
    'a nested writable CTE',
    `select * from (with x as (insert into events select * from events returning 1) select ${ROW} from x) q`,
  ],
  ['SELECT INTO', `select ${ROW} into stolen from events`],
  ['FOR UPDATE', `select ${ROW} from events for update`],
  ['a function that writes as its owner', computing('sly_insert()')],
  ['a function that drops a table', computing('sly_drop()')],
  ['a sequence', computing("nextval('counter')")],
  ['leaving read-only', computing("set_config('transaction_read_only', 'off', false)", 'sly_insert()')],
  ['reading a file', computing("pg_read_file('/etc/passwd')")],
  ['a table without a grant', `select ${ROW} from secrets`],
  ['passwords', `select ${ROW} from pg_authid`],
  ['COPY as a table', `select ${ROW} from (copy events to program 'touch /tmp/changegate-owned') as f`],
  ['another transaction', `select ${ROW} from (commit) as f`],
  ['a large object', computing('lo_create(4711)')],
  ['sleeping', computing('pg_sleep(60)')],
  ['sleeping after taking away the limit', computing("set_config('statement_timeout', '0', false)", 'pg_sleep(60)')],
  ['a wrong escape that tries to leave the wrapper', `select ${ROW} where $$'$$ = E'\\'' or 1 = (drop table events)`],
];

/** Queries that never reach a server. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['DROP', 'drop table events'],
  ['a second statement', `${plain}; drop table events`],
  ['a second statement after a comment', `${plain}; -- done\ndelete from events`],
  ['COPY', "copy events to program 'touch /tmp/changegate-owned'"],
  ['DO', 'do $$ begin delete from events; end $$'],
  ['SET', 'set transaction read write'],
  ['closing the wrapper', `select ${ROW}) as kpi; drop table events; --`],
  ['closing the wrapper without a second statement', `select ${ROW}) as kpi, (select pg_sleep(60)`],
  ['a comment that swallows the wrapper', `select ${ROW} /*`],
  ['a comment in a comment that swallows the wrapper', `select ${ROW} /* /* */`],
  ['a text that swallows the wrapper', `select ${ROW} where 'a`],
  ['an escaped text that swallows the wrapper', `select ${ROW} where E'a\\'`],
  ['a dollar text that swallows the wrapper', `select ${ROW} where $a$ `],
  ['a name that swallows the wrapper', `select ${ROW} as "n`],
  ['a positional parameter', `select ${ROW} where $1 is null`],
  ['an unknown parameter', `select ${ROW} where $secret is null`],
];

/** Ids that try to leave their place; an id is sent apart from the text. */
const CHANGE_IDS = [
  "x' or '1'='1",
  "x'; drop table events; --",
  'x"; drop table events; --',
  "x\\'; drop table events; --",
  '$1',
  '$$; drop table events; $$',
  "' union select now(), 'on', 9, 9 --",
  'x/*',
  '%',
  '\u0027 or true --',
  `x${'y'.repeat(10_000)}`,
];

describe.skipIf(server === null)('what a query or an id must not be able to do', () => {
  const question = {
    kpi: SUITE_KPIS.status,
    changeId: BOTH,
    from: SUITE_FROM,
    to: SUITE_TO,
    byCohort: false,
    bucketMinutes: 1,
  } as const;
  let before: unknown;

  const state = () =>
    server!.query(`select (select count(*) from events) as events, (select md5(string_agg(e::text, '|' order by e::text)) from events e) as hash,
      (select string_agg(relname, ',' order by relname) from pg_class where relnamespace = 'public'::regnamespace) as tables,
      (select last_value from counter) as counter, (select count(*) from pg_largeobject_metadata) as objects,
      (select string_agg(rolname || rolsuper, ',' order by rolname) from pg_roles) as roles`);
  const readWith = async (query: string): Promise<SourceAnswer> => {
    const source = sourceOn(server!, { kpis: { status: { query } }, timeout_seconds: 1 });
    try {
      return await source.read(question);
    } finally {
      await source.close();
    }
  };

  beforeAll(async () => {
    await prepareDatabase(server!, suiteObservations());
    await server!.query(`create table secrets (word text); insert into secrets values ('hunter2'); create sequence counter;
      grant usage on sequence counter to public; revoke usage on sequence counter from public;
      grant select on sequence counter to changegate_reader;
      create function sly_insert() returns int language plpgsql security definer as
        'begin insert into events (at, unit, event) values (now(), ''x'', ''request''); return 1; end';
      create function sly_drop() returns int language plpgsql security definer as
        'begin drop table events; return 1; end'`);
    before = await state();
  });

  test.each(STOPPED)('%s', async (_, query) => {
    const answer = await readWith(query);
    expect(answer.status).toBe('source_error');
    if (answer.status !== 'ok') {
      expect(['refused', 'bad_query', 'unauthorised', 'deadline']).toContain(answer.fault);
      expect(answer.detail).not.toMatch(/hunter2|root:|choose-one/);
    }
    expect(await state()).toEqual(before);
  });

  test.each(REFUSED)('%s is refused with the configuration', (_, query) => {
    const config = { type: 'postgres', host: 'h', database: 'd', user: 'u', kpis: { status: { query } } };
    const parsed = PostgresSourceSchema.safeParse(config);
    expect(parsed.error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['kpis.status.query', expect.stringMatching(/allowed|no end|nothing opened|without/)],
    ]);
  });

  test.each(CHANGE_IDS)('change id %s', async (changeId) => {
    const source = sourceOn(server!);
    const answer = await source.read({ ...question, changeId });
    await source.close();
    if (answer.status !== 'ok') expect.fail(answer.detail);
    expect(answer.buckets).toEqual([]);
    expect(answer.lastSeen.change).toBeNull();
    expect(await state()).toEqual(before);
  });

  test('the question as it is shown is the question, quotes in the id and all', async () => {
    const source = sourceOn(server!);
    const answer = await source.read({ ...question, changeId: "x' or '1'='1" });
    await source.close();
    if (answer.status !== 'ok') expect.fail(answer.detail);
    expect(await server!.query(answer.query)).toEqual([]);
    expect(await state()).toEqual(before);
  });

  test('nothing that a query sets or locks for its session is there for the next one', async () => {
    const source = sourceOn(server!, {
      kpis: {
        status: {
          query: computing(
            'pg_advisory_lock(42)',
            "set_config('search_path', 'nowhere', false)",
            "set_config('application_name', 'evil', false)",
          ),
        },
        conversion: { query: documentedKpis().conversion.query },
      },
    });
    expect(await source.read(question)).toMatchObject({ status: 'ok', buckets: [{ tally: { n: 1, y: 1 } }] });
    expect(await server!.query("select from pg_locks where locktype = 'advisory'")).toEqual([]);
    expect(await server!.query("select from pg_stat_activity where application_name = 'evil'")).toEqual([]);
    expect(await source.read({ ...question, kpi: SUITE_KPIS.conversion })).toMatchObject({ status: 'ok' });
    await source.close();
    expect(await state()).toEqual(before);
  });

  test('comments around and inside of a query are comments', async () => {
    const query = `-- every request\n/* of /* all */ */ ${plain} -- $nothing ' " ( ;`;
    expect(await readWith(query)).toEqual({
      ...(await readWith(plain)),
      query: expect.any(String),
      lastSeen: expect.any(Object),
    });
  });
});
