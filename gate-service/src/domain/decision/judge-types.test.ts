import { describe, expect, it } from 'vitest';
import { contractOf, KPIS, metricOf, START } from '../../../test/support/decision/evidence.ts';
import { BASE } from '../../../test/support/decision/truth-table.ts';
import {
  TYPED_IDS,
  TYPED_KPIS,
  type TypedKpi,
  tallyOfUnits,
  typedEvidence,
  typedMetric,
} from '../../../test/support/decision/typed-evidence.ts';
import { addTallies, NO_SUMS, type Tally, type TallyByVariant } from '../model/tally.ts';
import type { MetricEvidence, VerdictEvidence } from '../model/verdict.ts';
import { judgeChange } from './judge-change.ts';

const METHODS: Readonly<Record<TypedKpi, string>> = {
  revenue: 'cuped_ratio',
  basket: 'delta_ratio_log_ratio',
  calls: 'rate_ratio_quasi',
  latency: 'woodruff_log_ratio',
  queue: 'paired_log_ratio',
};

function judged(kpi: TypedKpi, metric: MetricEvidence) {
  const verdict = judgeChange(typedEvidence(kpi, metric));
  return { word: verdict.verdict, reason: verdict.reasons[0], metric: verdict.metrics[0]!, verdict };
}

/** The evidence of a KPI with both arms' tallies altered, in total and by hour and day. */
function altered(kpi: TypedKpi, change: (tally: Tally, arm: 'off' | 'on') => Tally, factor = 1.2): MetricEvidence {
  const metric = typedMetric(kpi, factor);
  const both = <Row extends TallyByVariant>(row: Row): Row => ({
    ...row,
    off: change(row.off, 'off'),
    on: change(row.on, 'on'),
  });
  return {
    ...metric,
    strata: metric.strata.map(both),
    ...(metric.hours && { hours: metric.hours.map(both) }),
    ...(metric.days && { days: metric.days.map(both) }),
  };
}

describe('judgeChange on every type', () => {
  it('has a KPI of each to try', () => expect(TYPED_KPIS.map(({ id }) => id)).toEqual(TYPED_IDS));

  it.each(TYPED_IDS)('%s: a clear rise passes, a clear fall fails, nothing decides nothing', (kpi) => {
    expect(judged(kpi, typedMetric(kpi, 1.25))).toMatchObject({ word: 'pass', reason: 'ok' });
    expect(judged(kpi, typedMetric(kpi, 0.8))).toMatchObject({ word: 'fail', reason: 'harmful' });
    expect(judged(kpi, typedMetric(kpi, 1.04, 100)).word).toBe('inconclusive');
  });

  it.each(TYPED_IDS)('%s: names its method, and has levels in the unit of the KPI', (kpi) => {
    const { metric } = judged(kpi, typedMetric(kpi, 1.25));
    expect(metric).toMatchObject({ status: 'ok', scale: 'relative', method: METHODS[kpi] });
    expect(metric.levels.treatment! / metric.levels.control!).toBeCloseTo(1 + metric.estimate!, 1);
    expect(metric.estimate).toBeGreaterThan(0.2);
    expect(metric.estimate).toBeLessThan(0.32);
  });

  it('levels are amounts and not steps', () => {
    expect(judged('basket', typedMetric('basket', 1.25)).metric.levels.control).toBeCloseTo(40, 0);
    expect(judged('queue', typedMetric('queue', 1.25)).metric.levels.control).toBeCloseTo(10, 0);
    expect(judged('calls', typedMetric('calls', 1.25)).metric.levels.control).toBeCloseTo(0.4, 1);
    expect(judged('latency', typedMetric('latency', 1.25)).metric).toMatchObject({ unit: 'ms' });
    expect(judged('latency', typedMetric('latency', 1.25)).metric.levels.control).toBeCloseTo(178, -1);
  });

  it('an absolute effect of anything but a proportion is no answer', () => {
    const evidence = typedEvidence('revenue', typedMetric('revenue', 1.25), '+5pp');
    expect(judgeChange(evidence)).toMatchObject({ verdict: 'inconclusive', reasons: ['insufficient_data'] });
  });
});

