import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { START } from '../../../test/support/decision/evidence.ts';
import { HALF, lookAt, looksAt, startOf, type Watched } from '../../../test/support/decision/looks.ts';
import { drawTally, typedHistory, typedKpi, type WatchedType } from '../../../test/support/decision/typed-traffic.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import type { MinuteTally } from '../model/look.ts';
import { startOfMinute } from '../model/time.ts';
import { forecastDetection } from './forecast-watch.ts';

const TYPES: readonly WatchedType[] = ['mean', 'ratio', 'rate', 'quantile'];
const WORLD = [
  ...TYPES.map((type) => ({ kpi: typedKpi(type), history: typedHistory(type, 4800) })),
  { kpi: typedKpi('gauge'), history: { kpiId: 'queue', weeks: [], hourOfWeek: [] } },
];
const CONTRACT: Watched['contract'] = {
  primary: { kpi: 'revenue', at_least: '+5%' },
  leading: { kpi: 'latency' },
  guardrails: ['failures', 'tickets', 'queue'].map((kpi) => ({ kpi, no_worse_than: '10%' })),
};

function streams(factors: Partial<Record<WatchedType, number>> = {}, minutes = 200): Watched['tallies'] {
  return Object.fromEntries(
    TYPES.map((type, i) => {
      const random = seededRandom(i + 1);
      const tallies = Array.from({ length: minutes }, (_, minute): MinuteTally => {
        const off = drawTally(type, random, 40);
        return { minute: START + minute, off, on: drawTally(type, random, 40, minute < 20 ? 1 : factors[type]) };
      });
      return [typedKpi(type).id, tallies];
    }),
  );
}

const world = (tallies: Watched['tallies'], more: Partial<Watched> = {}): Watched => ({
  contract: CONTRACT,
  world: WORLD,
  tallies,
  ...more,
});

describe('a look at KPIs of every type', () => {
  it.each([
    ['mean', 0.4, 'revenue'],
    ['ratio', 3, 'failures'],
    ['rate', 4, 'tickets'],
    ['quantile', 1.5, 'latency'],
  ] as const)('acts on harm to a %s, and blames it', (type, factor, kpiId) => {
    const look = looksAt(world(streams({ [type]: factor })), [190]);
    expect(look.plan.kind).toBe('turn_off');
    expect(new Set(look.watch.alarms.map((alarm) => alarm.kpiId))).toEqual(new Set([kpiId]));
    expect(look.looks.filter(({ signal }) => signal === 'adverse').map((one) => one.kpiId)).toEqual([kpiId]);
  });

  it('is quiet while nothing differs, and says what it does not watch', () => {
    const look = looksAt(world(streams()), [60, 190]);
    expect(look.watch.alarms).toEqual([]);
    const queue = look.looks.find(({ kpiId }) => kpiId === 'queue')!;
    expect([queue.signal, queue.logWealth]).toEqual(['too_few_events', 0]);
    expect(queue.detail).toContain('not watched for harm');
    const ignorant = WORLD.map(({ kpi }) => ({ kpi, history: { kpiId: kpi.id, weeks: [], hourOfWeek: [] } }));
    const blind = looksAt(world(streams({ mean: 0.2, ratio: 9 }), { world: ignorant }), [190]);
    expect(blind.watch.alarms).toEqual([]);
    expect(blind.looks.every(({ detail }) => detail.includes('not watched for harm'))).toBe(true);
  });

  it('one look sees, bit for bit, what many looks saw, through JSON', () => {
    const harmed = world(streams({ ratio: 2 }, 120));
    const whole = looksAt(harmed, [119]).watch;
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 118 }), { maxLength: 6 }), (cuts) => {
        const many = looksAt(harmed, [...cuts.toSorted((left, right) => left - right), 119]).watch;
        expect(JSON.stringify(many)).toBe(JSON.stringify(whole));
      }),
      { numRuns: 15 },
    );
  });

  it('keeps no histogram of a week in its state', () => {
    expect(JSON.stringify(looksAt(world(streams()), [190]).watch).length).toBeLessThan(20_000);
  });

  it.each([
    ['revenue', { n: 2, y: 300 }],
    ['failures', { n: 2, y: 1, sums: { yy: 0, d: 3, dd: 9, yd: 3, clipped: 0, missing: 0 } }],
    ['tickets', { n: 2, y: 0.5 }],
    ['latency', { n: 2, y: 0, histogram: { zeros: 3, buckets: [] } }],
  ])('refuses minutes of %s with sums that cannot be', (kpiId, broken) => {
    const tallies = { ...streams(), [kpiId]: [{ minute: START, off: broken, on: broken }] };
    const look = lookAt(world(tallies), startOf(world(tallies)), 60);
    expect(look.looks.find((one) => one.kpiId === kpiId)!.signal).toBe('source_error');
    expect(look.consumed.find((one) => one.kpiId === kpiId)!.minutes).toEqual([]);
  });

  it('proposes to raise exposure again when every type is calm, and not while one is not watched', () => {
    const phases = [
      { ...HALF[0]!, endMinute: START + 10 },
      { index: 1, cause: 'throttle', share: 0.5, startMinute: START + 12, endMinute: null },
    ] as const;
    const named = (kpi: string) => ({ kpi, no_worse_than: '10%' });
    const contract = { ...CONTRACT, leading: { kpi: 'failures' }, guardrails: [named('tickets'), named('latency')] };
    const calm = world(streams({ mean: 1.1, ratio: 0.8, rate: 0.8, quantile: 0.9 }, 1600), {
      phases,
      state: 'throttled',
      world: WORLD.slice(0, 4),
      contract,
    });
    expect(looksAt(calm, [100]).plan.kind).toBe('none');
    expect(looksAt(calm, [1590]).plan).toMatchObject({ kind: 'propose_restore', phaseIndex: 1 });
    expect(
      looksAt({ ...calm, world: WORLD, contract: { ...contract, guardrails: [named('queue')] } }, [1590]).plan.kind,
    ).toBe('none');
  });
});

