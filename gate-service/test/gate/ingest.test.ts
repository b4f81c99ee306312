import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/domain/model/canonical-json.ts';
import { gateContract, OTHER_REPOSITORY, REPOSITORY } from '../support/gate-files.ts';
import { GateHarness, type IngestAnswer, START } from '../support/gate-harness.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (offset: number) => new Date(START + offset).toISOString();

let harness: GateHarness;
beforeEach(() => {
  harness = new GateHarness();
});
afterEach(() => harness.close());

const event = (fields: Record<string, unknown> = {}) => ({ event: 'quote_viewed', timestamp: at(0), ...fields });
const counts = (answer: { body: IngestAnswer }) => {
  const { accepted, duplicate, quarantined, rejected } = answer.body;
  return { accepted, duplicate, quarantined, rejected };
};
const eventCounts = (changeId: string) => harness.gate.store.transaction((tx) => tx.events.counts(changeId));

describe('each line meets its own end (C6)', () => {
  test('a mixed batch is told line by line, and what is sound is counted', async () => {
    const answer = await harness.send([
      event({ event_id: 'a' }),
      'not json',
      '',
      event({ event_id: 'a' }),
      event({ event_id: 'a', status: 'error' }),
      event({ event_id: 'b', change_id: 'chg-1-0123456789', version_flag: 'on' }),
      event({ event_id: 'c', timestamp: at(6 * 60_000) }),
      event({ event_id: 'd', surprise: 1 }),
      event({ event_id: 'e' }),
    ]);
    expect(answer.status).toBe(202);
    expect(counts(answer)).toEqual({ accepted: 2, duplicate: 1, quarantined: 3, rejected: 2 });
    expect(answer.body.lines.map(({ line, outcome, reason }) => [line, outcome, reason.split(':')[0]])).toEqual([
      [2, 'rejected', 'not JSON'],
      [4, 'duplicate', 'event_id a was accepted before'],
      [5, 'quarantined', 'conflict'],
      [6, 'quarantined', 'unknown_change'],
      [7, 'quarantined', 'skew'],
      [8, 'rejected', 'event'],
    ]);
  });

  test.each([
    ['NaN', '{"event":"x","timestamp":"2026-03-02T08:00:00Z","value":NaN}'],
    ['infinity', '{"event":"x","timestamp":"2026-03-02T08:00:00Z","value":1e999}'],
    ['a number as text', event({ value: '1' })],
    ['a negative latency', event({ latency_ms: -1 })],
    ['null', event({ value: null })],
    ['a list', [event()]],
    ['a bare word', '"quote_viewed"'],
    ['no event', { timestamp: at(0) }],
    ['no time', { event: 'x' }],
    ['a time without a zone', event({ timestamp: '2026-03-02T08:00:00' })],
    ['seconds since 1970', event({ timestamp: 1_772_438_400 })],
    ['a day that is none', event({ timestamp: '2026-02-30T08:00:00Z' })],
    ['a time before 1970', event({ timestamp: '1969-12-31T23:59:59Z' })],
    ['a change without its variant', event({ change_id: 'chg-1-0123456789' })],
    ['a variant without its change', event({ version_flag: 'on' })],
    ['two ways to name a change', event({ changes: {}, flags: {} })],
    ['a variant that is none', event({ flags: { 'short-form': 'ON' } })],
    ['a change id that is none', event({ changes: { 'DROP TABLE': 'on' } })],
    ['a status that is none', event({ status: 'ok' })],
    ['an empty user', event({ user_id: '' })],
    ['half a character', '{"event":"x","timestamp":"2026-03-02T08:00:00Z","user_id":"\\ud800"}'],
    ['a prototype', '{"event":"x","timestamp":"2026-03-02T08:00:00Z","__proto__":{"value":1}}'],
    ['a prototype in a map', '{"event":"x","timestamp":"2026-03-02T08:00:00Z","flags":{"__proto__":"on"}}'],
    [
      'a hidden prototype in a map',
      '{"event":"x","timestamp":"2026-03-02T08:00:00Z","flags":{"\\u005f_proto__":"on"}}',
    ],
    ['a line that is too long', event({ customer_impact_tag: 'x'.repeat(17_000) })],
  ])('%s is rejected, and the lines around it are not', async (_, line) => {
    const answer = await harness.send([event(), line as object, event()]);
    expect(counts(answer)).toEqual({ accepted: 2, duplicate: 0, quarantined: 0, rejected: 1 });
    expect(answer.body.lines).toMatchObject([{ line: 2, outcome: 'rejected', reason: expect.stringMatching(/\S/) }]);
  });

  test.each([
    ['Windows line ends', event({ event_id: 'w' }), '\r'],
    ['spaces around', event({ event_id: 's' }), '  '],
  ])('%s are no mistake', async (_, line, end) => {
    expect(counts(await harness.send([`${end}${JSON.stringify(line)}${end}`]))).toMatchObject({ accepted: 1 });
  });
});

