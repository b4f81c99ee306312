import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OpenAPIBackend } from 'openapi-backend';
import { afterEach, describe, expect, test } from 'vitest';
import { OUTPUTS } from '../../scripts/generate/outputs.ts';
import { ERROR_TABLE, type ErrorCode, GateError } from '../../src/contract/gate-error.ts';
import { makeOpenApi } from '../../src/http/openapi.ts';
import { REPOSITORY } from '../support/gate-files.ts';
import { GateHarness, type HarnessOptions } from '../support/gate-harness.ts';

const open: GateHarness[] = [];
function makeHarness(options: HarnessOptions = {}): GateHarness {
  const harness = new GateHarness(options);
  open.push(harness);
  return harness;
}
afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close();
});

describe('health and readiness', () => {
  test('both are well', async () => {
    const harness = makeHarness();
    expect((await harness.call('GET', '/health')).body).toEqual({ status: 'ok' });
    const { status, body } = await harness.call('GET', '/ready');
    expect(status).toBe(200);
    expect(body).toEqual({
      ready: true,
      checks: [
        { check: 'store', ok: true, detail: 'readable' },
        { check: 'flag_service', ok: true, detail: 'readable' },
      ],
    });
  });

  test('not ready while the flag service does not answer; alive all the same', async () => {
    const harness = makeHarness();
    harness.flags.fail('read', { failure: { kind: 'unreadable', detail: 'connection refused' } });
    const { status, body } = await harness.call('GET', '/ready');
    expect(status).toBe(503);
    expect(body).toMatchObject({ ready: false, checks: [{ ok: true }, { ok: false }] });
    expect((await harness.call('GET', '/health')).status).toBe(200);
    harness.flags.heal();
    harness.real.advance(1_000);
    expect((await harness.call('GET', '/ready')).status).toBe(200);
  });

  test('however often it is asked, the flag service is asked once in five seconds', async () => {
    const harness = makeHarness();
    const asked = () => harness.flags.calls.filter(({ operation }) => operation === 'read').length;
    await Promise.all(Array.from({ length: 20 }, () => harness.call('GET', '/ready')));
    expect(asked()).toBe(1);
    harness.real.advance(4_999);
    await harness.call('GET', '/ready');
    expect(asked()).toBe(1);
    harness.real.advance(1);
    await harness.call('GET', '/ready');
    expect(asked()).toBe(2);
  });

  test('not ready while the store does not answer', async () => {
    const harness = makeHarness({
      wrapStore: (store) => ({
        transaction: (work) => store.transaction(work),
        probe: async () => false,
        findToken: (tokenId) => store.findToken(tokenId),
        close: () => store.close(),
      }),
    });
    expect((await harness.call('GET', '/ready')).status).toBe(503);
  });
});

describe('errors', () => {
  test.each(Object.entries(ERROR_TABLE))('%s has the status of the table', async (code, { status }) => {
    const harness = makeHarness({
      wrapStore: (store) => ({
        transaction: () =>
          Promise.reject(
            new GateError(code as ErrorCode, 'What failed.', 'What to do.', { cause: new Error('secret detail') }),
          ),
        probe: async () => true,
        findToken: (tokenId) => store.findToken(tokenId),
        close: () => store.close(),
      }),
    });
    const { status: got, body } = await harness.call('GET', `/v1/kpis?repository=${REPOSITORY}`, {
      token: 'admin-token-of-the-tests',
    });
    expect(got).toBe(status);
    expect(body).toEqual({ error: { code, message: 'What failed.', remedy: 'What to do.', context: {} } });
  });

  test('what nobody foresaw is a 500 that tells nothing, and the log tells all', async () => {
    const harness = makeHarness({
      wrapStore: (store) => ({
        transaction: () => Promise.reject(new TypeError('the password is hunter2')),
        probe: async () => true,
        findToken: (tokenId) => store.findToken(tokenId),
        close: () => store.close(),
      }),
    });
    const { status, body } = await harness.call('GET', '/v1/kpis?repository=a/b', {
      token: 'admin-token-of-the-tests',
    });
    expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining('hunter2')]);
    expect(harness.log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('the OpenAPI document', () => {
  const committed = readFileSync(join(import.meta.dirname, '../../schemas/openapi.json'), 'utf8');

  test('is valid OpenAPI 3.0', async () => {
    const backend = await new OpenAPIBackend({ definition: JSON.parse(committed), strict: true }).init();
    expect(backend.router.getOperations()).toHaveLength(23);
  });

  test('is served, generated and committed as the same', async () => {
    const harness = makeHarness();
    const served = await harness.app.inject({ method: 'GET', url: '/openapi.json' });
    expect(served.json()).toEqual(JSON.parse(committed));
    expect(makeOpenApi(harness.routes)).toEqual(JSON.parse(committed));
    expect(OUTPUTS.find(({ file }) => file === 'schemas/openapi.json')?.make()).toBe(committed);
  });

  test('finds a mistake when there is one', async () => {
    const definition = JSON.parse(committed.replace('"operationId": "stamp",', '"operationIdd": "stamp",'));
    await expect(new OpenAPIBackend({ definition, strict: true }).init()).rejects.toThrow('not valid OpenAPI');
  });

  test('says of each operation what it needs', () => {
    const { paths } = JSON.parse(committed) as {
      paths: Record<string, Record<string, { operationId: string; security: unknown[]; 'x-scope'?: string }>>;
    };
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const operation of operations)
      expect(operation.security.length === 0).toBe(operation['x-scope'] === undefined);
  });
});