describe('the forecast of how soon harm is noticed', () => {
  const span = { from: START, to: START + 7 * 24 * 60 };
  const detect = (type: WatchedType | 'gauge', margin: number | null = null, weeks = true) => {
    const history = WORLD.find(({ kpi }) => kpi.measure.type === type)!.history;
    return forecastDetection(
      {
        kpi: typedKpi(type),
        roles: [margin === null ? 'primary' : 'guardrail'],
        margin: margin === null ? null : { kind: 'relative', value: margin },
        mustBeNonInferior: false,
      },
      weeks ? history : { ...history, weeks: [] },
      0.5,
      span,
    );
  };

  it.each([
    ['mean', 0.8],
    ['ratio', 1.2],
    ['rate', 2],
    ['quantile', 1.2],
  ] as const)('of a %s is about what streams with that harm show', (type, factor) => {
    const { minutes, unitsHarmed } = detect(type);
    const random = seededRandom(5);
    const shop = { world: WORLD.filter(({ kpi }) => kpi.measure.type === type), phases: HALF };
    const contract = { primary: { kpi: typedKpi(type).id, at_least: '+5%' }, leading: undefined, guardrails: [] };
    const times = Array.from({ length: 8 }, () => {
      const tallies = Array.from({ length: 3 * minutes! }, (_, minute) => ({
        minute: START + minute,
        off: drawTally(type, random, 40),
        on: drawTally(type, random, 40, factor),
      }));
      const look = looksAt({ ...shop, contract, tallies: { [typedKpi(type).id]: tallies } }, [3 * minutes!]);
      return ((look.watch.alarms[0]?.at ?? startOfMinute(START + 3 * minutes!)) - startOfMinute(START)) / 60_000;
    });
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    expect(mean).toBeGreaterThan(minutes! / 2);
    expect(mean).toBeLessThan(minutes! * 2);
    expect(unitsHarmed).toBeGreaterThan(0);
  });

  it('is longer with a margin, and nothing without history, for a level, or for harm inside the margin', () => {
    for (const type of TYPES) {
      expect(detect(type, 0.05).minutes).toBeGreaterThan(detect(type).minutes!);
      expect(detect(type, null, false).minutes).toBeNull();
    }
    expect(detect('mean', 0.3)).toEqual({ kpiId: 'revenue', minutes: null, unitsHarmed: null });
    expect(detect('quantile', 0.3).minutes).toBeNull();
    expect(detect('gauge').minutes).toBeNull();
  });
});
