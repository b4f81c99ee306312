import { once } from 'node:events';
import { InMemStorageProvider, Unleash } from 'unleash-client';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import {
  activate,
  describeFlagControl,
  expectFailure,
  readPresent,
  value,
} from '../../../../test/suites/flag-control-suite.ts';
import { type ChaosProxy, startChaosProxy } from '../../../../test/support/chaos-proxy.ts';
import { PROTECTED_ENVIRONMENT } from '../../../../test/support/unleash-global.ts';
import { createUnleashPerson } from '../../../../test/support/unleash-person.ts';
import { createUnleashActivation } from './unleash-activation.ts';
import { createUnleashControl } from './unleash-control.ts';
import { createUnleashObserver } from './unleash-observer.ts';

const unleash = inject('unleash');
const place = { project: 'default', environment: 'development', appName: 'changegate-test' };
const names = { watch: 'changegate-watch', activation: 'changegate-activation', person: 'pat-person' };

function connect(url: string, { tokens }: NonNullable<typeof unleash>) {
  // One protected environment in the project is enough to keep an editor from archiving there.
  const { archive, remove } = createUnleashPerson({ url, token: tokens.admin });
  return {
    control: createUnleashControl({ ...place, url, token: tokens.watch }),
    activation: createUnleashActivation({ ...place, url, token: tokens.activation }),
    observer: createUnleashObserver({ ...place, url, clientToken: tokens.client, refreshMs: 200 }),
    stranger: createUnleashControl({ ...place, url, token: 'user:unknown' }),
    person: { ...createUnleashPerson({ url, token: tokens.person }), archive, remove },
    names,
  };
}

function newSdk(url: string, token: string): Unleash {
  const sdk = new Unleash({
    url: `${url}/api/`,
    appName: 'application',
    customHeaders: { Authorization: token },
    refreshInterval: 200,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(),
  });
  sdk.on('error', () => undefined);
  return sdk;
}

