import { describe, expect, test } from 'vitest';
import { createUnleashControl } from '../../src/adapters/flags/unleash/unleash-control.ts';
import { createSqliteStore } from '../../src/adapters/store/sqlite/sqlite-store.ts';
import { GateError } from '../../src/contract/gate-error.ts';
import type { ChangeState } from '../../src/domain/model/change.ts';
import { MINUTE_MS } from '../../src/domain/model/time.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { activateChange } from '../../src/services/activate-change.ts';
import type { ActivationGate } from '../../src/services/gate.ts';
import { pauseWatch, resumeWatch } from '../../src/services/pause-watch.ts';
import { createFakeFlags } from '../fakes/fake-flags.ts';
import { makeChange } from '../support/store-fixtures.ts';
import { Crash } from './gate-process.ts';
import { FLAG, Rig } from './protocol-rig.ts';

/** A stamped change whose contract starts at 50%, and a gate that may activate it. */
async function stamped(state: ChangeState = 'stamped', start = 0.5) {
  const flags = createFakeFlags();
  const store = createSqliteStore({ path: ':memory:' });
  const made = makeChange({ flag: FLAG, state, effectiveAt: null });
  const contract = { ...made.contract, rollout: { ...made.contract.rollout, start } };
  const change = { ...made, contract, activatedAt: null };
  await store.transaction((tx) => tx.changes.insert(change));
  const rig = await Rig.open();
  const gate: ActivationGate = {
    ...rig.start().gate,
    store,
    flags: flags.control,
    observer: flags.observer,
    activation: flags.activation,
  };
  return {
    flags,
    gate,
    /** The process dies right after Unleash took `/on`; a new one runs what is due a minute later. */
    crashAfterEnable: async () => {
      const enable: ActivationGate['activation']['enable'] = async (flag, percent) => {
        await flags.activation.enable(flag, percent);
        throw new Crash();
      };
      const dying = { ...gate, activation: { ...gate.activation, enable } };
      await expect(activateChange(dying, change.changeId, null, 'test')).rejects.toThrow(Crash);
    },
    minuteLater: async () => {
      rig.businessNow += MINUTE_MS;
      await new Scheduler(gate).drain();
    },
    alerts: async () =>
      (await store.transaction((tx) => tx.ledger.entries({})))
        .filter(({ type }) => type === 'alert.raised')
        .map(({ payload }) => payload?.alert),
    activate: () =>
      activateChange(gate, change.changeId, null, 'test').then(
        () => 'activated',
        (error: unknown) => (error instanceof GateError ? error.code : Promise.reject(error)),
      ),
    find: async () => (await store.transaction((tx) => tx.changes.find(change.changeId)))!,
    setState: (next: ChangeState) => store.transaction((tx) => tx.changes.update(change.changeId, { state: next })),
    types: async () => (await store.transaction((tx) => tx.ledger.entries({}))).map(({ type }) => type),
    raising: () =>
      flags.calls
        .filter(({ operation }) => operation === 'enable' || operation === 'addGradualStrategy')
        .map(({ operation, rest }) => [operation, ...rest].join(' ')),
    share: async () => {
      const read = await flags.activation.read(FLAG);
      return read.ok && read.value.kind === 'present' ? read.value.share : null;
    },
  };
}

