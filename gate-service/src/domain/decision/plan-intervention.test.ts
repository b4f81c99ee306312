import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractOf, interventionOf, KPIS, START } from '../../../test/support/decision/evidence.ts';
import { HALF, startOf } from '../../../test/support/decision/looks.ts';
import type { Alarm, WatchState } from '../model/look.ts';
import type { InterventionPlan } from '../model/plan.ts';
import { startOfMinute } from '../model/time.ts';
import { planIntervention } from './plan-intervention.ts';

describe('planIntervention', () => {
  const alarm = (changes: Partial<Alarm> = {}): Alarm => ({
    kind: 'family',
    calls: 'throttle',
    at: startOfMinute(START + 100),
    kpiId: 'errors',
    logWealth: 3.2,
    raisedAt: null,
    phaseIndex: null,
    rule: null,
    ...changes,
  });
  const watch = startOf({ tallies: {} });
  const raisedAt = startOfMinute(START + 3000);
  const plan = (
    alarms: readonly Alarm[],
    changes: Partial<Parameters<typeof planIntervention>[0]> = {},
  ): InterventionPlan =>
    planIntervention({
      change: { contract: contractOf(), kpis: KPIS, state: 'watching', effectiveAt: START },
      phases: HALF,
      watch: { ...watch, alarms },
      interventions: [],
      personRaisedAt: null,
      paused: false,
      now: startOfMinute(START + 3200),
      ...changes,
    });
  const throttle = interventionOf({ kind: 'throttle', decidedAt: startOfMinute(START + 101) });

  it.each([
    ['no alarm', plan([]), { kind: 'none', reason: 'nothing_adverse' }],
    ['a throttle', plan([alarm()]), { kind: 'throttle', targetShare: 0.05 }],
    [
      'an off, which may skip the throttle',
      plan([alarm(), alarm({ calls: 'turn_off' })]),
      { kind: 'turn_off', targetShare: 0 },
    ],
    [
      'a throttle that was decided already',
      plan([alarm()], { interventions: [throttle] }),
      { reason: 'already_decided' },
    ],
    [
      'an off after a throttle',
      plan([alarm(), alarm({ calls: 'turn_off' })], { interventions: [throttle] }),
      { kind: 'turn_off' },
    ],
    [
      'nothing below the share to throttle to',
      plan([alarm()], { phases: [{ ...HALF[0]!, share: 0.01 }] }),
      { reason: 'already_small' },
    ],
    [
      'a fifth where the contract would not lower',
      plan([alarm()], { phases: [{ ...HALF[0]!, share: 0.05 }] }),
      { targetShare: 0.01 },
    ],
    ['old evidence against a person', plan([alarm()], { personRaisedAt: raisedAt }), { reason: 'nothing_adverse' }],
    [
      'a family alarm of the whole window against a person',
      plan([alarm({ at: raisedAt + 1, raisedAt })], { personRaisedAt: raisedAt }),
      { reason: 'nothing_adverse' },
    ],
    [
      'new evidence after a raise, a day after the last decision',
      plan([alarm({ kind: 'since_raise', at: raisedAt + 1, raisedAt })], {
        personRaisedAt: raisedAt,
        interventions: [throttle],
      }),
      { kind: 'throttle' },
    ],
    [
      'new evidence after a raise, too soon',
      plan([alarm({ kind: 'since_raise', at: raisedAt + 1, raisedAt })], {
        personRaisedAt: raisedAt,
        interventions: [{ ...throttle, decidedAt: raisedAt - 60_000 }],
      }),
      { reason: 'once_per_day' },
    ],
    [
      'a change that is judged',
      plan([alarm()], { change: { contract: contractOf(), kpis: KPIS, state: 'judged', effectiveAt: START } }),
      { reason: 'not_watched' },
    ],
  ])('%s', (_, got, expected) => {
    expect(got).toMatchObject(expected);
  });

  it('never raises exposure: every target lies below the present share', () => {
    const kinds = fc.constantFrom<Alarm['kind'][]>('family', 'fresh', 'since_raise', 'fast_rule', 'fast_rule_persists');
    const alarms = fc.array(
      fc.record({
        kind: kinds,
        calls: fc.constantFrom('throttle' as const, 'turn_off' as const),
        at: fc.nat(1e6),
        raised: fc.boolean(),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(alarms, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), (some, share, raised) => {
        const list = some.map(({ kind, calls, at, raised: after }) =>
          alarm({ kind, calls, at: raisedAt + at, raisedAt: after ? raisedAt : null }),
        );
        const got = plan(list, { phases: [{ ...HALF[0]!, share }], personRaisedAt: raised ? raisedAt : null });
        if (got.kind === 'throttle') expect(got.targetShare).toBeLessThan(share);
        if (got.kind === 'turn_off') expect(got.targetShare).toBe(0);
      }),
    );
  });

  it('keeps what it was given', () => {
    const before: WatchState = { ...watch, alarms: [alarm()] };
    const copy = structuredClone(before);
    plan(before.alarms);
    expect(before).toEqual(copy);
  });
});
