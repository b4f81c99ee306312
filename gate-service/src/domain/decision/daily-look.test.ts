import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contractOf, historyOf, KPIS, START } from '../../../test/support/decision/evidence.ts';
import { HALF, lookAt, looksAt, startOf, type Watched } from '../../../test/support/decision/looks.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import type { MinuteTally } from '../model/look.ts';
import { DAY_MINUTES, startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import { twoProportionZ } from '../statistics/two-proportion-z.ts';
import { harmScore } from './daily-look.ts';
import { planIntervention } from './plan-intervention.ts';

/** 20 units a day and arm at a rate of .1: too few for minutes, some for days. */
const PER_WEEK = 280;
const shop = (onRate: number, seed: number): Watched => {
  const random = seededRandom(seed);
  const minutes = Array.from({ length: PER_WEEK / 2 }, (_, i): MinuteTally => {
    const minute = START + Math.floor((i * WEEK_MINUTES) / (PER_WEEK / 2));
    return { minute, off: { n: 1, y: random.binomial(1, 0.1) }, on: { n: 1, y: random.binomial(1, onRate) } };
  });
  return {
    contract: { primary: { kpi: 'errors', at_least: '-5%' }, leading: undefined, guardrails: [] },
    world: KPIS.filter(({ id }) => id === 'errors').map((kpi) => ({
      kpi,
      history: historyOf(kpi.id, PER_WEEK / 168, 0.1),
    })),
    tallies: { errors: minutes },
  };
};
const END = WEEK_MINUTES + 2;
/** Harm that a fixed test of the whole week would find easily. */
const [HARM, SEED] = [0.22, 4];

describe('daily looks', () => {
  it('throttle at the end of a day on harm that minutes do not show', () => {
    const look = looksAt(shop(HARM, SEED), [END]);
    expect(look.watch.alarms.map(({ kind }) => kind)).toEqual(['daily_look']);
    const daily = look.watch.alarms.find(({ kind }) => kind === 'daily_look')!;
    expect(daily).toMatchObject({ calls: 'throttle', kpiId: 'errors', logWealth: null });
    expect((daily.at - startOfMinute(START)) % (DAY_MINUTES * 60_000)).toBe(0);
    const days = (daily.at - startOfMinute(START)) / (DAY_MINUTES * 60_000);
    expect(looksAt(shop(HARM, SEED), [days * DAY_MINUTES + 1]).plan.kind).toBe('none');
    const found = looksAt(shop(HARM, SEED), [days * DAY_MINUTES + 2]);
    expect(found.plan).toMatchObject({ kind: 'throttle', alarm: { kind: 'daily_look' } });
    expect(found.looks[0]!.signal).toBe('adverse');
  });

  it('are the same whenever the looks came, each day once', () => {
    const whole = looksAt(shop(0.25, 4), [END]).watch;
    expect(whole.monitors[0]!.daily!.looks.lastDay).toBe(7);
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: END - 1 }), { maxLength: 9 }), (cuts) => {
        const many = looksAt(shop(0.25, 4), [...cuts.toSorted((left, right) => left - right), END]).watch;
        expect(many).toEqual(whole);
      }),
      { numRuns: 10 },
    );
  });

  it('keep their false alarms and those of the monitor below alpha together', () => {
    const runs = 60;
    const alarms = Array.from({ length: runs }, (_, seed) => looksAt(shop(0.1, 1000 + seed), [END]).watch.alarms);
    const rate = alarms.filter((found) => found.length > 0).length / runs;
    expect(rate).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
  });

  it('have half of the budget, shared like the family, and only where traffic is tiny', () => {
    const watch = startOf(shop(0.1, 1));
    expect(watch.monitors[0]!.daily).toMatchObject({ alpha: 0.025 });
    expect(watch.monitors[0]!.daily!.plannedUnits).toBeCloseTo(PER_WEEK, 6);
    const tiny = KPIS.map((kpi) => ({ kpi, history: historyOf(kpi.id, 1, 0.1) }));
    const shared = startOf({ tallies: {}, world: tiny }).monitors.map(({ daily }) => daily!.alpha);
    expect(shared.reduce((sum, alpha) => sum + alpha, 0)).toBeCloseTo(0.025, 12);
    expect(startOf({ tallies: {} }).monitors.every(({ daily }) => daily === undefined)).toBe(true);
  });

  it('raise what the monitors need for a throttle from 20 to 40, and leave turning off at 100', () => {
    const found = (perWeek: number) => {
      const busy = shop(0.1, 1);
      const harm = Array.from({ length: 60 }, (_, i): MinuteTally => {
        return { minute: START + i, off: { n: 3, y: 0 }, on: { n: 3, y: 2 } };
      });
      const world = busy.world!.map(({ kpi }) => ({ kpi, history: historyOf(kpi.id, perWeek / 168, 0.1) }));
      return looksAt({ ...busy, world, tallies: { errors: harm } }, [60]).watch.alarms.map(
        ({ calls, logWealth }) => [calls, Math.exp(logWealth!)] as const,
      );
    };
    const [throttle, off] = found(PER_WEEK);
    expect([throttle![0], off![0]]).toEqual(['throttle', 'turn_off']);
    expect(throttle![1]).toBeGreaterThanOrEqual(40);
    expect(off![1]).toBeGreaterThanOrEqual(100);
    expect(found(1000)[0]![1]).toBeLessThan(40);
  });

  it('count for nothing once a person has raised exposure, who knew of them', () => {
    const watched = shop(HARM, SEED);
    const { watch } = looksAt(watched, [END]);
    const plan = (personRaisedAt: number | null) =>
      planIntervention({
        change: { contract: contractOf(watched.contract), kpis: KPIS, state: 'watching', effectiveAt: START },
        phases: HALF,
        watch: { ...watch, alarms: watch.alarms.filter(({ kind }) => kind === 'daily_look') },
        interventions: [],
        personRaisedAt,
        paused: false,
        now: startOfMinute(START + END),
      });
    expect(plan(null).kind).toBe('throttle');
    expect(plan(startOfMinute(START + 60)).kind).toBe('none');
  });

  it('wait for a source that does not answer', () => {
    const watched = shop(0.1, 5);
    const dead = lookAt({ ...watched, overrides: { metrics: [] } }, startOf(watched), END);
    expect(dead.watch.monitors[0]!.daily!.looks.lastDay).toBeNull();
  });
});

