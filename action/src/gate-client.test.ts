import nock from 'nock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { GateError } from '../../gate-service/src/contract/gate-error.ts';
import { makeChange, makeForecast } from '../test/support/sample-changes.ts';
import { createGate } from './gate-client.ts';
import { paceFor } from './pace.ts';

const URL = 'https://gate.example.com';
const pace = { ...paceFor(URL), gateRetryMs: [1, 1] };
const gate = createGate({
  url: `${URL}/`,
  token: 'the-token',
  activateToken: 'the-activate-token',
  pace,
  timeoutMs: 300,
});
const change = makeChange();
const id = change.change_id;
const forecastRequest = {
  repository: 'o/r',
  pull_request: 7,
  contract: { path: 'c', text: 'c' },
  registry: { path: 'r', text: 'r' },
  policy: null,
};

beforeAll(() => nock.disableNetConnect());
afterAll(() => nock.enableNetConnect());
beforeEach(() => nock.cleanAll());
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
});

async function failureOf(work: Promise<unknown>): Promise<GateError> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(GateError);
  return error as GateError;
}

describe('what is sent', () => {
  test('a forecast with the gate token', async () => {
    const forecast = makeForecast();
    nock(URL, { reqheaders: { authorization: 'Bearer the-token', 'content-type': 'application/json' } })
      .post('/v1/forecasts', forecastRequest)
      .reply(200, { contract_hash: 'x', forecast });
    expect((await gate.forecast(forecastRequest)).forecast).toEqual(forecast);
  });

  test('an activation with its own token and without a body', async () => {
    nock(URL, { reqheaders: { authorization: 'Bearer the-activate-token' } })
      .post(`/v1/changes/${id}/activate`, '')
      .reply(200, { change });
    expect(await gate.activate(id)).toEqual(change);
  });

  test('a list with its filters', async () => {
    nock(URL)
      .get('/v1/changes')
      .query({ repository: 'o/r', state: 'watching,off', limit: '50' })
      .reply(200, { changes: [change], next: id, unreadable: [] })
      .get('/v1/changes')
      .query({ repository: 'o/r', state: 'watching,off', limit: '50', before: id })
      .reply(200, { changes: [], next: null, unreadable: [] });
    const query = { repository: 'o/r', states: ['watching', 'off'] };
    expect(await gate.list({ ...query, before: null })).toMatchObject({ changes: [change], next: id });
    expect(await gate.list({ ...query, before: id })).toMatchObject({ changes: [], next: null });
  });
});

describe('what comes back', () => {
  test('an error of the gate keeps its code, message, remedy and context', async () => {
    const error = {
      code: 'conflict',
      message: 'Already watching.',
      remedy: 'Nothing.',
      context: { state: 'watching' },
    };
    nock(URL).post(`/v1/changes/${id}/activate`).reply(409, { error });
    expect(await failureOf(gate.activate(id))).toMatchObject({ ...error, context: { state: 'watching', status: 409 } });
  });

  test.each<[string, number, string | object]>([
    ['a code that we do not know', 418, { error: { code: 'teapot', message: 'm', remedy: 'r' } }],
    ['an error page', 404, '<html>'],
    ['an answer that does not fit', 200, { change: { change_id: 1 } }],
    ['an empty answer', 200, ''],
  ])('%s is gate_unreachable, and not asked again', async (_, status, body) => {
    nock(URL).get(`/v1/changes/${id}`).reply(status, body);
    expect((await failureOf(gate.show(id))).code).toBe('gate_unreachable');
  });

  test('a redirect is not followed: the token must not travel', async () => {
    nock(URL).get(`/v1/changes/${id}`).reply(302, '', { location: 'https://evil.example.com/v1' });
    const error = await failureOf(gate.show(id));
    expect(error.message).toContain('https://evil.example.com');
    expect(error.code).toBe('gate_unreachable');
  });

  test('an answer without end is cut', async () => {
    nock(URL)
      .get(`/v1/changes/${id}`)
      .reply(200, 'x'.repeat(9 * 1024 * 1024));
    expect((await failureOf(gate.show(id))).message).toContain('larger than');
  });
});

describe('faults', () => {
  test('GET is asked three times', async () => {
    nock(URL)
      .get(`/v1/changes/${id}`)
      .reply(503, 'down')
      .get(`/v1/changes/${id}`)
      .replyWithError('reset')
      .get(`/v1/changes/${id}`)
      .reply(200, { change });
    expect(await gate.show(id)).toEqual(change);
  });

  test('POST is repeated once, because the gate makes nothing twice', async () => {
    nock(URL).post('/v1/forecasts').replyWithError('reset').post('/v1/forecasts').replyWithError('reset');
    expect((await failureOf(gate.forecast(forecastRequest))).code).toBe('gate_unreachable');
  });

  test.each([400, 401, 403, 404, 409, 422, 500])('%i is not repeated', async (status) => {
    const error = { code: 'internal', message: 'm', remedy: 'r' };
    nock(URL).get(`/v1/changes/${id}`).reply(status, { error });
    expect((await failureOf(gate.show(id))).code).toBe('internal');
  });

  test('a slow answer ends at the limit', async () => {
    nock(URL).get(`/v1/changes/${id}`).times(3).delay(2_000).reply(200, { change });
    expect((await failureOf(gate.show(id))).message).toMatch(/within 0.3 s|timeout/i);
    nock.abortPendingRequests();
  });

  test('the token is in no message', async () => {
    nock(URL).get(`/v1/changes/${id}`).times(3).replyWithError('the-server said no');
    const error = await failureOf(gate.show(id));
    expect(`${error.message}${error.remedy}${JSON.stringify(error.context)}`).not.toContain('the-token');
  });
});