describe('non-answers of the types', () => {
  const one = tallyOfUnits([[100, 0]]);
  const same = (n: number, y: number) =>
    tallyOfUnits(Array.from({ length: n }, (): readonly [number, number] => [y, 1]));
  const plain = (off: Tally, on: Tally, kpi: TypedKpi) => metricOf(kpi, off, on);

  it.each<[string, TypedKpi, MetricEvidence]>([
    ['one unit an arm', 'revenue', plain(one, one, 'revenue')],
    ['equal amounts everywhere', 'revenue', plain(same(500, 100), same(500, 100), 'revenue')],
    ['unequal amounts without variance', 'revenue', plain(same(500, 100), same(500, 130), 'revenue')],
    [
      'a control that brought nothing in',
      'revenue',
      altered('revenue', (t, arm) => (arm === 'off' ? { ...same(t.n, 0), n: t.n } : t)),
    ],
    [
      'a control mean within its noise',
      'revenue',
      plain(tallyOfUnits([[900, 0], ...same0(999)]), tallyOfUnits([[950, 0], ...same0(999)]), 'revenue'),
    ],
    ['denominators of 0', 'basket', altered('basket', (t) => ({ n: t.n, y: 0, sums: NO_SUMS }))],
    ['a ratio that a few units carry', 'basket', plain(fewBuyers(12), fewBuyers(12), 'basket')],
    ['a ratio of one unit', 'basket', plain(tallyOfUnits([[300, 1]]), tallyOfUnits([[300, 1]]), 'basket')],
    ['no event of a rate', 'calls', { ...altered('calls', (t) => ({ n: t.n, y: 0 })), hours: [] }],
    ['a rate without its hours and without a past', 'calls', { ...typedMetric('calls', 1.25), hours: [] }],
    ['too few beyond the quantile', 'latency', typedMetric('latency', 1.25, 99)],
    [
      'two days of a gauge',
      'queue',
      { ...typedMetric('queue', 1.25), days: typedMetric('queue', 1.25).days!.slice(0, 2) },
    ],
    ['no days of a gauge', 'queue', { ...typedMetric('queue', 1.25), days: [] }],
  ])('%s is insufficient', (_, kpi, metric) => {
    const { word, metric: result } = judged(kpi, metric);
    expect(word).toBe('inconclusive');
    expect(['insufficient', 'degenerate']).toContain(result.status);
  });

  it.each<[string, TypedKpi, (tally: Tally) => Tally]>([
    ['NaN', 'revenue', (t) => ({ ...t, y: Number.NaN })],
    ['half a step', 'revenue', (t) => ({ ...t, y: t.y + 0.5 })],
    ['squares below what the sum needs', 'revenue', (t) => ({ ...t, sums: { ...t.sums!, yy: 1 } })],
    [
      'more than the cap of every unit',
      'revenue',
      (t) => ({ ...t, y: t.n * 20_000, sums: { ...t.sums!, yy: t.n * 4e8 } }),
    ],
    ['a covariate that contradicts itself', 'revenue', (t) => ({ ...t, sums: { ...t.sums!, dd: 0 } })],
    ['no sums', 'revenue', ({ n, y }) => ({ n, y })],
    ['a negative denominator', 'basket', (t) => ({ ...t, sums: { ...t.sums!, d: -1 } })],
    ['a negative count', 'calls', (t) => ({ ...t, y: -1 })],
    ['no histogram', 'latency', ({ n, y }) => ({ n, y })],
    ['more latencies than trials', 'latency', (t) => ({ ...t, n: t.n - 1 })],
    ['a level of NaN', 'queue', (t) => ({ ...t, sums: { ...t.sums!, yy: Number.NaN } })],
  ])('%s fails the check of counts: %s', (_, kpi, change) => {
    expect(judged(kpi, altered(kpi, change)).reason).toBe(`data_quality:counts:${kpi}`);
  });

  it('a gauge with a broken day, or a rate with a broken hour, fails it too', () => {
    const queue = typedMetric('queue', 1.25);
    const days = queue.days!.with(2, { ...queue.days![2]!, on: { ...queue.days![2]!.on, y: Number.NaN } });
    expect(judged('queue', { ...queue, days }).reason).toBe('data_quality:counts:queue');
    const calls = typedMetric('calls', 1.25);
    const hours = calls.hours!.with(2, { ...calls.hours![2]!, on: { n: 3, y: -2 } });
    expect(judged('calls', { ...calls, hours }).reason).toBe('data_quality:counts:calls');
  });

  it('a treatment that brings nothing in at all is shown to be harmful, not left unanswered', () => {
    const nothing = (t: Tally, arm: 'off' | 'on') =>
      arm === 'on' ? { ...t, y: 0, sums: { ...t.sums!, yy: 0, yd: 0 } } : t;
    expect(judged('revenue', altered('revenue', nothing)).reason).toBe('harmful');
    expect(judged('basket', altered('basket', nothing)).reason).toBe('harmful');
    const calls = typedMetric('calls', 1);
    const none = {
      ...altered('calls', (t, arm) => (arm === 'on' ? { ...t, y: 0 } : t)),
      hours: calls.hours!.map((h) => ({ ...h, on: { ...h.on, y: 0 } })),
    };
    expect(judged('calls', none).reason).toBe('harmful');
  });
});