describe.skipIf(!unleash)('real Unleash', () => {
  const real = unleash!;
  if (unleash) describeFlagControl('Unleash', async () => connect(real.url, real));

  let chaos: ChaosProxy;
  let count = 0;
  const newFlag = () => `real-${++count}`;
  beforeAll(async () => {
    chaos = await startChaosProxy(real.url);
  });
  afterAll(() => chaos?.stop());

  describe('applications', () => {
    const users = Array.from({ length: 2_000 }, (_, index) => ({ userId: `user-${index}` }));

    test('a lowered percentage keeps constraints and serves a subset of the users before; off serves nobody', async () => {
      const { control, activation, person } = connect(real.url, real);
      const flag = newFlag();
      value(await activation.createFlag(flag, 'cohort'));
      value(await activation.addGradualStrategy(flag, '50'));
      const id = (await readPresent(control, flag)).strategies[0]!.id;
      await person.setConstraints(flag, id, [
        { contextName: 'userId', operator: 'STR_STARTS_WITH', values: ['user-1'] },
      ]);
      value(await activation.enable(flag, '50'));
      const before = await readPresent(control, flag);

      const sdk = newSdk(real.url, real.tokens.client);
      const served = () => new Set(users.filter((user) => sdk.isEnabled(flag, user)).map((user) => user.userId));
      await once(sdk, 'synchronized');
      await vi.waitFor(() => expect(served().size).toBeGreaterThan(400), 10_000);
      const first = served();
      expect(first.size).toBeLessThan(700);

      value(await control.lowerRollout(flag, id, '50', '20'));
      expect((await readPresent(control, flag)).treatmentHash).toBe(before.treatmentHash);
      await vi.waitFor(() => expect(served().size).toBeLessThan(first.size), 10_000);
      const second = served();
      expect(second.size).toBeGreaterThan(150);
      expect([...second].filter((user) => !first.has(user))).toEqual([]);

      value(await control.turnOff(flag));
      await vi.waitFor(() => expect(served().size).toBe(0), 10_000);
      sdk.destroy();
    });
  });

  describe('lost answers and outages', () => {
    test('an answer lost after the work was done is settled by reading', async () => {
      const { control, activation } = connect(chaos.url, real);
      const flag = newFlag();
      await activate({ ...connect(chaos.url, real), activation }, flag, '50');
      const { lastEventId, strategies } = await readPresent(control, flag);
      chaos.inject({ kind: 'cut_after' }, ({ method }) => method !== 'GET');
      expectFailure(await control.lowerRollout(flag, strategies[0]!.id, '50', '5'), 'unreadable');
      expect(await readPresent(control, flag)).toMatchObject({ share: 0.05, lastEventBy: names.watch });
      expectFailure(await control.turnOff(flag), 'unreadable');
      chaos.inject(null);
      const settled = await readPresent(control, flag);
      expect(settled).toMatchObject({ enabled: false, share: 0 });
      expect(settled.lastEventId).toBeGreaterThan(lastEventId);
    });

    test('a request that never arrived is settled the same way', async () => {
      const it = connect(chaos.url, real);
      const flag = newFlag();
      await activate(it, flag, '50');
      const before = await readPresent(it.control, flag);
      chaos.inject({ kind: 'cut_before' }, ({ method }) => method === 'POST');
      expectFailure(await it.control.turnOff(flag), 'unreadable');
      chaos.inject(null);
      expect(await readPresent(it.control, flag)).toEqual(before);
    });

    test('a server that hangs with its connections open ends in the deadline', async () => {
      const control = createUnleashControl({ ...place, url: real.url, token: real.tokens.watch, deadlineMs: 500 });
      process.kill(real.pid, 'SIGSTOP');
      try {
        const start = performance.now();
        expectFailure(await control.turnOff('any'), 'deadline');
        expectFailure(await control.read('any'), 'deadline');
        expect(performance.now() - start).toBeLessThan(2_500);
      } finally {
        process.kill(real.pid, 'SIGCONT');
      }
      expect(value(await control.read('any'))).toEqual({ kind: 'missing' });
    });

    test('a proxy that answers with a page is not a flag service', async () => {
      const { control, observer } = connect(chaos.url, real);
      chaos.inject({ kind: 'answer', status: 200, contentType: 'text/html', body: '<html>sign in</html>' });
      expectFailure(await control.read('any'), 'unreadable');
      expectFailure(await control.turnOff('any'), 'unreadable');
      expectFailure(await observer.publishedShare('any'), 'unreadable');
      chaos.inject(null);
      await observer.close();
    });

    test('a closed port is unreadable', async () => {
      const gone = await startChaosProxy(real.url);
      await gone.stop();
      expectFailure(await connect(gone.url, real).control.read('any'), 'unreadable');
    });

    test('the observer does not report what only the client API or only the SDK says, and recovers', async () => {
      const it = connect(chaos.url, real);
      const flag = newFlag();
      await activate(it, flag, '50');
      const published = (share: number) =>
        vi.waitFor(async () => expect(value(await it.observer.publishedShare(flag))).toBe(share), 10_000);
      await published(0.5);
      const isSdk = ({ path }: { path: string }) => path === '/api/client/features';
      // 403 stops a real SDK for good, so the observer must start another one.
      chaos.inject({ kind: 'answer', status: 403, contentType: 'application/json', body: '{}' }, isSdk);
      const refused = () => chaos.seen.filter(isSdk).length;
      const seen = refused();
      await vi.waitFor(() => expect(refused()).toBeGreaterThan(seen), 5_000);
      value(await it.control.turnOff(flag));
      expectFailure(await it.observer.publishedShare(flag), 'unreadable');
      chaos.inject(null);
      await published(0);
      await it.observer.close();
    });

    test('closing the observer while its SDK waits for an answer that fails does not end the process', async () => {
      const unhandled = vi.fn();
      process.on('unhandledRejection', unhandled);
      const { observer, ...it } = connect(chaos.url, real);
      const flag = newFlag();
      await activate({ ...it, observer }, flag, '50');
      const refusal = {
        kind: 'answer',
        status: 403,
        contentType: 'application/json',
        body: '{}',
        afterMs: 200,
      } as const;
      chaos.inject(refusal, ({ path }) => path === '/api/client/features');
      const asked = observer.publishedShare(flag);
      await vi.waitFor(() => expect(chaos.seen.at(-1)).toMatchObject({ path: '/api/client/features' }), 5_000);
      await observer.close();
      expectFailure(await asked, 'unreadable');
      await new Promise((resolve) => setTimeout(resolve, 400));
      chaos.inject(null);
      process.off('unhandledRejection', unhandled);
      expect(unhandled).not.toHaveBeenCalled();
    });
  });

  describe('rights and places', () => {
    const inEnvironment = (environment: string, token: string, allowAdminToken = false) =>
      createUnleashControl({ ...place, environment, url: real.url, token, allowAdminToken });

    test('a protected environment refuses a user by name of change requests, and an admin token walks past', async () => {
      const flag = newFlag();
      const admin = createUnleashPerson({
        url: real.url,
        token: real.tokens.admin,
        environment: PROTECTED_ENVIRONMENT,
      });
      await admin.createFlag(flag);
      const id = await admin.addStrategy(flag, {});
      await admin.turnOn(flag);
      const watch = inEnvironment(PROTECTED_ENVIRONMENT, real.tokens.watch);
      expectFailure(await watch.turnOff(flag), 'change_request');
      expectFailure(await watch.lowerRollout(flag, id, '100', '5'), 'change_request');
      expect(await readPresent(watch, flag)).toMatchObject({ enabled: true, share: 1 });
      // This is why admin tokens need `allowAdminToken`.
      value(await inEnvironment(PROTECTED_ENVIRONMENT, real.tokens.admin, true).turnOff(flag));
      expect(await readPresent(watch, flag)).toMatchObject({ enabled: false });
    });

    test('a client token has no right on the admin API', async () => {
      expectFailure(await inEnvironment('development', real.tokens.client, true).read('any'), 'forbidden');
    });

    test('a wrong environment and a wrong project are told apart from a missing flag', async () => {
      const flag = newFlag();
      await activate(connect(real.url, real), flag, '50');
      const nowhere = inEnvironment('prod', real.tokens.watch);
      expectFailure(await nowhere.read(flag), 'not_found');
      expectFailure(await nowhere.turnOff(flag), 'forbidden');
      const other = createUnleashControl({ ...place, project: 'other', url: real.url, token: real.tokens.watch });
      expectFailure(await other.read(flag), 'not_found');
      expectFailure(await other.turnOff(flag), 'forbidden');
    });
  });

  test('what the watch sent over a whole life holds nothing that raises exposure', async () => {
    const proxy = await startChaosProxy(real.url);
    const flag = newFlag();
    const { control } = connect(proxy.url, real);
    await activate(connect(real.url, real), flag, '50');
    const id = (await readPresent(control, flag)).strategies[0]!.id;
    value(await control.lowerRollout(flag, id, '50', '5'));
    await control.lowerRollout(flag, id, '50', '5');
    await expect(control.lowerRollout(flag, id, '5', '50')).rejects.toThrow();
    value(await control.turnOff(flag));
    await readPresent(control, flag);
    const writes = proxy.seen.filter(({ method }) => method !== 'GET');
    const environment = `/api/admin/projects/default/features/${flag}/environments/development`;
    const patch = JSON.stringify([
      { op: 'test', path: '/parameters/rollout', value: '50' },
      { op: 'replace', path: '/parameters/rollout', value: '5' },
    ]);
    expect(writes).toEqual([
      { method: 'PATCH', path: `${environment}/strategies/${id}`, body: patch },
      { method: 'PATCH', path: `${environment}/strategies/${id}`, body: patch },
      { method: 'POST', path: `${environment}/off`, body: '' },
    ]);
    await proxy.stop();
  });
});