describe('harmScore', () => {
  const arms = { off: { n: 100, y: 10 }, on: { n: 80, y: 14 } };
  const config = { harm: 'increase', marginKind: 'none', margin: 0 } as Parameters<typeof harmScore>[1];

  it('is the pooled score of one phase, either way round', () => {
    const { z } = twoProportionZ(arms.off, arms.on);
    expect(harmScore([arms], config)).toBeCloseTo(z, 12);
    expect(harmScore([arms], { ...config, harm: 'decrease' })).toBeCloseTo(-z, 12);
  });

  it('grants the margin, weighs phases by themselves, and is 0 where nothing can differ', () => {
    expect(harmScore([arms], { ...config, marginKind: 'difference', margin: 0.075 })).toBeCloseTo(0, 12);
    expect(harmScore([arms], { ...config, marginKind: 'ratio', margin: 0.75 })).toBeCloseTo(0, 12);
    const calm = { off: { n: 90, y: 9 }, on: { n: 10, y: 1 } };
    const busy = { off: { n: 50, y: 25 }, on: { n: 50, y: 25 } };
    expect(harmScore([calm, busy], config)).toBeCloseTo(0, 12);
    expect(harmScore([{ off: { n: 5, y: 0 }, on: { n: 5, y: 0 } }], config)).toBe(0);
    expect(harmScore([{ off: { n: 0, y: 0 }, on: { n: 5, y: 5 } }], config)).toBe(0);
  });
});