describe('data quality of amounts', () => {
  const withSums = (kpi: TypedKpi, on: Partial<NonNullable<Tally['sums']>>) =>
    judged(
      kpi,
      altered(kpi, (t, arm) => (arm === 'on' ? { ...t, sums: { ...t.sums!, ...on } } : t)),
    );

  it('fails when over 1% of the amounts are cut off at the cap', () => {
    expect(withSums('revenue', { clipped: 40 }).word).toBe('pass');
    expect(withSums('revenue', { clipped: 41 }).reason).toBe('data_quality:clipped:revenue');
    expect(withSums('queue', { clipped: 41 }).reason).toBe('data_quality:clipped:queue');
  });

  it('fails when values are missing, or missing in one arm only', () => {
    expect(withSums('revenue', { missing: 3 }).word).toBe('pass');
    expect(withSums('revenue', { missing: 30 }).reason).toBe('data_quality:missing:revenue');
    const uneven = typedMetric('latency', 1.25, 20_000);
    const strata = uneven.strata.map((one) => ({ ...one, on: { ...one.on, sums: { ...NO_SUMS, missing: 40 } } }));
    expect(judged('latency', { ...uneven, strata }).verdict.quality).toContainEqual(
      expect.objectContaining({
        check: 'missing:latency',
        status: 'failed',
        detail: expect.stringContaining('differs'),
      }),
    );
  });

  it('withholds a pass that a few units carry, or skewness could have made, but not a fail', () => {
    const rare = (buyers: number, n = 600) =>
      tallyOfUnits([
        ...Array.from({ length: buyers }, (): readonly [number, number] => [1500, 0]),
        ...same0(n - buyers),
      ]);
    const few = judged('revenue', metricOf('revenue', rare(12), rare(50)));
    expect([few.word, few.reason]).toEqual(['inconclusive', 'data_quality:skew:revenue']);
    expect(judged('revenue', metricOf('revenue', rare(50), rare(12))).reason).toBe('harmful');
    const metric = metricOf('revenue', rare(30, 400), rare(900, 3600));
    const uneven = typedEvidence('revenue', metric);
    const share = { ...uneven.phases[0]!, share: 0.9 };
    expect(judgeChange({ ...uneven, phases: [share] }).reasons[0]).toBe('data_quality:skew:revenue');
  });

  it('asks a gauge for samples of both arms only', () => {
    const busier = altered('queue', (t, arm) =>
      arm === 'on' ? { n: t.n * 3, y: t.y * 3, sums: { ...NO_SUMS, yy: t.sums!.yy * 3 } } : t,
    );
    const checks = (metric: MetricEvidence) =>
      judged('queue', metric).verdict.quality.find(({ check }) => check === 'arms:queue')?.status;
    expect(checks(busier)).toBe('ok');
    expect(checks(altered('queue', (t, arm) => (arm === 'on' ? { n: 0, y: 0, sums: NO_SUMS } : t)))).toBe('failed');
  });

  it('a mean of which half an arm is lost fails like a conversion', () => {
    const half = altered('revenue', (t, arm) =>
      arm === 'on' ? tallyOfUnits(Array.from({ length: t.n / 2 }, (): readonly [number, number] => [400, 10])) : t,
    );
    const even = typedEvidence('revenue', typedMetric('revenue', 1.25));
    expect(judgeChange({ ...even, metrics: [half] }).reasons[0]).toBe('data_quality:arms:revenue');
  });

  it('an alarm of the watch on the split stands, however even the week looks in the end', () => {
    const evidence: VerdictEvidence = { ...BASE, splitAlarmAt: START };
    expect(judgeChange(evidence).reasons[0]).toBe('data_quality:srm');
    expect(judgeChange({ ...BASE, splitAlarmAt: null }).verdict).toBe('pass');
  });
});

