import { describe, expect, it } from 'vitest';
import { historyOf, KPIS, START } from '../../../test/support/decision/evidence.ts';
import { drawTally, typedHistory, typedKpi, type WatchedType } from '../../../test/support/decision/typed-traffic.ts';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import type { MinuteTally } from '../model/look.ts';
import type { Metric } from '../model/metric.ts';
import type { MetricMonitorConfig, MetricMonitorState } from '../model/monitor.ts';
import { NO_SUMS, NO_TALLY } from '../model/tally.ts';
import {
  advanceMonitor,
  atOnce,
  closedBlocks,
  endBlock,
  isWorking,
  linearSums,
  monitorLogWealth,
  rampStep,
  slowerThan,
  startMonitor,
} from './metric-monitor.ts';
import { monitorConfig } from './monitor-config.ts';

const TYPES: readonly WatchedType[] = ['mean', 'ratio', 'rate', 'quantile'];
/** The factor of what is measured that is harm, and the same the other way. */
const HARM = { mean: 0.5, ratio: 2.5, rate: 2, quantile: 1.4 } as const;
const GAIN = { mean: 1.5, ratio: 0.4, rate: 0.5, quantile: 0.7 } as const;
const HISTORIES = Object.fromEntries(TYPES.map((type) => [type, typedHistory(type)]));
const PLAN = { share: 0.5, start: START };

function metricOf(type: WatchedType | 'gauge', change: Partial<Metric> = {}): Metric {
  return { kpi: typedKpi(type), roles: ['primary'], margin: null, mustBeNonInferior: false, ...change };
}

function configOf(type: WatchedType, change: Partial<Metric> = {}): MetricMonitorConfig {
  return monitorConfig(metricOf(type, change), HISTORIES[type]!, PLAN);
}

function stream(type: WatchedType, minutes: number, factor: number, seed: number, perArm = 40): MinuteTally[] {
  const random = seededRandom(seed);
  return Array.from({ length: minutes }, (_, minute) => ({
    minute,
    off: drawTally(type, random, perArm),
    on: drawTally(type, random, perArm, factor),
  }));
}

function run(config: MetricMonitorConfig, minutes: readonly MinuteTally[], from = startMonitor(config)) {
  return minutes.reduce<MetricMonitorState>((state, minute) => advanceMonitor(config, state, minute), from);
}

describe.each(TYPES)('a monitor of a %s', (type) => {
  const config = configOf(type);

  it('alarms on harm, and neither on a gain nor on nothing', () => {
    expect(monitorLogWealth(run(config, stream(type, 240, HARM[type], 1)))).toBeGreaterThan(Math.log(100));
    expect(monitorLogWealth(run(config, stream(type, 240, GAIN[type], 2)))).toBeLessThan(0);
    expect(monitorLogWealth(run(config, stream(type, 240, 1, 3)))).toBeLessThan(Math.log(5));
  });

  it('sees harm the other way round where the other way is better', () => {
    const kpi = typedKpi(type);
    const direction = kpi.direction === 'increase_is_good' ? 'decrease_is_good' : 'increase_is_good';
    const turned = configOf(type, { kpi: { ...kpi, direction } });
    expect(monitorLogWealth(run(turned, stream(type, 400, GAIN[type], 2)))).toBeGreaterThan(Math.log(20));
    expect(monitorLogWealth(run(turned, stream(type, 240, HARM[type], 1)))).toBeLessThan(0);
  });

  it('a guardrail tolerates its margin', () => {
    const roles = ['guardrail'] as const;
    const margin = { kind: 'relative', value: type === 'mean' ? -0.6 : type === 'quantile' ? 0.5 : 2 } as const;
    const tolerant = configOf(type, { roles, margin });
    const strict = configOf(type, { roles, margin: { kind: 'relative', value: 0.02 } });
    expect(monitorLogWealth(run(tolerant, stream(type, 240, HARM[type], 1)))).toBeLessThan(Math.log(2));
    expect(monitorLogWealth(run(strict, stream(type, 240, HARM[type], 1)))).toBeGreaterThan(Math.log(20));
    const free = configOf(type, { roles: ['guardrail', 'leading'], margin });
    expect(free).toEqual(config);
    expect(configOf(type, { roles, margin: { kind: 'absolute', value: 0.1 } }).kind).toBe('none');
  });

  it('goes on bit for bit from its JSON, and ignores repeats', () => {
    const minutes = stream(type, 120, HARM[type], 4);
    const half = run(config, minutes.slice(0, 61));
    const stored = JSON.parse(JSON.stringify(half)) as MetricMonitorState;
    const storedConfig = JSON.parse(JSON.stringify(config)) as MetricMonitorConfig;
    const whole = run(config, minutes);
    expect(run(storedConfig, minutes.slice(61), stored)).toEqual(whole);
    expect(run(config, minutes.slice(30, 61), half)).toEqual(half);
    expect(closedBlocks(whole)).toBeGreaterThan(50);
  });

  it('never lets a block span a change of allocation', () => {
    const [minute] = stream(type, 1, 1, 5, 10);
    const onlyControl = { ...minute!, on: NO_TALLY };
    const open = run(config, [onlyControl]);
    const after = { ...minute!, minute: 1, off: NO_TALLY };
    expect(closedBlocks(run(config, [after], endBlock(config, open)))).toBe(0);
    expect(closedBlocks(run(config, [after], rampStep(config, open)))).toBe(0);
    expect(isWorking(endBlock(config, open))).toBe(true);
  });

  it('bets everything at once in a throttled phase', () => {
    const minutes = stream(type, 60, HARM[type], 6);
    const now = monitorLogWealth(run(atOnce(config), minutes));
    expect(now).toBeGreaterThan(monitorLogWealth(run(config, minutes)));
  });

  it('is not watched without a history', () => {
    for (const history of [null, { ...HISTORIES[type]!, weeks: [] }]) {
      const none = monitorConfig(metricOf(type), history, PLAN);
      const state = run(none, stream(type, 60, HARM[type], 1));
      expect([none.kind, monitorLogWealth(state), closedBlocks(state), isWorking(state)]).toEqual(['none', 0, 0, true]);
    }
    const bare = { ...HISTORIES[type]!, weeks: [{ firstMinute: 0, total: { n: 100, y: 5 } }], dispersion: null };
    expect(monitorConfig(metricOf(type), bare, PLAN).kind).toBe('none');
  });

  it('wealth stays where it is for sums that cannot be', () => {
    const before = run(config, stream(type, 60, 1, 7));
    const broken = { n: 3, y: Number.NaN, sums: { ...NO_SUMS, yy: -1 }, histogram: { zeros: -1, buckets: [] } };
    const after = advanceMonitor(config, before, { minute: 60, off: broken, on: broken });
    expect(monitorLogWealth(after)).toBeCloseTo(monitorLogWealth(before), 12);
  });
});

