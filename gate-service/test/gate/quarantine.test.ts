import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { REPOSITORY, stampBody } from '../support/gate-files.ts';
import { GateHarness, START } from '../support/gate-harness.ts';

const HOUR_MS = 3_600_000;

let harness: GateHarness;
beforeEach(() => {
  harness = new GateHarness();
});
afterEach(() => harness.close());

const eventAt = (id: string, ms: number, more: object = {}) => ({
  event: 'quote_viewed',
  timestamp: new Date(ms).toISOString(),
  event_id: id,
  user_id: `user-${id}`,
  ...more,
});

async function send(...events: object[]): Promise<Record<string, number>> {
  const payload = events.map((event) => JSON.stringify(event)).join('\n');
  const token = await harness.token(['ingest']);
  const { body } = await harness.call<Record<string, number>>('POST', '/v1/events', {
    token,
    raw: { type: 'application/x-ndjson', payload },
  });
  return body;
}

async function list(
  query = '',
): Promise<{ counts: object; lines: { line_id: number; line: string }[]; next: unknown }> {
  const token = await harness.token(['read']);
  return (await harness.call<never>('GET', `/v1/quarantine?repository=${REPOSITORY}${query}`, { token })).body;
}

async function replay(reason: string) {
  const token = await harness.token(['ingest']);
  return harness.call<Record<string, unknown>>('POST', '/v1/quarantine/replay', {
    token,
    body: { repository: REPOSITORY, reason },
  });
}

const counts = () => harness.gate.store.transaction((tx) => tx.events.counts(REPOSITORY));

describe('events that were ahead of the clock', () => {
  test('are listed with the pseudonym only, and counted once their time has come', async () => {
    await send(eventAt('a', START + HOUR_MS), eventAt('b', START + HOUR_MS));
    const before = await list();
    expect(before.counts).toEqual({ skew: 2 });
    expect(before.lines.map(({ line }) => line).join()).not.toContain('user-a');

    expect((await replay('skew')).body).toEqual({ accepted: 0, duplicate: 0, kept: { skew: 2 } });
    harness.business.advance(2 * HOUR_MS);
    expect((await replay('skew')).body).toEqual({ accepted: 2, duplicate: 0, kept: {} });
    expect(await list()).toEqual({ counts: {}, lines: [], next: null });
    expect(await counts()).toMatchObject({ accepted: 2, quarantined: { skew: 0 } });
    expect(await harness.ledgerTypes()).toContain('quarantine.replayed');
  });

  test('are the same events as those that the sender sends again: nothing counts twice, nobody is two', async () => {
    const event = eventAt('a', START + HOUR_MS);
    await send(event);
    harness.business.advance(2 * HOUR_MS);
    await send(event);
    expect((await replay('skew')).body).toEqual({ accepted: 0, duplicate: 1, kept: {} });
    expect(await counts()).toMatchObject({ accepted: 1, quarantined: { skew: 0 } });

    await send(eventAt('c', START + 9 * HOUR_MS));
    harness.business.advance(9 * HOUR_MS);
    await replay('skew');
    expect(await send(eventAt('c', START + 9 * HOUR_MS))).toMatchObject({ duplicate: 1, quarantined: 0 });
  });
});

test('events of a change that was not stamped yet are counted after its stamp', async () => {
  const other = new GateHarness();
  const { body } = await other.call<{ change: { change_id: string } }>('POST', '/v1/changes', {
    token: await other.token(['stamp']),
    body: stampBody(1),
  });
  await other.close();
  const changeId = body.change.change_id;
  await send(eventAt('a', START, { change_id: changeId, version_flag: 'on' }));
  expect((await list()).counts).toEqual({ unknown_change: 1 });
  expect((await replay('unknown_change')).body).toMatchObject({ accepted: 0, kept: { unknown_change: 1 } });

  await harness.call('POST', '/v1/changes', { token: await harness.token(['stamp']), body: stampBody(1) });
  expect((await replay('unknown_change')).body).toMatchObject({ accepted: 1, kept: {} });
});

test.each(['bad_hash', 'conflict'])('%s stays what it is', async (reason) => {
  const { status, body } = await replay(reason);
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('allowed are skew, unknown_change, missing_hash, late');
});

test('pages follow one another, by reason or all', async () => {
  await send(...Array.from({ length: 5 }, (_, i) => eventAt(`${i}`, START + HOUR_MS)));
  const first = await list('&limit=2');
  expect(first.lines).toHaveLength(2);
  const second = await list(`&limit=3&after=${first.next}`);
  expect(second.lines).toHaveLength(3);
  expect(new Set([...first.lines, ...second.lines].map(({ line_id }) => line_id)).size).toBe(5);
  expect((await list('&reason=late')).lines).toEqual([]);
});
