import { describe, expect, test } from 'vitest';
import type { FlagFailure } from '../../src/ports/flag-control.ts';
import { pauseWatch, resumeWatch } from '../../src/services/pause-watch.ts';
import { runInterventions } from '../../src/services/run-interventions.ts';
import { FLAG, Rig } from './protocol-rig.ts';

const failure = (kind: FlagFailure['kind']): FlagFailure => ({ kind, detail: 'scripted' });

describe('every end of an intervention', () => {
  interface Row {
    readonly name: string;
    readonly kind?: 'throttle' | 'turn_off';
    readonly rollouts?: readonly (string | null)[];
    readonly before?: (rig: Rig) => unknown;
    readonly outcome: string;
    readonly share?: number;
    readonly state?: string;
    readonly writes?: readonly string[];
    readonly alert?: string;
  }
  const at = { throttle: 'lowerRollout 50 5', off: 'turnOff' };
  const rows: readonly Row[] = [
    { name: 'accepted: throttled', outcome: 'accepted', share: 0.05, state: 'throttled', writes: [at.throttle] },
    { name: 'accepted: turned off', kind: 'turn_off', outcome: 'accepted', share: 0, state: 'off', writes: [at.off] },
    {
      name: 'accepted: two gradual strategies share the target',
      rollouts: ['30', '40'],
      outcome: 'accepted',
      share: 0.04,
      writes: ['lowerRollout 30 2', 'lowerRollout 40 2'],
    },
    {
      name: 'accepted: a strategy without a percentage is turned off',
      rollouts: ['30', null],
      outcome: 'accepted',
      share: 0,
      state: 'throttled',
      writes: [at.off],
    },
    {
      name: 'already_safe: a person was faster',
      before: (rig) => rig.flags.personSets(FLAG, { rollout: '5' }),
      outcome: 'already_safe',
      share: 0.05,
      state: 'throttled',
      writes: [],
    },
    {
      name: 'already_safe: a person turned it off',
      kind: 'turn_off',
      before: (rig) => rig.flags.person.turnOff(FLAG),
      outcome: 'already_safe',
      share: 0,
      state: 'off',
      writes: [],
    },
    {
      name: 'already_safe:archived',
      before: (rig) => rig.flags.person.archive(FLAG),
      outcome: 'already_safe:archived',
      writes: [],
    },
    {
      name: 'superseded: a person raised it after the decision',
      before: (rig) => rig.flags.personSets(FLAG, { rollout: '80' }),
      outcome: 'superseded',
      share: 0.8,
      state: 'watching',
      writes: [],
      alert: 'intervention_overruled',
    },
    {
      name: 'superseded: deleted and made again',
      before: remake,
      outcome: 'superseded',
      share: 1,
      writes: [],
      alert: 'intervention_overruled',
    },
    {
      name: 'a person lowered it, but not enough: we go on',
      before: (rig) => rig.flags.personSets(FLAG, { rollout: '20' }),
      outcome: 'accepted',
      share: 0.05,
      writes: ['lowerRollout 20 5'],
    },
    {
      name: 'blocked:not_found: the flag is gone',
      before: (rig) => rig.flags.person.remove(FLAG),
      outcome: 'blocked:not_found',
      writes: [],
      alert: 'intervention_blocked',
    },
    ...(['unauthorised', 'forbidden', 'change_request'] as const).map(
      (kind): Row => ({
        name: `blocked:${kind}`,
        before: (rig) => rig.flags.fail('lowerRollout', { failure: failure(kind) }),
        outcome: `blocked:${kind}`,
        share: 0.5,
        state: 'watching',
        writes: [at.throttle],
        alert: 'intervention_blocked',
      }),
    ),
    ...(['unauthorised', 'forbidden', 'not_found'] as const).map(
      (kind): Row => ({
        name: `blocked:${kind} when it is read`,
        before: (rig) => rig.flags.fail('read', { failure: failure(kind) }),
        outcome: `blocked:${kind}`,
        writes: [],
        alert: 'intervention_blocked',
      }),
    ),
    ...(['deadline', 'unreadable'] as const).map(
      (kind): Row => ({
        name: `the answer is lost (${kind}), the work was done`,
        before: (rig) => rig.flags.fail('lowerRollout', { failure: failure(kind), applied: true, times: 1 }),
        outcome: 'accepted',
        share: 0.05,
        writes: [at.throttle],
      }),
    ),
    ...(['deadline', 'unreadable'] as const).map(
      (kind): Row => ({
        name: `the call is lost (${kind}): it is made again after reading`,
        before: (rig) => rig.flags.fail('lowerRollout', { failure: failure(kind), times: 1 }),
        outcome: 'accepted',
        share: 0.05,
        writes: [at.throttle, at.throttle],
      }),
    ),
    {
      name: 'the precondition fails: read and decide again',
      before: (rig) => rig.flags.fail('lowerRollout', { failure: failure('precondition_failed'), times: 1 }),
      outcome: 'accepted',
      share: 0.05,
      writes: [at.throttle, at.throttle],
    },
    {
      name: 'the strategy was replaced between reading and writing',
      before: (rig) => rig.flags.fail('lowerRollout', { failure: failure('not_found'), times: 1 }),
      outcome: 'accepted',
      share: 0.05,
      writes: [at.throttle, at.throttle],
    },
    {
      name: 'put off: the precondition always fails',
      before: (rig) => rig.flags.fail('lowerRollout', { failure: failure('precondition_failed') }),
      outcome: 'pending',
      share: 0.5,
    },
    {
      name: 'put off: it cannot be read',
      before: (rig) => rig.flags.fail('read', { failure: failure('unreadable') }),
      outcome: 'pending',
      writes: [],
    },
  ];
  test.each(rows)('$name', async ({ kind = 'throttle', rollouts, before, outcome, share, state, writes, alert }) => {
    const rig = await Rig.open(rollouts ? { rollouts } : {});
    const id = await rig.decide(kind);
    await before?.(rig);
    await rig.run();
    expect(await rig.outcome(id)).toBe(outcome);
    if (writes) expect(rig.writes()).toEqual(writes);
    if (state) expect(await rig.state()).toBe(state);
    rig.flags.heal();
    if (share !== undefined) expect(await rig.share()).toBeCloseTo(share, 9);
    if (alert) expect(await rig.alerts()).toContain(alert);
    const ends = await rig.entries(
      'action.accepted',
      'action.already_safe',
      'action.superseded',
      'action.blocked',
      'action.failed',
    );
    expect(ends).toHaveLength(outcome === 'pending' ? 0 : 1);
    const intents = await rig.entries('action.intent');
    expect(intents.length > 0).toBe(rig.writes().length > 0);
  });

  async function remake(rig: Rig): Promise<void> {
    await rig.flags.person.archive(FLAG);
    await rig.flags.person.remove(FLAG);
    await rig.flags.person.createFlag(FLAG);
    await rig.flags.person.turnOn(FLAG);
  }
});

