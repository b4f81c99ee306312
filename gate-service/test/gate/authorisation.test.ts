import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES, type Scope } from '../../src/contract/api/requests.ts';
import type { Route } from '../../src/http/route.ts';
import { tokenHash } from '../../src/services/hashes.ts';
import { RIGHT_CALLS, rightCall, type Stage, setStage, WHOLE_SERVICE } from '../support/gate-calls.ts';
import { OTHER_REPOSITORY, REPOSITORY } from '../support/gate-files.ts';
import { ADMIN_TOKEN, type Answer, GateHarness } from '../support/gate-harness.ts';

const table = new GateHarness();
const ROUTES = table.routes.map((route) => [`${route.method} ${route.path}`, route] as const);
const GUARDED = ROUTES.filter(([, { scope }]) => scope !== null);

let harness: GateHarness;
let stage: Stage;
beforeAll(async () => {
  harness = new GateHarness();
  stage = await setStage(harness);
});
afterAll(async () => {
  await harness.close();
  await table.close();
});

interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly remedy: string };
}

function ask(route: Route, token: string | null, headers?: Record<string, string>): Promise<Answer<ErrorBody>> {
  const { url, call } = rightCall(route);
  return harness.call<ErrorBody>(route.method, url(stage), { ...call, token, ...(headers ? { headers } : {}) });
}

/** Refused, and nothing was written down for it. */
async function expectRefused(
  route: Route,
  token: string | null,
  status: number,
  code: string,
  headers?: Record<string, string>,
) {
  const before = await harness.ledgerTypes();
  const { status: got, body } = await ask(route, token, headers);
  expect([got, body.error?.code]).toEqual([status, code]);
  expect(body.error.remedy).not.toBe('');
  expect(await harness.ledgerTypes()).toEqual(before);
}

const boundTo = (route: Route) => (WHOLE_SERVICE.includes(route.operationId) ? null : REPOSITORY);

test('every route of the table has a right call here, and no call is left over', () => {
  expect(Object.keys(RIGHT_CALLS).sort()).toEqual(table.routes.map(({ operationId }) => operationId).sort());
});

test('only health and readiness are open to anybody', () => {
  expect(ROUTES.filter(([, { scope }]) => scope === null).map(([name]) => name)).toEqual(['GET /health', 'GET /ready']);
});

describe.each(GUARDED)('%s', (_, route) => {
  const scope = route.scope as Scope;

  test.each([
    ['no token', null, {}],
    ['an empty header', null, { authorization: '' }],
    ['another scheme', null, { authorization: 'Basic YWRtaW46YWRtaW4=' }],
    ['a token of no shape', 'nonsense', {}],
    ['a token that was never made', `cg_${'0'.repeat(12)}_${'A'.repeat(43)}`, {}],
    ['an admin token that is too long', `${ADMIN_TOKEN}x`, {}],
  ])('refuses %s', async (_name, token, headers) => {
    await expectRefused(route, token, 401, 'unauthorised', headers);
  });

  test('refuses a token whose secret is another one', async () => {
    const token = await harness.token([scope], boundTo(route));
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    await expectRefused(route, forged, 401, 'unauthorised');
  });

  test('refuses an expired and a revoked token', async () => {
    const token = await harness.token([scope], boundTo(route), 1);
    await harness.call('DELETE', `/v1/tokens/${token.split('_')[1]}`, { token: ADMIN_TOKEN });
    await expectRefused(route, token, 401, 'unauthorised');
    const short = await harness.token([scope], boundTo(route), 2);
    harness.real.advance(2 * 86_400_000);
    await expectRefused(route, short, 401, 'unauthorised');
  });

  test('refuses every other scope', async () => {
    for (const other of SCOPES.filter((candidate) => candidate !== scope)) {
      await expectRefused(route, await harness.token([other], null, 300), 403, 'forbidden');
    }
  });

  test('answers a token of another repository as if nothing were there', async () => {
    const { stranger, url } = rightCall(route);
    const scopes = [scope] as const;
    if (route.wholeService && (scope === 'admin' || scope === 'operate')) return;
    const token = await harness.token(scopes, OTHER_REPOSITORY, 300);
    const { status, body } = await ask(route, token);
    expect(status).toBe(stranger);
    if (stranger !== 404) return;
    const id = /chg-[0-9a-z]+-[0-9a-f]{10}/.exec(url(stage))![0];
    const missing = 'chg-1-0123456789';
    const answer = await harness.call(route.method, url(stage).replace(id, missing), {
      ...rightCall(route).call,
      token,
    });
    expect([answer.status, answer.body]).toEqual([404, JSON.parse(JSON.stringify(body).replaceAll(id, missing))]);
  });
});