describe.each(TYPES)('the wiring of a %s under no effect', (type) => {
  it('keeps its false alarms below alpha while the share and the level move', () => {
    const config = configOf(type);
    const random = seededRandom(11);
    const [runs, alpha] = [500, 0.05];
    let alarms = 0;
    for (let i = 0; i < runs; i++) {
      let state = startMonitor(config);
      for (let minute = 0; minute < 60 && monitorLogWealth(state) < -Math.log(alpha); minute++) {
        if (minute === 30) state = rampStep(config, state);
        const [drift, onUnits] = [1 + minute / 120, minute < 30 ? 4 : 20];
        const off = drawTally(type, random, 40 - onUnits, drift);
        state = advanceMonitor(config, state, { minute, off, on: drawTally(type, random, onUnits, drift) });
      }
      if (monitorLogWealth(state) >= -Math.log(alpha)) alarms++;
      expect(closedBlocks(state)).toBeGreaterThan(0);
    }
    expect(alarms / runs).toBeLessThanOrEqual(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs));
  });
});

describe('what a monitor is fed', () => {
  it('the sums of a linearised ratio are those of its units', () => {
    const units = [
      [0, 3],
      [2, 5],
      [1, 1],
    ] as const;
    const z = units.map(([x, d]) => x - 0.25 * d + 7);
    const sums = { ...NO_SUMS, yy: 5, d: 9, dd: 35, yd: 11 };
    const { sum, sumSq } = linearSums({ n: 3, y: 3, sums }, 0.25, 7);
    expect(sum).toBeCloseTo(z[0]! + z[1]! + z[2]!, 12);
    expect(sumSq).toBeCloseTo(z[0]! ** 2 + z[1]! ** 2 + z[2]! ** 2, 12);
    expect(linearSums({ n: 3, y: 3 }, 0, 0).sumSq).toBeNaN();
    expect(linearSums(NO_TALLY, 0.25, 7)).toEqual({ sum: 0, sumSq: 0 });
  });

  it('what is slower than an edge lies in later buckets', () => {
    const histogram = {
      zeros: 4,
      buckets: [
        [3, 10],
        [4, 20],
        [9, 5],
      ],
    } as const;
    expect([null, 2, 3, 4, 9].map((edge) => slowerThan(histogram, edge))).toEqual([35, 35, 25, 5, 0]);
  });

  it('a state from before there were kinds goes on as a proportion', () => {
    const errors = KPIS.find(({ id }) => id === 'errors')!;
    const config = monitorConfig(
      { kpi: errors, roles: ['primary'], margin: null, mustBeNonInferior: false },
      historyOf('errors', 600, 0.01),
      PLAN,
    );
    const harm = [0, 1].map((minute) => ({ minute, off: { n: 20, y: 0 }, on: { n: 20, y: 15 } }));
    const without = <T extends object>(one: T): T => {
      const { kind: _, ...rest } = one as T & { kind?: string };
      return rest as T;
    };
    const old = run(without(config), harm, without(startMonitor(config)));
    expect(monitorLogWealth(old)).toBe(monitorLogWealth(run(config, harm)));
    expect(monitorLogWealth(old)).toBeGreaterThan(3);
  });

  it('events of a minute without exposure are not lost', () => {
    const config = configOf('rate');
    const exposed = { off: { n: 40, y: 2 }, on: { n: 40, y: 2 } };
    const late = run(config, [
      { minute: 0, off: { n: 40, y: 2 }, on: { n: 0, y: 2 } },
      { minute: 1, off: { n: 0, y: 0 }, on: { n: 40, y: 0 } },
    ]);
    expect(monitorLogWealth(late)).toBeCloseTo(monitorLogWealth(run(config, [{ minute: 1, ...exposed }])), 12);
  });

  it('a level that is sampled is never watched', () => {
    const total = { n: 100, y: 500, sums: { ...NO_SUMS, yy: 3000 } };
    const history = { kpiId: 'queue', weeks: [{ firstMinute: 0, total }], hourOfWeek: [] };
    expect(monitorConfig(metricOf('gauge'), history, PLAN)).toMatchObject({ kind: 'none' });
  });
});
