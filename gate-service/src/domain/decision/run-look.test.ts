import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interventionOf, START } from '../../../test/support/decision/evidence.ts';
import { HALF, lookAt, looksAt, startOf, trafficOf, type Watched } from '../../../test/support/decision/looks.ts';
import type { Phase } from '../model/change.ts';
import type { MinuteTally } from '../model/look.ts';
import { startOfMinute } from '../model/time.ts';

const fine = (perMinute = 20, phases: readonly Phase[] = HALF): Watched['tallies'] => ({
  booking: trafficOf({ kpiId: 'booking', perMinute, off: 0.3, on: () => 0.3 }, 400, phases, 2),
  started: trafficOf({ kpiId: 'started', perMinute, off: 0.3, on: () => 0.3 }, 400, phases, 3),
  errors: trafficOf({ kpiId: 'errors', perMinute, off: 0.01, on: () => 0.01 }, 400, phases, 4),
});

const broken = (rate = 0.2, from = 0, phases: readonly Phase[] = HALF): Watched['tallies'] => ({
  ...fine(20, phases),
  errors: trafficOf(
    { kpiId: 'errors', perMinute: 20, off: 0.01, on: (minute) => (minute >= START + from ? rate : 0.01) },
    400,
    phases,
    5,
  ),
});

const THROTTLED: readonly Phase[] = [
  { index: 0, cause: 'activation', share: 0.5, startMinute: START, endMinute: START + 60 },
  { index: 1, cause: 'throttle', share: 0.1, startMinute: START + 63, endMinute: null },
];