describe('activation', () => {
  test('a flag that does not exist is made, prepared, read back, and only then enabled', async () => {
    const one = await stamped();
    expect(await one.activate()).toBe('activated');
    const order = one.flags.calls.map(({ operation }) => operation);
    expect(order.slice(0, 7)).toEqual(['read', 'createFlag', 'read', 'addGradualStrategy', 'read', 'enable', 'read']);
    expect([await one.share(), (await one.find()).state]).toEqual([0.5, 'watching']);
    expect((await one.types()).slice(0, 2)).toEqual(['activation.intent', 'activation.accepted']);
  });

  test.each(Array.from({ length: 95 }, (_, n) => n + 1))(
    'rollout.start %i%% is what the flag gets',
    async (percent) => {
      const one = await stamped('stamped', percent / 100);
      expect(await one.activate()).toBe('activated');
      expect(one.raising()).toEqual([`addGradualStrategy ${percent}`, `enable ${percent}`]);
    },
  );

  test('repeating it changes nothing', async () => {
    const one = await stamped();
    await one.activate();
    const [calls, types] = [one.raising(), await one.types()];
    expect(await one.activate()).toBe('activated');
    expect([one.raising(), await one.types()]).toEqual([calls, types]);
  });

  test.each(['watching', 'throttled', 'off', 'judged', 'decided', 'superseded', 'void'] as const)(
    'a change that is %s is refused, and the flag not touched',
    async (state) => {
      const one = await stamped(state);
      expect(await one.activate()).toBe('conflict');
      expect(one.flags.calls).toEqual([]);
    },
  );

  test.each([
    ['100', 'conflict'],
    ['51', 'conflict'],
    ['50', 'activated'],
    ['10', 'activated'],
  ])('a flag that is on at %s%% is %s without a call that raises', async (rollout, end) => {
    const one = await stamped();
    await one.flags.person.createFlag(FLAG);
    await one.flags.person.addStrategy(FLAG, { parameters: { rollout, stickiness: 'default', groupId: FLAG } });
    await one.flags.person.turnOn(FLAG);
    expect(await one.activate()).toBe(end);
    expect([one.raising(), await one.share()]).toEqual([[], Number(rollout) / 100]);
  });

  test.each<[string, Parameters<ReturnType<typeof createFakeFlags>['person']['addStrategy']>[1][]]>([
    ['one above the start', [{ parameters: { rollout: '60', stickiness: 'default', groupId: FLAG } }]],
    ['one without a percentage', [{ name: 'userWithId', parameters: {} }]],
    ['two', [{ parameters: { rollout: '10' } }, { parameters: { rollout: '20' } }]],
  ])('a flag that is off with %s strategies is refused and never enabled', async (_, strategies) => {
    const one = await stamped();
    await one.flags.person.createFlag(FLAG);
    for (const strategy of strategies) await one.flags.person.addStrategy(FLAG, strategy);
    expect(await one.activate()).toBe('conflict');
    expect([one.raising(), await one.share(), (await one.find()).state]).toEqual([[], 0, 'stamped']);
    expect(await one.types()).toEqual(['activation.intent', 'activation.refused']);
  });

  test('an archived flag is refused', async () => {
    const one = await stamped();
    await one.flags.person.createFlag(FLAG);
    await one.flags.person.archive(FLAG);
    expect(await one.activate()).toBe('conflict');
    expect(one.raising()).toEqual([]);
  });

  test.each(['createFlag', 'addGradualStrategy', 'enable'] as const)(
    'the answer of %s is lost: the next try goes on from what it reads',
    async (operation) => {
      for (const applied of [true, false]) {
        const one = await stamped();
        one.flags.fail(operation, { failure: { kind: 'deadline', detail: 'scripted' }, applied, times: 1 });
        expect(await one.activate()).toBe('flag_service');
        expect((await one.find()).state).toBe('stamped');
        expect(await one.activate()).toBe('activated');
        expect(await one.share()).toBe(0.5);
      }
    },
  );

  test('a change that was superseded while its flag was prepared is not watched', async () => {
    const one = await stamped();
    const { activation } = one.gate;
    const gate: ActivationGate = {
      ...one.gate,
      activation: {
        ...activation,
        enable: async (flag, percent) => {
          await one.setState('void');
          return activation.enable(flag, percent);
        },
      },
    };
    await expect(activateChange(gate, (await one.find()).changeId, null, 'test')).rejects.toThrow(/became void/);
    expect(await one.find()).toMatchObject({ state: 'void', activatedAt: null });
  });

  test('a crash after the flag was enabled: it is watched a minute later', async () => {
    const one = await stamped();
    await one.crashAfterEnable();
    expect([await one.share(), (await one.find()).state]).toEqual([0.5, 'stamped']);
    await one.minuteLater();
    const { state, activatedAt, treatmentHash, flagCreatedAt } = await one.find();
    expect([state, activatedAt !== null, treatmentHash !== null, flagCreatedAt !== null]).toEqual([
      'watching',
      true,
      true,
      true,
    ]);
    expect((await one.types()).slice(0, 2)).toEqual(['activation.intent', 'activation.accepted']);
    const due = await one.gate.store.transaction((tx) => tx.schedule.nextDue());
    expect(due).not.toBeNull();
  });

  test('a lost answer of enable: it is watched a minute later, although the caller never comes back', async () => {
    const one = await stamped();
    one.flags.fail('enable', { failure: { kind: 'deadline', detail: 'scripted' }, applied: true, times: 1 });
    expect(await one.activate()).toBe('flag_service');
    await one.minuteLater();
    expect((await one.find()).state).toBe('watching');
  });

  test('a crash, and the flag service is down: it is asked until it answers', async () => {
    const one = await stamped();
    await one.crashAfterEnable();
    one.flags.fail('read', { failure: { kind: 'unreadable', detail: 'scripted' } });
    for (let n = 0; n < 3; n += 1) await one.minuteLater();
    expect((await one.find()).state).toBe('stamped');
    one.flags.heal();
    await one.minuteLater();
    expect((await one.find()).state).toBe('watching');
  });

  test('a crash, and the flag is not on: refused once, and it can be activated again', async () => {
    const one = await stamped();
    await one.crashAfterEnable();
    await one.flags.person.turnOff(FLAG);
    for (let n = 0; n < 3; n += 1) await one.minuteLater();
    expect([(await one.find()).state, await one.types()]).toEqual([
      'stamped',
      ['activation.intent', 'activation.refused'],
    ]);
    expect(await one.activate()).toBe('activated');
  });

  test('a crash, and the flag is above the start: people are told, and it is not touched', async () => {
    const one = await stamped();
    await one.crashAfterEnable();
    await one.flags.personSets(FLAG, { rollout: '80' });
    for (let n = 0; n < 3; n += 1) await one.minuteLater();
    expect([await one.share(), await one.alerts()]).toEqual([0.8, ['activation_above_start']]);
    expect(one.flags.calls.filter(({ operation }) => operation === 'turnOff')).toEqual([]);
  });

  test('a second strategy that appears while it is enabled: the flag is turned off again', async () => {
    const one = await stamped();
    const { activation } = one.gate;
    const enable: typeof activation.enable = async (flag, percent) => {
      const done = await activation.enable(flag, percent);
      await one.flags.person.addStrategy(FLAG, { parameters: { rollout: '50' } });
      return done;
    };
    const gate = { ...one.gate, activation: { ...activation, enable } };
    await expect(activateChange(gate, (await one.find()).changeId, null, 'test')).rejects.toThrow(
      /above rollout.start/,
    );
    expect([await one.share(), (await one.find()).state]).toEqual([0, 'stamped']);
    expect(await one.alerts()).toEqual(['activation_above_start']);
  });

  test('while the watch is paused nothing is activated, because nothing could be turned off', async () => {
    const one = await stamped();
    await pauseWatch(one.gate, 'ada', 'maintenance');
    expect(await one.activate()).toBe('conflict');
    expect(one.flags.calls).toEqual([]);
    await resumeWatch(one.gate, 'ada', 'done');
    expect(await one.activate()).toBe('activated');
  });

  test('activations of one flag at the same time add one strategy, however slow Unleash is', async () => {
    const one = await stamped();
    const { activation } = one.gate;
    const slow = async <T>(work: () => Promise<T>): Promise<T> => {
      await new Promise((resolve) => setImmediate(resolve));
      return work();
    };
    const gate: ActivationGate = {
      ...one.gate,
      activation: {
        read: (flag) => slow(() => activation.read(flag)),
        createFlag: (flag, text) => slow(() => activation.createFlag(flag, text)),
        addGradualStrategy: (flag, percent) => slow(() => activation.addGradualStrategy(flag, percent)),
        enable: (flag, percent) => slow(() => activation.enable(flag, percent)),
      },
    };
    const { changeId } = await one.find();
    await Promise.all([1, 2, 3].map(() => activateChange(gate, changeId, null, 'test')));
    expect(one.raising()).toEqual(['addGradualStrategy 50', 'enable 50']);
    expect((await one.types()).filter((type) => type === 'activation.intent')).toHaveLength(1);
  });

  test('two activations at the same time make one', async () => {
    const one = await stamped();
    expect(await Promise.all([one.activate(), one.activate()])).toContain('activated');
    expect((await one.types()).filter((type) => type === 'activation.accepted')).toHaveLength(1);
    expect(await one.share()).toBe(0.5);
  });
});

test('the watch is given no port that raises, and the real adapter has no method that does', async () => {
  const { gate } = (await Rig.open()).start();
  expect(Object.keys(gate)).not.toContain('activation');
  const place = { url: 'http://127.0.0.1:1', project: 'default', environment: 'development', appName: 'test' };
  for (const port of [gate.flags, createUnleashControl({ ...place, token: 'user:test' })]) {
    expect(Object.keys(port).sort()).toEqual(['lowerRollout', 'read', 'turnOff']);
  }
});
