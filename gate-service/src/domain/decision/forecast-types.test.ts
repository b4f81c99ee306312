import { describe, expect, it } from 'vitest';
import { contractOf, START } from '../../../test/support/decision/evidence.ts';
import type { ChangeContractInput } from '../../contract/change-contract.ts';
import { type Kpi, KpiRegistrySchema } from '../../contract/kpi-registry.ts';
import type { Tally } from '../model/tally.ts';
import { startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { logHistogramOf } from '../statistics/log-histogram.ts';
import { forecastChange } from './forecast-change.ts';

const COMMON = { definition: 'What it is', owner: 'shop', direction: 'increase_is_good' } as const;

const KPIS: readonly Kpi[] = KpiRegistrySchema.parse({
  revenue: {
    ...COMMON,
    title: 'Revenue',
    unit: 'EUR',
    measure: { source: 'web', type: 'mean', of: 'visited', value_of: 'paid', within: '2h', cap: 1000 },
  },
  order: {
    ...COMMON,
    title: 'Order value',
    unit: 'EUR per order',
    measure: {
      source: 'web',
      type: 'ratio',
      of: 'visited',
      numerator: 'paid',
      denominator: 'ordered',
      sum: 'value',
      within: '2h',
      cap: 1000,
    },
  },
  tickets: {
    ...COMMON,
    title: 'Tickets',
    unit: 'per session',
    direction: 'decrease_is_good',
    measure: { source: 'web', type: 'rate', of: 'session', count: 'ticket' },
  },
  slow: {
    ...COMMON,
    title: 'Slow pages',
    unit: 'ms',
    direction: 'decrease_is_good',
    measure: { source: 'web', type: 'quantile', of: 'page', quantile: 'p95' },
  },
  queue: {
    ...COMMON,
    title: 'Queue',
    unit: 'jobs',
    direction: 'decrease_is_good',
    measure: { source: 'web', type: 'gauge', of: 'sampled', cap: 100 },
  },
  booking: {
    ...COMMON,
    title: 'Bookings',
    unit: 'ratio',
    measure: { source: 'web', type: 'proportion', of: 'viewed', success: 'booked', within: '2h' },
  },
});

/** One week's tally of each KPI; steps of 0.1 for amounts. */
const SUMS = { d: 0, dd: 0, yd: 0, clipped: 0, missing: 0 };
const LATENCIES = Array.from({ length: 8_000 }, (_, i) => 100 + (i % 400));
const WEEKS: Readonly<Record<string, Tally>> = {
  revenue: { n: 8_000, y: 8_000 * 200, sums: { ...SUMS, yy: 8_000 * 140_000 } },
  order: {
    n: 8_000,
    y: 8_000 * 600,
    sums: { ...SUMS, yy: 8_000 * 460_000, d: 16_000, dd: 40_000, yd: 8_000 * 1_300 },
  },
  tickets: { n: 8_000, y: 800 },
  slow: { n: 8_000, y: 0, histogram: logHistogramOf(LATENCIES)! },
  queue: { n: 8_000, y: 8_000 * 300, sums: { ...SUMS, yy: 8_000 * 100_000 } },
  booking: { n: 8_000, y: 1_600 },
};

function scaled({ n, y, sums, histogram }: Tally, factor: number): Tally {
  return {
    n: n * factor,
    y: y * factor,
    ...(sums && {
      sums: {
        yy: sums.yy * factor,
        d: sums.d * factor,
        dd: sums.dd * factor,
        yd: sums.yd * factor,
        clipped: sums.clipped,
        missing: sums.missing,
      },
    }),
    ...(histogram && {
      histogram: { zeros: 0, buckets: histogram.buckets.map(([i, count]) => [i, count * factor] as const) },
    }),
  };
}

/** `perWeek` trials are expected in a week, whatever the tallies hold. */
function historyOf(kpiId: string, tallies: readonly Tally[], perWeek = tallies[0]?.n ?? 0): KpiHistory {
  return {
    kpiId,
    weeks: tallies.map((total, i) => ({ firstMinute: START - (tallies.length - i) * WEEK_MINUTES, total })),
    hourOfWeek: Array.from({ length: 168 }, () => perWeek / 168),
  };
}

function forecast(kpi: string, changes: Partial<ChangeContractInput> = {}, history?: KpiHistory) {
  const good = KPIS.find(({ id }) => id === kpi)!.direction === 'increase_is_good' ? '+' : '-';
  return forecastChange({
    contract: contractOf({
      primary: { kpi, at_least: `${good}10%` },
      prediction: { delta: `${good}20%`, basis: 'a test', uncertainty: '5%' },
      leading: undefined,
      guardrails: [],
      ...changes,
    }),
    kpis: KPIS,
    histories: [history ?? historyOf(kpi, [WEEKS[kpi]!, WEEKS[kpi]!])],
    now: startOfMinute(START),
  });
}

describe('forecastChange by type', () => {
  it('forecasts a mean from the spread of its amounts', () => {
    const { primary, odds, conclusion } = forecast('revenue');
    // Variance / mean^2 = (140000 - 200^2) / 200^2 = 2.5, so se_log = sqrt(2.5 (1/4000 + 1/4000)).
    const mde = Math.expm1(2.486475 * Math.sqrt(2.5 / 2000));
    expect(primary).toMatchObject({ type: 'mean', unit: 'EUR', baseline: 20, method: 'normal' });
    expect(primary.minimumDetectableEffect).toBeCloseTo(mde, 4);
    expect(primary.powerAtMinimum).toBeCloseTo(0.853, 2);
    expect(primary.weeksNeeded).toBe(1);
    expect(conclusion).toBe('go');
    expect(odds!.pass + odds!.fail + odds!.inconclusive).toBeCloseTo(1, 12);
    expect(odds!.pass).toBeGreaterThan(0.9);
  });

  it('forecasts a ratio by the delta method', () => {
    const { primary, conclusion } = forecast('order');
    // R = 300 steps; mean of (x - R d)^2 = 460000 - 2 300 1300 + 300^2 5 = 130000; over (R dbar)^2 = 600^2: 0.3611.
    const mde = Math.expm1(2.486475 * Math.sqrt(130_000 / 600 ** 2 / 2000));
    expect(primary).toMatchObject({ type: 'ratio', unit: 'EUR per order', baseline: 30 });
    expect(primary.minimumDetectableEffect).toBeCloseTo(mde, 4);
    expect(conclusion).toBe('go');
  });

  it('forecasts a rate as Poisson, with the spread that the effect itself gives it', () => {
    const { primary, summary } = forecast('tickets');
    expect(primary).toMatchObject({ type: 'rate', unit: 'per session', baseline: 0.1 });
    expect(primary.units).toBeCloseTo(8_000, 6);
    const mde = primary.minimumDetectableEffect!;
    expect(-Math.log1p(-mde)).toBeCloseTo(2.486475 * Math.sqrt(1 / 400 + 1 / (400 * (1 - mde))), 6);
    expect(summary).toContain('8000 "session" events');
  });

  it('forecasts a quantile from the width that the expected trials give it', () => {
    const { primary, summary } = forecast('slow');
    expect(primary).toMatchObject({ type: 'quantile', unit: 'ms' });
    expect(primary.baseline).toBeGreaterThan(475);
    expect(primary.baseline).toBeLessThan(485);
    // Uniform on [100, 500]: d ln Q / dq = 400 / 480, so se_log = 400 / 480 sqrt(.95 .05 (1/4000 + 1/4000)).
    const se = (400 / 480) * Math.sqrt((0.95 * 0.05) / 2000);
    expect(-Math.log1p(-primary.minimumDetectableEffect!) / 2.486475 / se).toBeCloseTo(1, 1);
    expect(summary).toContain('8000 trials');
  });

  it('says of a gauge that nothing is known before its days, and never goes', () => {
    const { conclusion, odds, primary, summary } = forecast('queue', { prediction: undefined });
    expect([conclusion, odds, primary.powerAtMinimum]).toEqual(['adjust', null, null]);
    expect(primary.baseline).toBe(3);
    expect(summary).toContain('gauge');
  });

  it.each(['revenue', 'order', 'tickets', 'slow'])(
    '%s: more traffic shows smaller effects and needs less time',
    (kpi) => {
      const at = (factor: number) => {
        const tally = scaled(WEEKS[kpi]!, 1);
        return forecast(kpi, {}, historyOf(kpi, [tally, tally], 2_000 * factor)).primary;
      };
      const [some, more] = [at(1), at(16)];
      expect(more.minimumDetectableEffect! / some.minimumDetectableEffect!).toBeLessThan(0.35);
      expect(more.powerAtMinimum).toBeGreaterThanOrEqual(some.powerAtMinimum!);
      expect(more.weeksNeeded).toBeLessThanOrEqual(some.weeksNeeded!);
    },
  );

  it.each(['revenue', 'order', 'tickets', 'slow'])(
    '%s: a longer history with the same spread changes nothing',
    (kpi) => {
      const long = forecast(kpi, {}, historyOf(kpi, [scaled(WEEKS[kpi]!, 50)], 8_000)).primary;
      const { minimumDetectableEffect: mde, powerAtMinimum: power } = forecast(kpi).primary;
      expect(long.minimumDetectableEffect! / mde!).toBeCloseTo(1, 3);
      expect(long.powerAtMinimum! / power!).toBeCloseTo(1, 3);
    },
  );

  it.each([
    ['revenue', 20],
    ['order', 8],
    ['tickets', 100],
    ['slow', 100],
  ])('%s with %d trials a week is too thin to go', (kpi, perWeek) => {
    const tally = WEEKS[kpi]!;
    const { conclusion, adjustments } = forecast(kpi, { prediction: undefined }, historyOf(kpi, [tally], perWeek));
    expect(conclusion).toBe('adjust');
    expect(adjustments.length).toBeGreaterThan(0);
  });

  it('does not go where a few large amounts carry the mean, and says when more time would help', () => {
    // 4 of 8000 units bring 9000 steps each: their mean is 4.5 and its coefficient of variation 45.
    const tally = { n: 8_000, y: 36_000, sums: { ...SUMS, yy: 4 * 9_000 ** 2 } };
    const uneven = { rollout: { start: '90%' } };
    const { conclusion, odds, summary, adjustments } = forecast('revenue', uneven, historyOf('revenue', [tally], 2e5));
    expect([conclusion, odds]).toEqual(['adjust', null]);
    expect(summary).toContain('few large amounts');
    expect(adjustments.join(' ')).toMatch(/nearer to 50%.*Lower `cap`/);
    expect(forecast('revenue', {}, historyOf('revenue', [tally], 2e5)).odds).not.toBeNull();
  });

  it.each([
    ['amounts beyond the cap', { clipped: 81 }, 'outside of 0 to its cap'],
    ['events without a value', { missing: 400 }, 'no value too often'],
  ])('does not go with %s, as the verdict would not answer', (_, sums, text) => {
    const tally = { ...WEEKS.revenue!, sums: { ...WEEKS.revenue!.sums!, ...sums } };
    const { conclusion, odds, summary } = forecast('revenue', {}, historyOf('revenue', [tally]));
    expect([conclusion, odds, summary]).toEqual(['adjust', null, expect.stringContaining(text)]);
  });

  it.each([
    ['a mean without squares', 'revenue', { n: 100, y: 5 }],
    ['squares that cannot be', 'revenue', { n: 100, y: 1_000, sums: { ...SUMS, yy: 1 } }],
    ['NaN', 'revenue', { n: 100, y: Number.NaN, sums: { ...SUMS, yy: 1 } }],
    ['a ratio without a denominator', 'order', { n: 100, y: 10, sums: { ...SUMS, yy: 10 } }],
    ['a histogram of other trials', 'slow', { n: 100, y: 0, histogram: { zeros: 0, buckets: [[500, 101] as const] } }],
    ['nothing at all in the numerator', 'revenue', { n: 100, y: 0, sums: { ...SUMS, yy: 0 } }],
    ['amounts that never vary', 'revenue', { n: 100, y: 1_000, sums: { ...SUMS, yy: 10_000 } }],
  ])('does not go on %s', (_, kpi, tally) => {
    for (const prediction of [undefined, { delta: '+50%', basis: 'hope' }]) {
      const { conclusion, odds } = forecast(kpi, { prediction }, historyOf(kpi, [tally as Tally], 1e6));
      expect([conclusion, odds]).toEqual(['adjust', null]);
    }
  });

  it('refuses points where only percent mean anything', () => {
    const { conclusion, odds, summary } = forecast('revenue', { primary: { kpi: 'revenue', at_least: '+5pp' } });
    expect([conclusion, odds, summary]).toEqual(['adjust', null, expect.stringContaining('percentage points')]);
  });
});

describe('forecastChange before and after', () => {
  const level = (percent: number): Tally => ({
    n: 8_000,
    y: 16_000 * percent,
    sums: { ...SUMS, yy: 11_200_000 * percent },
  });
  const weeks = [100, 103, 98, 101, 97, 102, 99, 104, 100, 98].map(level);
  const contract = { design: 'before_after', rollout: { start: '100%' } } as const;

  it('takes the error that the weeks before made, with t', () => {
    const { primary, odds, conclusion } = forecast('revenue', contract, historyOf('revenue', weeks));
    expect(primary).toMatchObject({ historyWeeks: 10, weeksNeeded: null });
    expect(primary.minimumDetectableEffect).toBeGreaterThan(0.04);
    expect(primary.minimumDetectableEffect).toBeLessThan(0.12);
    expect(conclusion).toBe('go');
    expect(odds!.pass).toBeGreaterThan(0.9);
  });

  it('knows gauges too, since weeks and not samples are compared', () => {
    const gauge = weeks.map(({ n, y, sums }) => ({ n, y, sums: sums! }));
    expect(forecast('queue', contract, historyOf('queue', gauge)).conclusion).toBe('go');
  });

  it('shows less with noisier weeks, and then proposes a control group', () => {
    const noisy = [100, 140, 70, 130, 80, 150, 90, 60, 120, 100].map(level);
    const { conclusion, adjustments, primary } = forecast('revenue', contract, historyOf('revenue', noisy));
    expect(primary.minimumDetectableEffect).toBeGreaterThan(0.3);
    expect([conclusion, adjustments.join(' ')]).toEqual(['adjust', expect.stringContaining('Keep a control group')]);
  });

  it.each([
    ['few weeks', weeks.slice(0, 5), {}, 'needs 6 whole weeks'],
    [
      'weeks that are excluded',
      weeks.slice(0, 6),
      { before_after: { exclude: ['2026-10-05'] } },
      'and "Revenue" has 5 that count',
    ],
    ['weeks without any error', weeks.map(() => level(100)), {}, 'cannot be compared with'],
    ['a comparison without history', weeks, { before_after: { comparison: 'booking' } }, 'cannot be compared with'],
  ])('does not go with %s', (_, tallies, changes, text) => {
    const { conclusion, odds, summary } = forecast(
      'revenue',
      { ...contract, ...changes },
      historyOf('revenue', tallies),
    );
    expect([conclusion, odds, summary]).toEqual(['adjust', null, expect.stringContaining(text)]);
  });
});