describe('evaluateLook', () => {
  it('is quiet while nothing differs', () => {
    const look = looksAt({ tallies: fine() }, [60, 200, 390]);
    expect(look.plan).toEqual({ kind: 'none', reason: 'nothing_adverse' });
    expect(look.watch.alarms).toEqual([]);
    expect(look.looks.find(({ kpiId }) => kpiId === 'errors')?.signal).toBe('ok');
  });

  it('has too few events where no outcome has matured', () => {
    const look = looksAt({ tallies: fine() }, [60]);
    expect(look.looks.find(({ kpiId }) => kpiId === 'booking')?.signal).toBe('too_few_events');
    expect(look.consumed.find(({ kpiId }) => kpiId === 'booking')?.minutes).toEqual([]);
  });

  it('consumes each mature minute once and leaves the rest', () => {
    const watched = { tallies: fine() };
    const first = lookAt(watched, startOf(watched), 60);
    const again = lookAt(watched, first.watch, 60);
    expect(first.consumed.find(({ kpiId }) => kpiId === 'errors')?.minutes).toHaveLength(58);
    expect(again.consumed.find(({ kpiId }) => kpiId === 'errors')?.minutes).toHaveLength(0);
    expect(again.watch).toEqual(first.watch);
  });

  it('throttles on harm at the first minute that shows it, and blames the metric', () => {
    const look = looksAt({ tallies: broken(0.04) }, [390]);
    expect(look.watch.alarms.map(({ kind, calls, kpiId }) => [kind, calls, kpiId])).toEqual([
      ['family', 'throttle', 'errors'],
      ['family', 'turn_off', 'errors'],
    ]);
    expect(look.looks.find(({ kpiId }) => kpiId === 'errors')?.signal).toBe('adverse');
    const { at } = look.watch.alarms[0]!;
    const early = looksAt({ tallies: broken(0.04) }, [(at - startOfMinute(START)) / 60_000 + 2]);
    expect(early.plan).toMatchObject({ kind: 'throttle', targetShare: 0.05 });
  });

  it('turns off at once when the harm is beyond doubt', () => {
    expect(looksAt({ tallies: broken(0.6) }, [60]).plan).toMatchObject({ kind: 'turn_off', targetShare: 0 });
  });

  it('turns off when the issue persists in the smaller cohort', () => {
    const tallies = broken(0.2, 63, THROTTLED);
    const interventions = [interventionOf({ kind: 'throttle', decidedAt: startOfMinute(START + 60) })];
    const look = looksAt({ tallies, phases: THROTTLED, state: 'throttled', overrides: { interventions } }, [120]);
    expect(look.watch.alarms.some(({ kind, phaseIndex }) => kind === 'fresh' && phaseIndex === 1)).toBe(true);
    expect(look.plan.kind).toBe('turn_off');
  });

  it('leaves the raise of a person alone, whatever the throttled cohort had shown before it', () => {
    const phases: readonly Phase[] = [
      THROTTLED[0]!,
      { ...THROTTLED[1]!, endMinute: START + 101 },
      { index: 2, cause: 'person', share: 0.5, startMinute: START + 103, endMinute: null },
    ];
    const interventions = [interventionOf({ kind: 'throttle', decidedAt: startOfMinute(START + 60) })];
    const quietAround = (minutes: readonly MinuteTally[]) =>
      minutes.filter(({ minute }) => minute < START + 90 || minute >= START + 103);
    const harm = (minute: number) => (minute < START + 101 ? 0.2 : 0.01);
    const tallies = {
      errors: quietAround(trafficOf({ kpiId: 'errors', perMinute: 20, off: 0.01, on: harm }, 2000, phases, 5)),
    };
    const throttled: Watched = { tallies, phases, state: 'throttled', overrides: { interventions } };
    const paused = looksAt({ ...throttled, overrides: { interventions, paused: true } }, [70, 100]);
    expect(paused.plan).toEqual({ kind: 'none', reason: 'paused' });
    expect(paused.watch.freshLogWealth).toBeGreaterThan(Math.log(10));
    const raised = { interventions, personRaisedAt: startOfMinute(START + 100) };
    const resumed = looksAt({ ...throttled, state: 'watching', overrides: raised }, [103, 110, 1800], paused.watch);
    expect(resumed.plan).toEqual({ kind: 'none', reason: 'nothing_adverse' });
    expect([resumed.watch.freshLogWealth, resumed.watch.monitors.every(({ fresh }) => fresh === null)]).toEqual([
      null,
      true,
    ]);
    const sooner = looksAt(
      { ...throttled, state: 'watching', overrides: { ...raised, personRaisedAt: startOfMinute(START + 80) } },
      [1800],
    );
    expect(sooner.watch.alarms.filter(({ kind }) => kind === 'fresh')).toEqual([]);
  });

  it('touches nothing in observe mode, and records each step once', () => {
    const watched: Watched = { contract: { stop: { adverse: 'observe' } }, tallies: broken(0.6) };
    const first = looksAt(watched, [60]);
    expect(first.plan).toMatchObject({ kind: 'observe', would: { kind: 'turn_off' } });
    expect(looksAt(watched, [61], first.watch).plan).toEqual({ kind: 'none', reason: 'already_observed' });
  });

  it('plans nothing while paused, and acts when the pause is over', () => {
    const paused = looksAt({ tallies: broken(0.6), overrides: { paused: true } }, [60]);
    expect(paused.plan).toEqual({ kind: 'none', reason: 'paused' });
    expect(looksAt({ tallies: broken(0.6) }, [61], paused.watch).plan.kind).toBe('turn_off');
  });

  it('proposes to people, once, to raise exposure again when a throttled phase is calm', () => {
    const long: Watched = {
      phases: THROTTLED,
      state: 'throttled',
      contract: { primary: { kpi: 'errors', at_least: '-5%' }, leading: { kpi: 'started' }, guardrails: [] },
      tallies: {
        started: trafficOf({ kpiId: 'started', perMinute: 200, off: 0.3, on: () => 0.45 }, 400, THROTTLED, 3),
        errors: trafficOf({ kpiId: 'errors', perMinute: 200, off: 0.05, on: () => 0.02 }, 400, THROTTLED, 4),
      },
    };
    const look = looksAt(long, [390]);
    expect(look.plan).toMatchObject({ kind: 'propose_restore', phaseIndex: 1 });
    expect(looksAt(long, [391], look.watch).plan).toEqual({ kind: 'none', reason: 'nothing_adverse' });
  });

  it('a blind change plans nothing and is loud', () => {
    const look = looksAt({ tallies: {} }, [200]);
    const signals = new Set(look.looks.map(({ signal }) => signal));
    expect(signals).toEqual(new Set(['too_few_events']));
    const dead = lookAt({ tallies: {}, overrides: { metrics: [] } }, startOf({ tallies: {} }), 10);
    expect(new Set(dead.looks.map(({ signal }) => signal))).toEqual(new Set(['source_error']));
    const later = lookAt({ tallies: {}, overrides: { metrics: [] } }, dead.watch, 41);
    expect(later.plan).toEqual({ kind: 'none', reason: 'nothing_adverse' });
    expect(later.alerts.filter(({ kind }) => kind === 'blind')).toHaveLength(3);
    expect(later.watch.monitors.every(({ nextMinute }) => nextMinute === START)).toBe(true);
  });

  it('says when the treatment goes silent while the control flows', () => {
    const silent = {
      ...fine(),
      errors: fine().errors!.map((minute, i) => (i > 100 ? { ...minute, on: { n: 0, y: 0 } } : minute)),
    };
    const look = looksAt({ tallies: silent }, [100, 110]);
    expect(look.alerts.filter(({ kind }) => kind === 'treatment_silent').map(({ kpiId }) => kpiId)).toEqual(['errors']);
    expect(looksAt({ tallies: silent }, [111], look.watch).alerts).toEqual([]);
    const back = { ...silent, errors: silent.errors!.map((minute, i) => (i > 110 ? fine().errors![i]! : minute)) };
    const after = looksAt({ tallies: back }, [110, 200]);
    expect(after.watch.monitors.map(({ kpiId, silentTrials }) => [kpiId, silentTrials! >= 30])).toEqual([
      ['booking', false],
      ['started', false],
      ['errors', true],
    ]);
  });

  it('refuses minutes with counts that cannot be', () => {
    const tallies = { ...fine(), errors: [{ minute: START, off: { n: 5, y: Number.NaN }, on: { n: 5, y: 9 } }] };
    const look = looksAt({ tallies }, [10]);
    const errors = look.looks.find(({ kpiId }) => kpiId === 'errors')!;
    expect([errors.signal, errors.logWealth, errors.totals.off.n]).toEqual(['source_error', 0, 0]);
    expect(look.consumed.every(({ minutes }) => minutes.every(({ off }) => Number.isFinite(off.y)))).toBe(true);
  });

  it('skips minutes between phases and never lets a block span them', () => {
    const look = looksAt({ tallies: fine(20, THROTTLED), phases: THROTTLED }, [120]);
    const minutes = look.consumed.find(({ kpiId }) => kpiId === 'errors')!.minutes;
    expect(minutes.some(({ minute }) => minute >= START + 60 && minute < START + 63)).toBe(false);
    expect(new Set(minutes.map(({ phaseIndex }) => phaseIndex))).toEqual(new Set([0, 1]));
  });
});

