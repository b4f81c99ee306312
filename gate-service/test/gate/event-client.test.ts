import type { AddressInfo } from 'node:net';
import { EventClient } from '@changegate/gate-service/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REPOSITORY } from '../support/gate-files.ts';
import { GateHarness } from '../support/gate-harness.ts';

let harness: GateHarness;
let url: string;
beforeAll(async () => {
  harness = new GateHarness({ requireHash: true, ingestHmacKey: 'an-ingest-key-of-32-characters-ok' });
  await harness.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(harness.app.server.address() as AddressInfo).port}`;
});
afterAll(() => harness.close());

const storedEvents = () => harness.gate.store.transaction((tx) => tx.events.counts(REPOSITORY));

test('the package entry sends to a gate that requires HMACs, and a repetition counts nothing twice', async () => {
  const token = await harness.token(['ingest']);
  const timestamp = new Date(harness.business.now());
  for (const expected of [
    { accepted: 3, duplicates: 0 },
    { accepted: 3, duplicates: 3 },
  ]) {
    const client = new EventClient({ url, token, ingestKey: 'an-ingest-key-of-32-characters-ok' });
    for (let i = 0; i < 3; i++) client.send({ event: 'quote_viewed', event_id: `e${i}`, user_id: `u${i}`, timestamp });
    expect(await client.close()).toBe(true);
    expect(client.stats).toMatchObject({ delivered: 3, refused: 0 });
    expect(await storedEvents()).toMatchObject(expected);
  }
});

test('a wrong key is told, event by event', async () => {
  const problems: string[] = [];
  const client = new EventClient({
    url,
    token: await harness.token(['ingest']),
    ingestKey: 'another-key-of-at-least-32-characters',
    onProblem: ({ kind, message }) => problems.push(`${kind}: ${message}`),
  });
  client.send({ event: 'quote_viewed', timestamp: new Date(harness.business.now()) });
  await client.close();
  expect(client.stats).toMatchObject({ delivered: 0, refused: 1 });
  expect(problems).toEqual(['refused: bad_hash: the hash does not fit the content']);
});
