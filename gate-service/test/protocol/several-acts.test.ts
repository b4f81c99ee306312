import { describe, expect, test } from 'vitest';
import { takeFlagReading } from '../../src/services/watch-flag.ts';
import { Crash, type Hook } from './gate-process.ts';
import { FLAG, Rig } from './protocol-rig.ts';

/** Crashes at the n-th time that a step is reached. */
function crashAt(step: string, when: string, n = 1): Hook {
  let left = n;
  return (point) => {
    if (point.step === step && point.when === when && --left === 0) throw new Crash();
  };
}

describe('two acts of one change', () => {
  test('an act of the other one is not taken for a person: both end as accepted', async () => {
    const rig = await Rig.open();
    const throttle = await rig.decide('throttle');
    await rig.run(crashAt('read', 'before'));
    const off = await rig.decide('turn_off');
    await rig.run(crashAt('turnOff', 'before'));
    expect((await rig.entries('action.intent')).length).toBe(1);
    await rig.settle(2);
    expect([await rig.outcome(throttle), await rig.outcome(off)]).toEqual(['accepted', 'accepted']);
    expect([await rig.share(), await rig.state()]).toEqual([0, 'off']);
  });

  test('a raise that one of them saw overrules the other one too', async () => {
    const rig = await Rig.open();
    const ids = [await rig.decide('throttle'), await rig.decide('turn_off')];
    await rig.flags.personSets(FLAG, { rollout: '80' });
    await rig.run();
    expect(await Promise.all(ids.map((id) => rig.outcome(id)))).toEqual(['superseded', 'superseded']);
    expect([rig.writes(), await rig.share()]).toEqual([[], 0.8]);
  });

  test('a decision made after a raise is carried out', async () => {
    const rig = await Rig.open();
    await rig.decide('throttle');
    await rig.flags.personSets(FLAG, { rollout: '80' });
    await rig.run();
    const off = await rig.decide('turn_off');
    await rig.run();
    expect([await rig.outcome(off), await rig.share()]).toEqual(['accepted', 0]);
  });
});

describe('what a look makes of the flag', () => {
  test('a reading from before our own act is not taken for a person who raised it', async () => {
    const rig = await Rig.open();
    const { gate } = rig.start();
    const old = await rig.reading();
    await rig.decide('throttle');
    await rig.run();
    await rig.run();
    await rig.store.transaction((tx) => takeFlagReading(gate, tx, rig.change, old));
    expect(await rig.facts()).toMatchObject({ share: 0.05, personRaisedAt: null });
    expect(await rig.state()).toBe('throttled');
  });

  test('a person who turns off what we only throttle stops the change', async () => {
    const rig = await Rig.open();
    await rig.decide('throttle');
    await rig.flags.person.turnOff(FLAG);
    await rig.settle(2);
    expect((await rig.facts())?.personTurnedOffAt).not.toBeNull();
    expect([await rig.state(), await rig.alerts()]).toEqual(['off', ['stopped_by_person']]);
  });

  test('a look after the verdict leaves the state alone', async () => {
    const rig = await Rig.open();
    await rig.store.transaction((tx) => tx.changes.update(rig.change.changeId, { state: 'judged' }));
    await rig.flags.person.turnOff(FLAG);
    await rig.look();
    expect([await rig.state(), await rig.alerts()]).toEqual(['judged', []]);
  });
});
