import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exposureShare } from '../../src/adapters/flags/unleash/exposure.ts';
import { type FlagCall, planFlagCalls } from '../../src/domain/decision/plan-flag-calls.ts';

const RUNS = 5_000;

interface Strategy {
  readonly id: string;
  readonly disabled: boolean;
  readonly rollout: string | null;
}

interface Flag {
  readonly enabled: boolean;
  readonly strategies: readonly Strategy[];
}

const strategies = fc
  .array(
    fc.record({
      disabled: fc.boolean(),
      rollout: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 100 }).map(String) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 1000 }).map((tenths) => String(tenths / 10)) },
        { weight: 1, arbitrary: fc.constant(null) },
      ),
    }),
    { maxLength: 6 },
  )
  .map((list) => list.map((one, index): Strategy => ({ ...one, id: `s${index}` })));
const kind = fc.constantFrom('throttle' as const, 'turn_off' as const);
const targetShare = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
);

/** What the flag is after each call. */
function after(flag: Flag, call: FlagCall): Flag {
  if (call.kind === 'turn_off') return { ...flag, enabled: false };
  return {
    ...flag,
    strategies: flag.strategies.map((one) => (one.id === call.strategyId ? { ...one, rollout: call.to } : one)),
  };
}

const bucket = (unit: number) =>
  Number.parseInt(createHash('sha256').update(`${unit}`).digest('hex').slice(0, 8), 16) % 10_000;
const BUCKETS = Array.from({ length: 50 }, (_, unit) => bucket(unit) / 100);

/** The units served, when each strategy keeps its stickiness and groupId and so the order of its units. */
function served(flag: Flag): readonly boolean[] {
  const active = flag.strategies.filter(({ disabled }) => !disabled);
  return BUCKETS.map(
    (at) =>
      flag.enabled && (active.length === 0 || active.some(({ rollout }) => rollout === null || at < Number(rollout))),
  );
}

test('no plan ever raises the share, a strategy or the exposure of a single unit', () => {
  fc.assert(
    fc.property(strategies, kind, targetShare, (list, what, target) => {
      let flag: Flag = { enabled: true, strategies: list };
      for (const call of planFlagCalls(what, target, flag)) {
        const next = after(flag, call);
        if (call.kind === 'lower') {
          const own = flag.strategies.find(({ id }) => id === call.strategyId)!;
          expect([call.from, own.disabled]).toEqual([own.rollout, false]);
          expect(Number(call.to)).toBeLessThan(Number(call.from));
          expect(call.to).toMatch(/^\d{1,3}$/);
        }
        expect(exposureShare(next.enabled, next.strategies)).toBeLessThanOrEqual(
          exposureShare(flag.enabled, flag.strategies),
        );
        const [before, now] = [served(flag), served(next)];
        expect(now.some((isServed, unit) => isServed && !before[unit])).toBe(false);
        flag = next;
      }
    }),
    { numRuns: RUNS },
  );
});

test('every plan reaches its target, and a flag that is there needs none', () => {
  fc.assert(
    fc.property(strategies, kind, targetShare, (list, what, target) => {
      const goal = what === 'turn_off' ? 0 : target;
      let flag: Flag = { enabled: true, strategies: list };
      for (const call of planFlagCalls(what, goal, flag)) flag = after(flag, call);
      expect(exposureShare(flag.enabled, flag.strategies)).toBeLessThanOrEqual(goal + 1e-9);
      if (flag.enabled) expect(planFlagCalls(what, goal, flag)).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

test('a type without a percentage, and a flag without strategies, is turned off', () => {
  const off = [{ kind: 'turn_off' }];
  expect(planFlagCalls('throttle', 0.05, { strategies: [] })).toEqual(off);
  expect(planFlagCalls('throttle', 0.05, { strategies: [{ id: 'a', disabled: false, rollout: null }] })).toEqual(off);
  expect(planFlagCalls('throttle', 0.05, { strategies: [{ id: 'a', disabled: true, rollout: '9' }] })).toEqual(off);
});
