import nock from 'nock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GateError } from '../../../contract/gate-error.ts';
import { createUnleashActivation } from './unleash-activation.ts';
import { createUnleashControl } from './unleash-control.ts';

/** Error bodies are those of unleash-server 8.2.0, recorded on 2026-11-21. */
const ORIGIN = 'https://unleash.example.com';
const BASE = '/tenant';
const OFF = `${BASE}/api/admin/projects/default/features/f/environments/development/off`;
const STRATEGY = `${BASE}/api/admin/projects/default/features/f/environments/development/strategies/s1`;
const EVENTS = `${BASE}/api/admin/search/events?feature=IS%3Af&limit=1`;
const FEATURE = `${BASE}/api/admin/projects/default/features/f`;
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const options = {
  url: `${ORIGIN}${BASE}/`,
  token: 'user:secret',
  project: 'default',
  environment: 'development',
  appName: 'changegate',
  deadlineMs: 400,
  connectMs: 200,
};
const control = createUnleashControl(options);

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  const pending = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  expect(pending).toEqual([]);
});

describe('what an answer to a write means', () => {
  test.each([
    [200, {}, '', null],
    [401, JSON_TYPE, { name: 'UnauthorizedError', message: 'You must log in to use Unleash.' }, 'unauthorised'],
    [401, { 'content-type': 'text/html' }, '<html>', 'unauthorised'],
    [
      403,
      JSON_TYPE,
      { name: 'PermissionError', message: 'you need the "SKIP_CHANGE_REQUEST" permission.' },
      'change_request',
    ],
    [403, JSON_TYPE, { name: 'PermissionError', message: 'you need the "UPDATE_FEATURE" permission.' }, 'forbidden'],
    [403, JSON_TYPE, { message: 'invalid token: expected a different token type for this endpoint' }, 'forbidden'],
    [404, JSON_TYPE, { name: 'NotFoundError', message: 'There\'s no feature named "f".' }, 'not_found'],
    [404, { 'content-type': 'text/html' }, '<h1>Not Found</h1>', 'unreadable'],
    [400, JSON_TYPE, { name: 'ArchivedFeatureError', message: 'Cannot perform this operation' }, 'precondition_failed'],
    [400, JSON_TYPE, { name: 'BadDataError', message: 'Request validation failed' }, 'forbidden'],
    [
      409,
      JSON_TYPE,
      { name: 'NameExistsError', message: 'A flag with that name already exists' },
      'precondition_failed',
    ],
    [429, JSON_TYPE, { name: 'RateLimitError', message: 'Too many requests' }, 'unreadable'],
    [500, JSON_TYPE, { name: 'UnknownError', message: 'Something went wrong' }, 'unreadable'],
    [502, { 'content-type': 'text/html' }, '<html>Bad gateway</html>', 'unreadable'],
    [302, { location: 'https://login.example.com/' }, '', 'unreadable'],
    [200, { 'content-type': 'text/html' }, '<html>Sign in</html>', 'unreadable'],
    [200, JSON_TYPE, { surprising: true }, 'unreadable'],
    [200, JSON_TYPE, '{', 'unreadable'],
  ] as const)('%s %j %j is %s', async (status, headers, body, kind) => {
    nock(ORIGIN).post(OFF).reply(status, body, headers);
    const result = await control.turnOff('f');
    expect(result.ok ? null : result.failure.kind).toBe(kind);
  });

  test('a failed test operation, which Unleash answers as 500, is a failed precondition', async () => {
    const body = [
      { op: 'test', path: '/parameters/rollout', value: '50' },
      { op: 'replace', path: '/parameters/rollout', value: '5' },
    ];
    const message = 'Test operation failed\nname: TEST_OPERATION_FAILED\nindex: 0';
    nock(ORIGIN, { reqheaders: { authorization: 'user:secret' } })
      .patch(STRATEGY, body)
      .reply(500, { name: 'UnknownError', message }, JSON_TYPE);
    const result = await control.lowerRollout('f', 's1', '50', '5');
    expect(result).toMatchObject({ ok: false, failure: { kind: 'precondition_failed' } });
  });

  test('a patch after which the percentage is another one is not a success', async () => {
    nock(ORIGIN)
      .patch(STRATEGY)
      .reply(200, { id: 's1', parameters: { rollout: '50' } }, JSON_TYPE);
    const result = await control.lowerRollout('f', 's1', '50', '5');
    expect(result).toMatchObject({ ok: false, failure: { kind: 'unreadable' } });
  });
});