describe('repetition (C1, C2, C7)', () => {
  test('a batch that is sent again with its idempotency key counts nothing twice', async () => {
    const lines = [event(), event(), event({ value: 3 })];
    const headers = { 'idempotency-key': 'batch-7' };
    expect(counts(await harness.send(lines, { headers }))).toMatchObject({ accepted: 3 });
    expect(counts(await harness.send(lines, { headers }))).toMatchObject({ accepted: 0, duplicate: 3 });
  });

  test('honest equal events all count', async () => {
    const lines = Array.from({ length: 50 }, () => event({ user_id: 'u', status: 'success' }));
    expect(counts(await harness.send(lines))).toMatchObject({ accepted: 50 });
    expect(counts(await harness.send(lines))).toMatchObject({ accepted: 50 });
  });

  test('another batch under the same idempotency key is a conflict, not a loss', async () => {
    const headers = { 'idempotency-key': 'batch-8' };
    await harness.send([event()], { headers });
    const answer = await harness.send([event({ value: 1 })], { headers });
    expect(counts(answer)).toEqual({ accepted: 0, duplicate: 0, quarantined: 1, rejected: 0 });
  });

  test('an event id belongs to one repository', async () => {
    await harness.send([event({ event_id: 'same' })]);
    expect(
      counts(await harness.send([event({ event_id: 'same', value: 2 })], { repository: OTHER_REPOSITORY })),
    ).toMatchObject({ accepted: 1 });
  });
});

describe('an empty batch', () => {
  test('says that the source is alive', async () => {
    expect(counts(await harness.send([]))).toEqual({ accepted: 0, duplicate: 0, quarantined: 0, rejected: 0 });
    const minute = START / 60_000;
    const hours = await harness.gate.store.transaction((tx) =>
      tx.events.heartbeatHours(REPOSITORY, minute, minute + 60),
    );
    expect(hours).toEqual([START / HOUR_MS]);
  });

  test('of broken lines says nothing', async () => {
    await harness.send(['x']);
    const minute = START / 60_000;
    const hours = await harness.gate.store.transaction((tx) =>
      tx.events.heartbeatHours(REPOSITORY, minute, minute + 60),
    );
    expect(hours).toEqual([]);
  });
});

describe('time (C4, C5)', () => {
  test('five minutes ahead are accepted, a millisecond more is not', async () => {
    const answer = await harness.send([event({ timestamp: at(300_000) }), event({ timestamp: at(300_001) })]);
    expect(counts(answer)).toMatchObject({ accepted: 1, quarantined: 1 });
  });

  test('events of a change are taken until its books are closed, later ones are late', async () => {
    const changeId = await harness.stampAndActivate();
    const own = (id: string) =>
      event({ event_id: id, user_id: id, change_id: changeId, version_flag: 'on', timestamp: at(60_000) });
    harness.business.advance(60_000);
    await harness.send([own('first')]);
    harness.business.advance(10 * 60_000);
    await harness.scheduler.drain();
    const { window_end } = await harness.show(changeId);
    const closing = (window_end! + 120 + 24 * 60) * 60_000;
    harness.business.set(closing - 1);
    expect(counts(await harness.send([own('just in time')]))).toMatchObject({ accepted: 1 });
    harness.business.set(closing);
    const late = await harness.send([own('too late')]);
    expect(late.body.lines).toMatchObject([{ outcome: 'quarantined', reason: expect.stringContaining('late') }]);
    expect(await eventCounts(changeId)).toMatchObject({ accepted: 2, quarantined: { late: 1 } });
  });
});

describe('what an event names (C9)', () => {
  test('another repository’s change is as unknown as one that never was', async () => {
    const foreign = await harness.stampAndActivate(1, gateContract(), OTHER_REPOSITORY);
    const name = (changeId: string) => event({ change_id: changeId, version_flag: 'on' });
    const [there, nowhere] = [await harness.send([name(foreign)]), await harness.send([name('chg-1-0123456789')])];
    expect(there.body).toEqual(nowhere.body);
    expect(await eventCounts(foreign)).toMatchObject({ accepted: 0, quarantined: {} });
  });

  test('one event counts in each of the changes that it names', async () => {
    const one = await harness.stampAndActivate(1, gateContract({ flag: 'flag: one' }));
    const two = await harness.stampAndActivate(2, gateContract({ flag: 'flag: two' }));
    await harness.send([event({ user_id: 'u', changes: { [one]: 'on', [two]: 'off' } })]);
    expect((await eventCounts(one)).accepted).toBe(1);
    expect((await eventCounts(two)).accepted).toBe(1);
  });

  test('an event that names an unknown change beside a known one is kept apart whole', async () => {
    const one = await harness.stampAndActivate(1);
    const answer = await harness.send([event({ user_id: 'u', changes: { [one]: 'on', 'chg-1-0123456789': 'on' } })]);
    expect(counts(answer)).toMatchObject({ accepted: 0, quarantined: 1 });
    expect(await eventCounts(one)).toMatchObject({ accepted: 0, quarantined: { unknown_change: 1 } });
  });

  test('flags are resolved to the change that was open for the flag at the event’s time', async () => {
    const first = await harness.stampAndActivate(1);
    await harness.send([event({ event_id: 'start', user_id: 'z', flags: { 'short-form': 'on' } })]);
    await harness.runTo(START + HOUR_MS, 30);
    const second = await harness.stampAndActivate(2);
    harness.business.advance(HOUR_MS);
    await harness.send([
      event({ event_id: 'before', user_id: 'a', flags: { 'short-form': 'off' }, timestamp: at(-1) }),
      event({ event_id: 'first', user_id: 'b', flags: { 'short-form': 'on' }, timestamp: at(0) }),
      event({ event_id: 'first too', user_id: 'c', flags: { 'short-form': 'on' }, timestamp: at(HOUR_MS - 1) }),
      event({ event_id: 'second', user_id: 'd', flags: { 'short-form': 'on', other: 'on' }, timestamp: at(HOUR_MS) }),
      event({ event_id: 'nobody', user_id: 'e', flags: { other: 'on' }, timestamp: at(HOUR_MS) }),
    ]);
    expect((await eventCounts(first)).accepted).toBe(3);
    expect((await eventCounts(second)).accepted).toBe(1);
  });

  test('a change that was only stamped has no events by its flag', async () => {
    const { change_id } = await harness.stamp();
    expect(counts(await harness.send([event({ flags: { 'short-form': 'on' } })]))).toMatchObject({ accepted: 1 });
    expect((await eventCounts(change_id)).accepted).toBe(0);
  });
});

