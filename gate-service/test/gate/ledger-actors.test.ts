import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Scope } from '../../src/contract/api/requests.ts';
import { GATE_REGISTRY, REPOSITORY } from '../support/gate-files.ts';
import { ADMIN_TOKEN, GateHarness, START } from '../support/gate-harness.ts';

let harness: GateHarness;
beforeEach(() => {
  harness = new GateHarness();
});
afterEach(() => harness.close());

const idOf = (token: string) => token.split('_')[1];
const declared = { by: 'the chief executive', reason: 'a test' };

async function entry(type: string) {
  const all = await harness.gate.store.transaction((tx) => tx.ledger.entries({}));
  const found = all.filter((candidate) => candidate.type === type).at(-1);
  return found && { actor: found.actor, repository: found.repository, payload: found.payload };
}

async function send(method: 'POST' | 'PUT' | 'DELETE', url: string, token: string, body?: unknown) {
  const answer = await harness.call(method, url, { token, ...(body === undefined ? {} : { body }) });
  expect(answer.status).toBeLessThan(300);
}

test('whoever the caller says it is, the ledger names the token', async () => {
  const operate = await harness.token(['operate'], null);
  await send('POST', '/v1/pause', operate, declared);
  expect(await entry('watch.paused')).toEqual({ actor: `token:${idOf(operate)}`, repository: '*', payload: declared });
  await send('POST', '/v1/resume', ADMIN_TOKEN, declared);
  expect(await entry('watch.resumed')).toMatchObject({
    actor: 'admin',
    payload: { ...declared, paused_by: declared.by, paused_since: START },
  });

  const { change_id } = await harness.stamp();
  const stamp = await harness.token(['stamp']);
  expect((await entry('change.stamped'))?.actor).toMatch(new RegExp(`^token:${idOf(stamp)} for `));
  await harness.activate(change_id);

  await harness.gate.store.transaction(async (tx) => {
    const verdict = { verdict: { verdict: 'pass' }, evidence: { ruleVersion: '1' }, madeAt: START } as never;
    await tx.verdicts.insert({
      ...(verdict as object),
      changeId: change_id,
      revision: 1,
      ledgerHead: await tx.ledger.head(),
    } as never);
  });
  const decide = await harness.token(['decide']);
  const body = { decision: 'keep', ...declared };
  await harness.call('POST', `/v1/changes/${change_id}/decide`, { token: decide, body }).catch(() => {});
  expect(await entry('decision.people')).toMatchObject({ actor: `token:${idOf(decide)}`, payload: body });
});

test('tokens that are made and revoked stand in the ledger, without their secret', async () => {
  const scopes: Scope[] = ['read', 'evaluate'];
  const token = await harness.token(scopes);
  const id = idOf(token);
  expect(await entry('token.issued')).toMatchObject({
    actor: 'admin',
    repository: REPOSITORY,
    payload: { token_id: id, scopes },
  });
  expect(JSON.stringify(await entry('token.issued'))).not.toContain(token.split('_').slice(2).join('_'));
  await send('DELETE', `/v1/tokens/${id}`, ADMIN_TOKEN);
  expect(await entry('token.revoked')).toEqual({ actor: 'admin', repository: '*', payload: { token_id: id } });
});

test('KPIs that were registered stand in the ledger when what they measure changed', async () => {
  const token = await harness.token(['stamp']);
  const register = (text: string) =>
    send('PUT', '/v1/kpis', token, { repository: REPOSITORY, registry: { path: 'kpis.yml', text } });
  const count = async () => (await harness.ledgerTypes()).filter((type) => type === 'kpis.registered').length;
  await register(GATE_REGISTRY);
  expect(await entry('kpis.registered')).toMatchObject({
    actor: `token:${idOf(token)}`,
    repository: REPOSITORY,
    payload: { kpis: expect.arrayContaining(['booking']), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
  await register(GATE_REGISTRY);
  expect(await count()).toBe(1);
  await register(GATE_REGISTRY.replace('within: 2h', 'within: 3h'));
  expect(await count()).toBe(2);
});