describe('time and size', () => {
  test('no answer within the deadline', async () => {
    nock(ORIGIN).post(OFF).delay(2_000).reply(200);
    expect(await control.turnOff('f')).toMatchObject({ ok: false, failure: { kind: 'deadline' } });
    nock.abortPendingRequests();
  });

  test('a broken connection', async () => {
    nock(ORIGIN)
      .post(OFF)
      .replyWithError(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    const result = await control.turnOff('f');
    expect(result).toMatchObject({ failure: { kind: 'unreadable', detail: expect.stringContaining('ECONNRESET') } });
  });

  test('an endless answer', async () => {
    nock(ORIGIN)
      .get(EVENTS)
      .reply(200, 'x'.repeat(3 * 1024 * 1024), JSON_TYPE);
    const result = await control.read('f');
    expect(result).toMatchObject({ failure: { kind: 'unreadable', detail: expect.stringContaining('larger than') } });
  });
});

describe('what a reading means', () => {
  const noEvents = () => nock(ORIGIN).get(EVENTS).reply(200, { events: [], total: 0 }, JSON_TYPE);
  const strategy = { id: 's1', name: 'flexibleRollout', constraints: [], parameters: { rollout: '50' } };
  const feature = (environments: unknown) => ({ name: 'f', createdAt: '2026-11-21T00:00:00.000Z', environments });

  test('a service without events of the flag says 0 and nobody', async () => {
    noEvents();
    const environments = [{ name: 'development', enabled: true, strategies: [strategy] }];
    nock(ORIGIN).get(FEATURE).reply(200, feature(environments), JSON_TYPE);
    const reading = { kind: 'present', enabled: true, share: 0.5, lastEventId: 0, lastEventBy: '' };
    expect(await control.read('f')).toMatchObject({ ok: true, value: reading });
  });

  test.each([
    [
      'a flag in another project',
      404,
      {
        name: 'NotFoundError',
        message:
          'There\'s no feature named "f" in project "default", but there\'s a feature with that name in project "x"',
      },
      'not_found',
    ],
    ['another environment', 200, feature([{ name: 'production', enabled: true, strategies: [] }]), 'not_found'],
    [
      'a percentage above 100',
      200,
      feature([{ name: 'development', enabled: true, strategies: [{ ...strategy, parameters: { rollout: '500' } }] }]),
      'unreadable',
    ],
    [
      'an empty percentage',
      200,
      feature([{ name: 'development', enabled: true, strategies: [{ ...strategy, parameters: { rollout: '' } }] }]),
      'unreadable',
    ],
    ['no environments', 200, { name: 'f', createdAt: 'x' }, 'unreadable'],
  ])('%s', async (_, status, body, kind) => {
    noEvents();
    nock(ORIGIN).get(FEATURE).reply(status, body, JSON_TYPE);
    expect(await control.read('f')).toMatchObject({ ok: false, failure: { kind } });
  });

  test('a flag that appears between two calls of one reading is neither missing nor archived', async () => {
    noEvents();
    const gone = { name: 'NotFoundError', message: 'There\'s no feature named "f" in project "default".' };
    nock(ORIGIN).get(FEATURE).reply(404, gone, JSON_TYPE);
    nock(ORIGIN).get(`${FEATURE}/environments/development`).reply(200, { name: 'f' }, JSON_TYPE);
    nock(ORIGIN).get(FEATURE).reply(200, feature([]), JSON_TYPE);
    expect(await control.read('f')).toMatchObject({ ok: false, failure: { kind: 'unreadable' } });
  });
});

describe('what is refused before any call', () => {
  test.each([
    ['an admin token', { token: '*:*.secret' }],
    ['a client token', { token: '*:development.secret' }],
    ['a URL with credentials', { url: 'https://me:pw@unleash.example.com' }],
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['no URL', { url: 'unleash' }],
  ])('%s', (_, wrong) => {
    for (const create of [createUnleashControl, createUnleashActivation]) {
      expect(() => create({ ...options, ...wrong })).toThrow(GateError);
      expect(() => create({ ...options, ...wrong })).not.toThrow(/secret|pw/);
    }
  });

  test('an admin token is taken when the operator allows it', () => {
    expect(() => createUnleashControl({ ...options, token: '*:*.secret', allowAdminToken: true })).not.toThrow();
  });

  test.each(['..', 'a/b', 'a b', 'f?x=1', ''])('a flag named "%s"', async (flag) => {
    await expect(control.turnOff(flag)).rejects.toThrow(GateError);
  });
});
