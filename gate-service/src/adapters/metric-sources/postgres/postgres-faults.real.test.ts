import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  BOTH,
  SUITE_FROM,
  SUITE_KPIS,
  SUITE_TO,
  suiteObservations,
} from '../../../../test/suites/metric-source-observations.ts';
import { startPostgresOrSkip } from '../../../../test/support/postgres-database.ts';
import { configOn, prepareDatabase, READER_PASSWORD, sourceOn } from '../../../../test/support/postgres-world.ts';
import type { MetricSource, SourceQuestion } from '../../../ports/metric-source.ts';
import { PostgresClient } from './client.ts';
import { horizonOf, parseState, STATE_QUERY } from './server-state.ts';

const server = await startPostgresOrSkip();
afterAll(() => server?.stop());

const question: SourceQuestion = {
  kpi: SUITE_KPIS.status,
  changeId: BOTH,
  from: SUITE_FROM,
  to: SUITE_TO,
  byCohort: false,
  bucketMinutes: 1,
};
const at = '$from::timestamptz as bucket';
const on = "'on' as variant";

describe.skipIf(server === null)('a real PostgreSQL that cannot answer', () => {
  const open: MetricSource[] = [];
  const sourceWith = (...given: Parameters<typeof sourceOn> extends [unknown, ...infer Rest] ? Rest : never) => {
    const source = sourceOn(server!, ...given);
    open.push(source);
    return source;
  };
  const readWith = (query: string, more: Partial<SourceQuestion> = {}) =>
    sourceWith({ kpis: { [more.kpi?.id ?? 'status']: { query } } }).read({ ...question, ...more });

  beforeAll(() => prepareDatabase(server!, suiteObservations()));
  afterEach(() => Promise.all(open.splice(0).map((source) => source.close())));

  test('an open migration: lock_wait, long before the deadline, and the pool is free again', async () => {
    const source = sourceWith({ timeout_seconds: 8 });
    const other = await server!.connect();
    await other.query('begin; lock table events in access exclusive mode');
    const began = performance.now();
    const answers = await Promise.all([source.read(question), source.read(question), source.read(question)]);
    expect(performance.now() - began).toBeLessThan(6_000);
    for (const answer of answers) expect(answer).toMatchObject({ status: 'source_error', fault: 'lock_wait' });
    await other.query('rollback');
    await other.end();
    expect(await source.read(question)).toMatchObject({ status: 'ok' });
  });

  test('a slow query ends at the deadline, on the server too', async () => {
    const source = sourceWith({
      timeout_seconds: 1,
      kpis: { status: { query: `select ${at}, ${on}, 1 as n, 1 as y from (select pg_sleep(30)) f` } },
    });
    const began = performance.now();
    expect(await source.read(question)).toMatchObject({ status: 'source_error', fault: 'deadline' });
    expect(performance.now() - began).toBeLessThan(3_000);
    await delay(500);
    expect(
      await server!.query("select from pg_stat_activity where usename = 'changegate_reader' and state = 'active'"),
    ).toEqual([]);
  });

  test('too many rows', async () => {
    const query = `select $from::timestamptz as bucket, ${on}, i::text as cohort, 1 as n, 1 as y from generate_series(1, 101) i`;
    const source = sourceWith({ max_rows: 100, kpis: { status: { query } } });
    expect(await source.read({ ...question, byCohort: true })).toMatchObject({ fault: 'too_large' });
    expect(await source.read(question)).toMatchObject({
      status: 'ok',
      buckets: [{ cohort: '', tally: { n: 101, y: 101 } }],
    });
  });

  test('fresh tells a quiet time from a broken query', async () => {
    const none = `select ${at}, ${on}, 1 as n, 1 as y where false`;
    expect(await readWith(none)).toMatchObject({ status: 'no_data', fault: 'empty' });
    const fresh = sourceWith({
      kpis: { status: { query: none, fresh: 'select max(at) as seen from events where $change_id is null' } },
    });
    expect(await fresh.read(question)).toMatchObject({
      status: 'ok',
      buckets: [],
      lastSeen: { kpi: expect.any(Number), change: null },
    });
    const twice = sourceWith({ kpis: { status: { query: none, fresh: 'select at as seen from events' } } });
    expect(await twice.read(question)).toMatchObject({ fault: 'ambiguous' });
  });

  test('minutes that are not settled are not vouched for', async () => {
    const source = sourceWith({ settle_minutes: 30 });
    const answer = await source.read(question);
    if (answer.status !== 'ok') expect.fail(answer.detail);
    expect(answer.completeUntil).toBe(SUITE_TO - 20);
    expect(Math.max(...answer.buckets.map(({ minute }) => minute))).toBeLessThan(SUITE_TO - 20);
    expect(answer.lastSeen.change).toBeGreaterThan(SUITE_TO - 20);
    const hours = await source.read({ ...question, bucketMinutes: 60 });
    expect(hours).toMatchObject({ completeUntil: SUITE_TO - 60 });
  });

  describe('the role', () => {
    test.each([
      ['a superuser', 'create role bad_super login superuser', 'may become a superuser'],
      [
        'a role that may become one',
        'create role bad_member login; grant owner to bad_member',
        'may become a superuser',
      ],
      [
        'an owner',
        'create role bad_owner login; create table mine (a int); alter table mine owner to bad_owner',
        'owns mine',
      ],
      ['a writer', 'create role bad_writer login; grant insert on events to bad_writer', 'may write events'],
      [
        'a writer of one column',
        'create role bad_column login; grant update (value) on events to bad_column',
        'may write events',
      ],
      [
        'a role that writes everything',
        'create role bad_all login; grant pg_write_all_data to bad_all',
        'pg_write_all_data',
      ],
      [
        'a reader of files',
        'create role bad_files login; grant pg_read_server_files to bad_files',
        'pg_read_server_files',
      ],
      ['a role that passes row security', 'create role bad_rls login bypassrls', 'row security'],
    ])('%s is refused, in the check and in every read', async (_, sql, words) => {
      const user = /create role (\w+)/.exec(sql)![1]!;
      await server!.query(`${sql}; alter role ${user} password 'choose-one'; grant select on events to ${user}`);
      const source = sourceWith({ user });
      expect(await source.read(question)).toMatchObject({
        status: 'source_error',
        fault: 'refused',
        detail: expect.stringContaining(words),
      });
      expect(await source.check(question.kpi)).toEqual([
        { check: 'role', status: 'failed', detail: expect.stringContaining('docs/sources.md') },
      ]);
    });

    test('no right to read a table: said with the script', async () => {
      await server!.query('create table hidden (at timestamptz)');
      expect(await readWith('select at as bucket from hidden')).toMatchObject({
        fault: 'unauthorised',
        detail: expect.stringContaining('hidden'),
      });
    });
  });

  test('a wrong password, a wrong database, no TLS', async () => {
    const wrong = await sourceWith({}, 'not-the-password').read(question);
    expect(wrong).toMatchObject({ status: 'source_error', fault: 'unauthorised', query: null });
    expect(JSON.stringify(wrong)).not.toContain('not-the-password');
    expect(await sourceWith({ database: 'shop' }).read(question)).toMatchObject({ fault: 'not_configured' });
    expect(await sourceWith({ tls: { mode: 'verify' } }).read(question)).toMatchObject({
      fault: 'unreachable',
      detail: expect.stringContaining('TLS'),
    });
  });

  test('a connection that is ended between two questions, or in the middle of one', async () => {
    const end = () =>
      server!.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'changegate_reader'");
    const source = sourceWith();
    expect(await source.read(question)).toMatchObject({ status: 'ok' });
    await end();
    expect(await source.read(question)).toMatchObject({ status: 'ok' });
    const slow = sourceWith({
      timeout_seconds: 5,
      kpis: { status: { query: `select ${at}, ${on}, 1 as n, 1 as y from (select pg_sleep(20)) f` } },
    });
    const reading = slow.read(question);
    await delay(600);
    await end();
    await delay(600);
    await end();
    expect(await reading).toMatchObject({ status: 'source_error', fault: 'unreachable' });
  });

  test('a network that goes silent in the middle of a question', async () => {
    const sockets: Socket[] = [];
    let silent = false;
    const proxy = createServer((near) => {
      const far = connect(server!.port, server!.host);
      sockets.push(near, far);
      near.on('data', (bytes) => far.write(bytes)).on('error', () => undefined);
      far.on('data', (bytes) => !silent && near.write(bytes)).on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.once('listening', resolve));
    const source = sourceWith({ port: (proxy.address() as AddressInfo).port, timeout_seconds: 2 });
    expect(await source.read(question)).toMatchObject({ status: 'ok' });
    silent = true;
    const began = performance.now();
    expect(await source.read(question)).toMatchObject({ status: 'source_error', fault: 'deadline' });
    expect(performance.now() - began).toBeLessThan(3_500);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  test('a standby: level, then behind, then level again', async () => {
    const standby = sourceWith({ port: server!.standbyPort });
    const on = async (sql: string) => server!.query(sql, server!.standbyPort);
    const caughtUp = async () => {
      const [primary] = await server!.query('select pg_current_wal_lsn()::text as lsn');
      for (;;) {
        const [row] = await on(`select pg_last_wal_replay_lsn() >= '${primary!.lsn}' as there`);
        if (row!.there) return;
        await delay(50);
      }
    };
    await caughtUp();
    const level = await standby.read(question);
    expect(level).toMatchObject({ status: 'ok', completeUntil: SUITE_TO, facts: [expect.stringContaining('standby')] });
    expect(level).toMatchObject({ buckets: ((await sourceWith().read(question)) as { buckets: unknown }).buckets });

    await on('select pg_wal_replay_pause()');
    await server!.query('create table later (a int)');
    await delay(300);
    expect(await standby.read(question)).toMatchObject({ status: 'ok', completeUntil: SUITE_TO });
    const client = new PostgresClient(configOn(server!, { port: server!.standbyPort }), { password: READER_PASSWORD });
    const state = parseState(
      await client.transaction(client.deadline(), async ({ ask }) => (await ask(STATE_QUERY)).rows),
    );
    await client.close();
    const now = Math.floor(Date.now() / 60_000);
    expect(state.replayedUntil).toBeGreaterThan(now - 5);
    expect(state.lagMs).toBeGreaterThan(0);
    expect(horizonOf(state, now + 60, 5)).toBe(state.replayedUntil);
    expect(() => horizonOf(state, now + 60, 0)).toThrow('behind its primary');
    await on('select pg_wal_replay_resume()');
    await caughtUp();
    expect(await standby.check(question.kpi)).toContainEqual({
      check: 'connection',
      status: 'ok',
      detail: 'Connected to a standby.',
    });
  });

  test('a server that is gone', async () => {
    const source = sourceWith({ timeout_seconds: 3 });
    expect(await source.read(question)).toMatchObject({ status: 'ok' });
    process.kill(server!.pid, 'SIGQUIT');
    await delay(500);
    expect(await source.read(question)).toMatchObject({ status: 'source_error', fault: 'unreachable' });
    expect(await source.check(question.kpi)).toEqual([
      { check: 'connection', status: 'failed', detail: expect.any(String) },
    ]);
  });
});