describe('hashes', () => {
  const sha = (line: object) => createHash('sha256').update(canonicalJson(line)).digest('hex');
  const line = event({ event_id: 'h', user_id: 'zoë', value: 1.5, flags: { b: 'on', a: 'off' } });

  test.each([
    ['plain', sha(line)],
    ['with its name', `sha256:${sha(line)}`],
    ['in capitals', sha(line).toUpperCase()],
  ])('a right hash, %s', async (_, hash) => {
    expect(counts(await harness.send([{ ...line, hash }]))).toMatchObject({ accepted: 1 });
  });

  test.each([
    ['of something else', sha({ ...line, value: 2 })],
    ['that is cut', sha(line).slice(1)],
    ['of other characters', 'é'.repeat(64)],
    ['that is empty', ''],
  ])('a hash %s is bad', async (_, hash) => {
    const answer = await harness.send([{ ...line, hash }, event({ event_id: 'next' })]);
    expect(counts(answer)).toMatchObject({ accepted: 1, quarantined: 1 });
    expect(answer.body.lines[0]!.reason).toContain('bad_hash');
  });

  test('an ingest key makes it an HMAC, and a gate that requires hashes says which line has none', async () => {
    const strict = new GateHarness({ requireHash: true, ingestHmacKey: 'ingest-key-of-the-tests' });
    const hmac = createHmac('sha256', 'ingest-key-of-the-tests').update(canonicalJson(line)).digest('hex');
    const answer = await strict.send([
      { ...line, hash: sha(line) },
      line,
      { ...line, hash: hmac },
      { ...line, event_id: 'i', hash: hmac },
    ]);
    expect(answer.body.lines.map(({ line: number, reason }) => [number, reason.split(':')[0]])).toEqual([
      [1, 'bad_hash'],
      [2, 'missing_hash'],
      [4, 'bad_hash'],
    ]);
    await strict.close();
  });
});

test('no table, log line or file of the store holds a user id (R26)', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'changegate-ingest-'));
  const onDisk = new GateHarness({ path: join(directory, 'gate.db') });
  try {
    const changeId = await onDisk.stampAndActivate();
    const users = Array.from({ length: 40 }, (_, n) => `canary-user-${n}@example.com`);
    onDisk.business.advance(60_000);
    const lines = users.flatMap((user, n) => [
      event({ event_id: `id-${n}`, user_id: user, change_id: changeId, version_flag: n % 2 ? 'on' : 'off' }),
      event({ user_id: user, change_id: 'chg-9-0123456789', version_flag: 'on' }),
      event({ user_id: user, timestamp: at(DAY_MS) }),
      event({ user_id: user, hash: 'bad' }),
      event({ event_id: `id-${n}`, user_id: user, status: 'error' }),
      `{"user_id": "${user}", broken`,
      event({ user_id: user, surprise: 1 }),
    ]);
    const answer = await onDisk.send(lines);
    expect(counts(answer)).toEqual({ accepted: 40, duplicate: 0, quarantined: 160, rejected: 80 });
    expect(JSON.stringify(answer.body)).not.toContain('canary-user');
    await onDisk.runTo(START + 20 * 60_000, 5);
    const files = readdirSync(directory).map((file) => readFileSync(join(directory, file)));
    expect(files.length).toBeGreaterThan(1);
    expect(files.some((bytes) => bytes.includes('canary-user'))).toBe(false);
    expect(files.some((bytes) => bytes.includes('quote_viewed'))).toBe(true);
    expect(JSON.stringify(onDisk.log)).not.toContain('canary-user');
  } finally {
    await onDisk.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