describe('what cannot be done now is done later', () => {
  test('an outage is waited for, told after a minute, and ended by the service coming back', async () => {
    const rig = await Rig.open();
    const id = await rig.decide('turn_off');
    rig.flags.fail('read', { failure: failure('unreadable') });
    for (let minute = 0; minute < 3; minute += 1) {
      await rig.run();
      rig.later(31_000);
    }
    expect(await rig.alerts()).toEqual(['flag_service_unreachable']);
    rig.flags.heal();
    await rig.run();
    expect(await rig.outcome(id)).toBe('accepted');
  });

  test('the pause between attempts is at most 30 s', async () => {
    const rig = await Rig.open();
    await rig.decide('turn_off');
    rig.flags.fail('read', { failure: failure('deadline') });
    for (let attempt = 0; attempt < 20; attempt += 1) {
      rig.later(30_000);
      expect(await runInterventions(rig.start().gate)).toBe(1);
    }
  });

  test('a paused watch touches nothing, and goes on afterwards', async () => {
    const rig = await Rig.open();
    const { gate } = rig.start();
    const id = await rig.decide('throttle');
    await pauseWatch(gate, 'ada', 'maintenance');
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await rig.run();
      rig.later();
    }
    expect([await rig.outcome(id), rig.writes(), await rig.alerts()]).toEqual(['pending', [], []]);
    await resumeWatch(gate, 'ada', 'done');
    await rig.run();
    expect(await rig.outcome(id)).toBe('accepted');
  });

  test.each([
    ['judged', null, 'accepted'],
    ['decided', 'rollback', 'accepted'],
    ['decided', 'keep', 'superseded'],
    ['superseded', null, 'superseded'],
    ['void', null, 'superseded'],
  ] as const)('a change that is %s (%s) by then: %s', async (state, decision, outcome) => {
    const rig = await Rig.open();
    const id = await rig.decide('turn_off');
    rig.flags.fail('read', { failure: failure('unreadable') });
    await rig.run();
    const { changeId } = rig.change;
    await rig.store.transaction(async (tx) => {
      await tx.changes.update(changeId, { state });
      const by = { by: 'ada', reason: 'a test', at: rig.businessNow };
      if (decision) await tx.verdicts.insertDecision({ changeId, decision, ...by });
    });
    rig.flags.heal();
    rig.later();
    await rig.run();
    const isDone = outcome === 'accepted';
    expect([await rig.outcome(id), rig.writes(), await rig.alerts()]).toEqual([
      outcome,
      isDone ? ['turnOff'] : [],
      isDone ? [] : ['intervention_overruled'],
    ]);
    expect(await rig.state()).toBe(state);
  });

  test('a person who raised the flag after the verdict wins over an act that was still to be done', async () => {
    const rig = await Rig.open();
    const id = await rig.decide('turn_off');
    await rig.store.transaction((tx) => tx.changes.update(rig.change.changeId, { state: 'judged' }));
    await rig.flags.personSets(FLAG, { rollout: '80' });
    await rig.run();
    expect([await rig.outcome(id), await rig.share()]).toEqual(['superseded', 0.8]);
  });

  test('a throttle that waited does not undo an off: both acts of one change run in order', async () => {
    const rig = await Rig.open();
    const throttle = await rig.decide('throttle');
    const off = await rig.decide('turn_off');
    await rig.run();
    expect([await rig.outcome(throttle), await rig.outcome(off)]).toEqual(['accepted', 'accepted']);
    expect([await rig.state(), await rig.share()]).toEqual(['off', 0]);
  });
});

describe('who holds the claim', () => {
  test('a process that lost its claim while it was paused does not act', async () => {
    const rig = await Rig.open();
    const id = await rig.decide('turn_off');
    await rig.run(async ({ step, when }) => {
      if (step !== 'read' || when !== 'after' || rig.writes().length > 0) return;
      rig.later();
      await rig.run();
      await rig.flags.person.turnOn(FLAG);
    });
    expect([await rig.outcome(id), rig.writes()]).toEqual(['accepted', ['turnOff']]);
    expect(await rig.share()).toBe(0.5);
  });

  test('nobody else can claim the row while an attempt is under way', async () => {
    const rig = await Rig.open();
    await rig.decide('turn_off');
    const claims: number[] = [];
    await rig.run(async ({ step, when }) => {
      if (step === 'turnOff' && when === 'before') claims.push(await runInterventions(rig.start().gate));
    });
    expect(claims).toEqual([0]);
  });
});