describe('how much a rate clumps', () => {
  it('widens its interval, and is read from the past where the window has too few hours', () => {
    const calls = typedMetric('calls', 1.25);
    const width = (metric: MetricEvidence) => {
      const { lo, hi, status } = judged('calls', metric).metric;
      return { status, width: hi! - lo! };
    };
    const history = { ...calls.history, dispersion: 9 };
    expect(width({ ...calls, hours: [], history })).toMatchObject({ status: 'ok' });
    expect(width({ ...calls, hours: [], history }).width / width(calls).width).toBeGreaterThan(2);
    expect(width({ ...calls, hours: [], history: { ...history, dispersion: null } }).status).toBe('insufficient');
    expect(width({ ...calls, hours: [], history: { ...history, dispersion: 0.5 } }).status).toBe('invalid');
    const tripled = altered('calls', ({ n, y }) => ({ n, y: 3 * y }), 1.25);
    // Three times the events, but not three times the evidence.
    expect(width(tripled).width).toBeGreaterThan((1.15 * width(calls).width) / Math.sqrt(3));
  });

  it('hours that do not add up to the totals fail the check of counts', () => {
    const calls = typedMetric('calls', 1.25);
    expect(judged('calls', { ...calls, hours: calls.hours!.slice(1) }).reason).toBe('data_quality:counts:calls');
  });
});

describe('a guardrail that cannot be judged', () => {
  const BOOKING = metricOf('booking', { n: 2000, y: 400 }, { n: 2000, y: 500 }, 0.2);
  const guarded = (kpi: TypedKpi, metric: MetricEvidence): VerdictEvidence => {
    const evidence = typedEvidence(kpi, metric);
    const contract = contractOf({ leading: undefined, guardrails: [{ kpi, no_worse_than: '10%' }] });
    const change = { ...evidence.change, kpis: [...TYPED_KPIS, ...KPIS], contract };
    return { ...evidence, change, metrics: [BOOKING, metric] };
  };

  it.each<[string, TypedKpi, (metric: MetricEvidence) => MetricEvidence]>([
    ['a gauge without its days', 'queue', (metric) => ({ ...metric, days: [] })],
    ['a rate of which nobody knows how it clumps', 'calls', (metric) => ({ ...metric, hours: [] })],
    ['a mean of which neither arm brought anything in', 'revenue', () => without('revenue')],
    ['a ratio of which neither arm brought anything in', 'basket', () => without('basket')],
    ['a quantile with too few beyond it', 'latency', () => typedMetric('latency', 1.25, 90)],
  ])('keeps a pass from being one: %s', (_, kpi, change) => {
    const { verdict, reasons } = judgeChange(guarded(kpi, change(typedMetric(kpi, 1.25))));
    expect([verdict, reasons[0]]).toEqual(['inconclusive', `guardrail_unproven:${kpi}`]);
    expect(judgeChange(guarded(kpi, typedMetric(kpi, 1.25))).verdict).toBe('pass');
  });
});

describe('sums that contradict each other', () => {
  const swapped = <Row extends TallyByVariant>(row: Row): Row => ({ ...row, off: row.on, on: row.off });

  it.each<[string, TypedKpi, (metric: MetricEvidence) => MetricEvidence]>([
    ['the arms of a rate by hour', 'calls', (m) => ({ ...m, hours: m.hours!.map(swapped) })],
    ['the phases of a rate by hour', 'calls', (m) => ({ ...m, hours: m.hours!.map((h) => ({ ...h, phaseIndex: 7 })) })],
    ['the arms of a gauge', 'queue', (m) => ({ ...m, strata: m.strata.map(swapped) })],
    ['a covariate beyond its cap', 'revenue', () => altered('revenue', (t) => withSquares(t, { dd: 1e14 }))],
    ['a covariate of nothing', 'revenue', () => altered('revenue', (t) => withSquares(t, { d: 0 }))],
    ['squares beyond the cap', 'basket', () => altered('basket', (t) => withSquares(t, { yy: t.y * 2e4 }))],
    ['denominators beyond theirs', 'basket', () => altered('basket', (t) => withSquares(t, { dd: 1e12 }))],
  ])('fail the check of counts: %s', (_, kpi, change) => {
    expect(judged(kpi, change(typedMetric(kpi, 1.25))).reason).toBe(`data_quality:counts:${kpi}`);
  });

  it('a gauge with one arm only on many days is no sample of the window', () => {
    const none: Tally = { n: 0, y: 0, sums: NO_SUMS };
    const queue = typedMetric('queue', 1.25);
    const days = queue.days!.map((day, i) => (i < 2 ? { ...day, on: none } : day));
    const on = days.map((day) => day.on).reduce(addTallies);
    const lost = { ...queue, days, strata: [{ ...queue.strata[0]!, on }] };
    expect(judged('queue', lost).verdict.reasons).toContain('data_quality:arms:queue');
  });
});