describe('what is right is let in', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const scope = route.scope as Scope | null;
    const token = scope === null ? null : await harness.token([scope], boundTo(route), 300);
    expect((await ask(route, token)).status).toBe(rightCall(route).status);
  });
});

describe('activation', () => {
  const path = () => `/v1/changes/${stage.stamped}/activate`;

  test('the admin token cannot activate', async () => {
    const { status, body } = await harness.call<ErrorBody>('POST', path(), { token: ADMIN_TOKEN });
    expect([status, body.error.code]).toEqual([403, 'forbidden']);
  });

  test.each(SCOPES.filter((scope) => scope !== 'activate'))('no token has activate and %s', async (scope) => {
    const { status, body } = await harness.call<ErrorBody>('POST', '/v1/tokens', {
      token: ADMIN_TOKEN,
      body: { scopes: ['activate', scope] },
    });
    expect([status, body.error.code]).toEqual([400, 'invalid_input']);
  });

  test('a gate service without the right to activate says so', async () => {
    const other = new GateHarness({ withoutActivation: true });
    const { change_id } = await other.stamp();
    const { status, body } = await other.call<ErrorBody>('POST', `/v1/changes/${change_id}/activate`, {
      token: await other.token(['activate']),
    });
    expect([status, body.error.code]).toEqual([503, 'no_activation']);
    await other.close();
  });
});

describe('tokens', () => {
  test.each(['admin', 'operate'] as const)('the scope %s is not bound to a repository', async (scope) => {
    const { status, body } = await harness.call<ErrorBody>('POST', '/v1/tokens', {
      token: ADMIN_TOKEN,
      body: { scopes: [scope], repository: REPOSITORY },
    });
    expect([status, body.error.code]).toEqual([400, 'invalid_input']);
  });

  test('one of an older release that was bound all the same is refused', async () => {
    const { options, store, real } = harness.gate;
    const token = `cg_${'a'.repeat(12)}_${'b'.repeat(43)}`;
    const row = {
      tokenId: 'a'.repeat(12),
      hash: tokenHash(options.secret, token),
      scopes: ['admin'],
      repository: REPOSITORY,
    };
    await store.transaction((tx) =>
      tx.tokens.insert({ ...row, createdAt: 0, expiresAt: real.now() + 1, revokedAt: null }),
    );
    expect((await harness.call('GET', '/v1/ledger', { token })).status).toBe(403);
  });

  test('a stranger is refused without waiting for the store, and without keeping it', async () => {
    let finish = () => {};
    const busy = harness.gate.store.transaction(() => new Promise<void>((resolve) => (finish = resolve)));
    const token = `cg_${'0'.repeat(12)}_${'b'.repeat(43)}`;
    expect((await harness.call('GET', '/v1/changes', { token })).status).toBe(401);
    finish();
    await busy;
  });

  test('only hashes are stored, and no token is in the log', async () => {
    const token = await harness.token(['read'], REPOSITORY, 3);
    const stored = await harness.gate.store.transaction((tx) => tx.tokens.list());
    expect(stored.length).toBeGreaterThan(5);
    const everything = JSON.stringify([stored, harness.log]);
    expect(everything).not.toContain(token.slice('cg_000000000000_'.length));
    expect(everything).not.toContain(ADMIN_TOKEN);
  });

  test('a token that is bound to a repository lists only its changes', async () => {
    const token = await harness.token(['read'], OTHER_REPOSITORY);
    expect((await harness.call('GET', '/v1/changes', { token })).body).toMatchObject({ changes: [] });
  });

  test('an unbound token must say whose events it sends', async () => {
    const token = await harness.token(['ingest'], null);
    const raw = { type: 'application/x-ndjson', payload: '' };
    const { status } = await harness.call('POST', '/v1/events', { token, raw });
    expect(status).toBe(400);
    expect((await harness.call('POST', `/v1/events?repository=${REPOSITORY}`, { token, raw })).status).toBe(202);
  });

  test('revoking a token that is not there says so, and what to do', async () => {
    const { status, body } = await harness.call<ErrorBody>('DELETE', '/v1/tokens/000000000000', { token: ADMIN_TOKEN });
    expect([status, body.error.code]).toEqual([404, 'not_found']);
    expect(body.error.remedy).not.toContain('token list');
  });
});
