import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { REPOSITORY } from '../support/gate-files.ts';
import { GateHarness } from '../support/gate-harness.ts';

let harness: GateHarness;
let token: string;
beforeAll(() => {
  harness = new GateHarness();
});
beforeEach(async () => {
  token = await harness.token(['ingest']);
});
afterAll(() => harness.close());

const nanos = () => `${harness.business.now()}000000`;
const record = (eventName: string | null, more: object = {}) => ({
  timeUnixNano: nanos(),
  ...(eventName === null ? {} : { eventName }),
  attributes: [{ key: 'user.id', value: { stringValue: 'u1' } }],
  ...more,
});
const requestOf = (...logRecords: object[]) =>
  JSON.stringify({ resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ scope: {}, logRecords }] }] });
const post = (payload: string | Buffer, headers: Record<string, string> = {}, type = 'application/json') =>
  harness.call<Record<string, unknown>>('POST', '/v1/logs', { token, raw: { type, payload }, headers });
const accepted = async () => (await harness.gate.store.transaction((tx) => tx.events.counts(REPOSITORY))).accepted;

test('events are counted, ordinary log lines are not, and both are said', async () => {
  const before = await accepted();
  const { status, body } = await post(requestOf(record('quote_viewed'), record(null), record('job_booked')));
  expect(status).toBe(200);
  expect(body).toEqual({
    partialSuccess: { rejectedLogRecords: 0, errorMessage: '1 log records have no event name and were ignored' },
  });
  expect(await accepted()).toBe(before + 2);
});

test('an exporter that sends the same request again counts nothing twice, gzip or not', async () => {
  const request = requestOf(record('quote_viewed', { severityNumber: 9 }), record('quote_viewed'));
  const before = await accepted();
  expect((await post(request)).body).toEqual({});
  expect((await post(gzipSync(request), { 'content-encoding': 'gzip' })).body).toEqual({});
  expect(await accepted()).toBe(before + 2);
});

test('what is refused is counted, with the reasons', async () => {
  const ahead = { timeUnixNano: `${harness.business.now() + 3_600_000}000000` };
  const { status, body } = await post(requestOf(record('late', ahead), record('1 no name'), record('fine')));
  expect(status).toBe(200);
  expect(body).toMatchObject({ partialSuccess: { rejectedLogRecords: 2 } });
  const { errorMessage } = body.partialSuccess as { errorMessage: string };
  expect(errorMessage).toMatch(/event: allowed/);
  expect(errorMessage).toMatch(/skew/);
});

test.each([
  ['no JSON', 'resourceLogs', 'application/json', 400],
  ['another signal', JSON.stringify({ resourceLogs: [{ scopeLogs: 'x' }] }), 'application/json', 400],
  ['protobuf', 'binary', 'application/x-protobuf', 400],
])('%s is refused with what to send instead', async (_, payload, type, status) => {
  const answer = await post(payload, {}, type);
  expect(answer.status).toBe(status);
  expect(JSON.stringify(answer.body)).toMatch(/http\/json|openapi/);
});

test('more log records than one request may have', async () => {
  const { status, body } = await post(requestOf(...Array.from({ length: 5_001 }, () => ({}))));
  expect(status).toBe(413);
  expect(body).toMatchObject({ error: { code: 'too_large' } });
});

test('a token of another repository may not send here', async () => {
  token = await harness.token(['ingest'], 'acme/other');
  const { status } = await harness.call('POST', `/v1/logs?repository=${REPOSITORY}`, {
    token,
    raw: { type: 'application/json', payload: requestOf() },
  });
  expect(status).toBe(403);
});