describe('over phases', () => {
  /** The window in two phases of different allocation, the second with twice the level. */
  function ramped(kpi: TypedKpi, factor: number): VerdictEvidence {
    const [first, second] = [typedMetric(kpi, factor, 2000), doubled(typedMetric(kpi, factor, 1000))];
    const inPhase = <Row extends { readonly phaseIndex: number }>(
      rows: readonly Row[] | undefined,
      phaseIndex: number,
    ) => (rows ?? []).map((row) => ({ ...row, phaseIndex }));
    const metric: MetricEvidence = {
      ...first,
      strata: [...inPhase(first.strata, 0), ...inPhase(second.strata, 1)],
      ...(first.hours && { hours: [...inPhase(first.hours, 0), ...inPhase(second.hours, 1)] }),
      ...(first.days && { days: [...inPhase(first.days, 0), ...inPhase(second.days, 1)] }),
    };
    const evidence = typedEvidence(kpi, metric);
    const phase = evidence.phases[0]!;
    return { ...evidence, phases: [phase, { ...phase, index: 1, share: 0.4, cause: 'person' }] };
  }

  function doubled(metric: MetricEvidence): MetricEvidence {
    const twice = ({ n, y, sums, histogram }: Tally): Tally => ({
      n,
      y: 2 * y,
      ...(sums && { sums: { ...sums, yy: 4 * sums.yy, yd: 2 * sums.yd } }),
      ...(histogram && {
        histogram: { ...histogram, buckets: histogram.buckets.map(([i, count]) => [i + 70, count] as const) },
      }),
    });
    const both = <Row extends TallyByVariant>(row: Row): Row => ({ ...row, off: twice(row.off), on: twice(row.on) });
    return {
      ...metric,
      strata: metric.strata.map(both),
      ...(metric.hours && { hours: metric.hours.map(both) }),
      ...(metric.days && { days: metric.days.map(both) }),
    };
  }

  it.each(TYPED_IDS)('%s is compared within each, and its levels are not told together', (kpi) => {
    const { metrics, summary } = judgeChange(ramped(kpi, 1.25));
    expect(metrics[0]!.status).toBe('ok');
    expect(metrics[0]!.estimate).toBeGreaterThan(0.18);
    expect(metrics[0]!.estimate).toBeLessThan(0.34);
    expect(summary).toContain('within spans of equal allocation');
  });
});

describe('what people read', () => {
  it.each<[TypedKpi, RegExp]>([
    [
      'revenue',
      /"Revenue per visitor" rose by about [\d.]+%, give or take [\d.]+%, allowing for what the same units brought in before: from [\d.]+ to [\d.]+ EUR \(2,000 units/,
    ],
    [
      'basket',
      /"Revenue per order" rose by about 2\d[\d.]*%, give or take [\d.]+%: from [\d.]+ to [\d.]+ EUR \(2,000 units/,
    ],
    [
      'calls',
      /"Calls per session" rose by about [\d.]+%, give or take [\d.]+%: from 0.\d+ to 0.\d+ per session \(2,016 exposures/,
    ],
    [
      'latency',
      /"Time on page" \(where the slowest 10% begin\) rose by about [\d.]+%, give or take [\d.]+%: from \d+ to \d+ ms/,
    ],
    ['queue', /"Jobs waiting" rose by about [\d.]+%, give or take [\d.]+%: from [\d.]+ to [\d.]+ jobs \(2,002 samples/],
  ])('%s', (kpi, sentence) => {
    expect(judged(kpi, typedMetric(kpi, 1.25)).verdict.summary).toMatch(sentence);
  });

  it('says that what the interval does not exclude may be chance, and what cannot be told', () => {
    expect(judged('revenue', typedMetric('revenue', 1.0, 300)).verdict.summary).toContain('which may be chance');
    expect(judged('queue', { ...typedMetric('queue', 1.25), days: [] }).verdict.summary).toContain(
      'cannot be told yet',
    );
  });

  it('warns that latencies of repeated users may narrow the interval', () => {
    expect(judged('latency', typedMetric('latency', 1.25)).verdict.warnings.join()).toContain(
      'counts trials, not users',
    );
    expect(judged('revenue', typedMetric('revenue', 1.25)).verdict.warnings.join()).not.toContain('not users');
  });
});

function same0(n: number): readonly (readonly [number, number])[] {
  return Array.from({ length: n }, () => [0, 0] as const);
}

function fewBuyers(buyers: number): Tally {
  return tallyOfUnits([
    ...Array.from({ length: buyers }, (_, i): readonly [number, number] => [300 + i, 1]),
    ...same0(500),
  ]);
}

function without(kpi: TypedKpi): MetricEvidence {
  return altered(kpi, (t) => withSquares({ ...t, y: 0 }, { yy: 0, yd: 0 }));
}

function withSquares(tally: Tally, sums: Partial<NonNullable<Tally['sums']>>): Tally {
  return { ...tally, sums: { ...tally.sums!, ...sums } };
}