// biome-ignore lint/suspicious/noThenProperty: the word of the contract; it holds a text, so nothing can await it
const THROTTLE_ON_ERRORS = { kpi: 'errors', above: '5%', for: '15m', then: 'throttle' } as const;

describe('fast rules', () => {
  const contract: Watched['contract'] = {
    fast: [THROTTLE_ON_ERRORS],
    guardrails: [],
  };

  it('fires, throttles, and turns off when it still holds a full span after the throttle', () => {
    const early = looksAt({ contract, tallies: broken(0.3) }, [8]);
    expect(early.plan).toMatchObject({ kind: 'throttle', alarm: { kind: 'fast_rule' } });
    expect(early.alerts.map(({ kind }) => kind)).toEqual(['fast_rule']);
    const phases: readonly Phase[] = [
      { ...THROTTLED[0]!, endMinute: START + 10 },
      { ...THROTTLED[1]!, startMinute: START + 12 },
    ];
    const interventions = [interventionOf({ kind: 'throttle', decidedAt: startOfMinute(START + 8) })];
    const tallies = {
      ...fine(20, phases),
      errors: trafficOf({ kpiId: 'errors', perMinute: 20, off: 0.01, on: () => 0.5 }, 400, phases, 5),
    };
    const at = (minute: number) =>
      looksAt({ contract, tallies, phases, state: 'throttled', overrides: { interventions } }, [minute]);
    expect(at(20).plan).toEqual({ kind: 'none', reason: 'already_decided' });
    expect(at(40).plan).toMatchObject({ kind: 'turn_off', alarm: { kind: 'fast_rule_persists' } });
  });

  it('only alerts when both arms are beyond the limit', () => {
    const tallies = {
      ...fine(),
      errors: trafficOf({ kpiId: 'errors', perMinute: 20, off: 0.3, on: () => 0.3 }, 400, HALF, 6),
    };
    const look = looksAt({ contract, tallies }, [30]);
    expect(look.alerts.map(({ kind }) => kind)).toEqual(['shared_incident']);
    expect(look.plan.kind).toBe('none');
  });

  it('only alerts by default', () => {
    const alert = { fast: [{ kpi: 'errors', above: '5%', for: '15m' as const }], guardrails: [] };
    const look = looksAt({ contract: alert, tallies: broken(0.3) }, [30]);
    expect(look.alerts.map(({ kind }) => kind)).toEqual(['fast_rule']);
    expect(look.plan.kind).toBe('none');
  });

  it('keeps a small state however long the span is', () => {
    const long: Watched['contract'] = { fast: [{ kpi: 'errors', above: '5%', for: '1d' }] };
    const look = looksAt({ contract: long, tallies: fine() }, [390]);
    expect(look.watch.fastRules[0]!.slots.length).toBeLessThanOrEqual(61);
    expect(JSON.stringify(look.watch).length).toBeLessThan(8000);
  });
});

describe('skipping looks', () => {
  it('one look sees, bit for bit, what many looks saw', () => {
    const contract: Watched['contract'] = {
      fast: [THROTTLE_ON_ERRORS, { kpi: 'started', below: '20%', for: '3h' }],
      stop: { adverse: 'observe' },
    };
    const worlds: readonly Watched[] = [
      { contract, tallies: broken(0.1, 150) },
      { contract, tallies: broken(0.1, 30, THROTTLED), phases: THROTTLED },
      { contract, tallies: broken(0.1, 30), overrides: { personRaisedAt: startOfMinute(START + 90) } },
    ];
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 389 }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, fc.constantFrom(...worlds), (at, world) => {
        const small = looksAt(world, [...at.toSorted((left, right) => left - right), 390]);
        const big = looksAt(world, [390]);
        expect(small.watch).toEqual(big.watch);
      }),
      { numRuns: 60 },
    );
  });
});
