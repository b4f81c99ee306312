import { describe, expect, it } from 'vitest';
import { armsOf, cohortEvidence, metricByCohort } from '../../../test/support/decision/cohort-evidence.ts';
import { evidenceOf, metricOf } from '../../../test/support/decision/evidence.ts';
import { TYPED_KPIS, tallyOfUnits, typedMetric } from '../../../test/support/decision/typed-evidence.ts';
import { NO_SUMS } from '../model/tally.ts';
import type { KpiSegments, MetricEvidence, VerdictEvidence } from '../model/verdict.ts';
import { adjustPValues } from '../statistics/adjust-p-values.ts';
import { normalSf } from '../statistics/distributions.ts';
import { judgeChange } from './judge-change.ts';

const COHORTS = ['new', 'returning'];
const ONE_SIDED = {
  new: armsOf([2000, 400], [2000, 520]),
  returning: armsOf([2000, 400], [2000, 404]),
  '': armsOf([100, 20], [100, 21]),
};

function segmentsFor(evidence: VerdictEvidence, kpiId = 'booking'): KpiSegments {
  return judgeChange(evidence).segments!.find((one) => one.kpiId === kpiId)!;
}

const bookingBy = (cohorts: Parameters<typeof metricByCohort>[1]) =>
  cohortEvidence(COHORTS, [metricByCohort('booking', cohorts)]);

describe('segments', () => {
  it('are there only when the contract declares cohorts', () => {
    expect(judgeChange(evidenceOf())).not.toHaveProperty('segments');
    expect(segmentsFor(bookingBy(ONE_SIDED)).note).toBeNull();
  });

  it('show where an effect is: as declared, the others last, with the part that each brought', () => {
    const { cohorts, heterogeneity, scale } = segmentsFor(bookingBy(ONE_SIDED));
    expect(scale).toBe('relative');
    expect(cohorts.map(({ cohort, finding }) => [cohort, finding])).toEqual([
      ['new', 'stands_out'],
      ['returning', 'no_difference_shown'],
      ['', 'no_difference_shown'],
    ]);
    const [first, second, others] = cohorts;
    expect(first).toMatchObject({ estimate: expect.closeTo(0.3, 10), control: { n: 2000, y: 400 } });
    expect(first!.lo! < 0.3 && first!.lo! > 0 && first!.hi! > 0.3).toBe(true);
    // Bookings gained: 120, 4 and 1.
    expect([first!.share, second!.share, others!.share]).toEqual([
      expect.closeTo(120 / 125, 10),
      expect.closeTo(4 / 125, 10),
      expect.closeTo(1 / 125, 10),
    ]);
    expect(heterogeneity).toBeLessThan(0.05);
  });

  it('sign a loss, of a KPI that should fall too, and count it by its size', () => {
    const errors = metricByCohort('errors', {
      new: armsOf([4000, 40], [4000, 100]),
      returning: armsOf([4000, 80], [4000, 60]),
    });
    const { cohorts, scale } = segmentsFor(cohortEvidence(COHORTS, [errors]), 'errors');
    expect(scale).toBe('absolute');
    expect(cohorts.map(({ estimate, share }) => [estimate, share])).toEqual([
      [expect.closeTo(-0.015, 10), expect.closeTo(-60 / 80, 10)],
      [expect.closeTo(0.005, 10), expect.closeTo(20 / 80, 10)],
    ]);
  });

  it('have q-values over all segments of all metrics together', () => {
    const errors = metricByCohort('errors', {
      new: armsOf([4000, 40], [4000, 61]),
      returning: armsOf([4000, 40], [4000, 41]),
    });
    const { segments } = judgeChange(cohortEvidence(COHORTS, [metricByCohort('booking', ONE_SIDED), errors]));
    const all = segments!.flatMap(({ cohorts, scale }) => cohorts.map((one) => ({ ...one, scale })));
    const pValues = all.map(({ scale, estimate, lo, hi }) => {
      const [b, l, h] = [estimate!, lo!, hi!].map((value) => (scale === 'relative' ? Math.log1p(value) : value));
      return 2 * normalSf(Math.abs(b! / ((h! - l!) / (2 * 1.6448536269514722))));
    });
    const expected = adjustPValues(pValues, 'bh');
    expect(all.map(({ q }) => q)).toEqual(expected.map((q) => expect.closeTo(q, 10)));
    for (const { q, finding } of all) expect(finding === 'stands_out').toBe(q! < 0.1);
  });

  it('give no answer for a cohort that nobody was in, and keep it out of the family', () => {
    const { new: known } = ONE_SIDED;
    const evidence = bookingBy({ new: known });
    const { cohorts, heterogeneity } = segmentsFor(evidence);
    expect(cohorts[1]).toMatchObject({
      cohort: 'returning',
      finding: 'no_answer',
      estimate: null,
      q: null,
      share: null,
    });
    expect(cohorts[0]!.share).toBe(1);
    expect(heterogeneity).toBeNull();
    const alone = segmentsFor(cohortEvidence(['new'], evidence.metrics)).cohorts[0];
    expect(cohorts[0]!.q).toBe(alone!.q);
  });

  it('leave phases out that served one variant only', () => {
    const base = bookingBy({ new: armsOf([1000, 200], [1000, 240]) });
    const booking = base.metrics.find(({ kpiId }) => kpiId === 'booking')!;
    const late = armsOf([0, 0], [500, 500]);
    const evidence: VerdictEvidence = {
      ...base,
      phases: [...base.phases, { index: 1, cause: 'person', share: 1, startMinute: 1e9, endMinute: null }],
      metrics: [
        {
          ...booking,
          strata: [...booking.strata, { phaseIndex: 1, minutes: 10, ...late }],
          cohorts: [...booking.cohorts!, { phaseIndex: 1, cohort: 'new', ...late }],
        },
      ],
    };
    expect(segmentsFor(evidence).cohorts[0]).toMatchObject({
      treatment: { n: 1000, y: 240 },
      estimate: expect.closeTo(0.2),
    });
  });

  const changed = (change: (metric: MetricEvidence) => MetricEvidence) => {
    const evidence = bookingBy(ONE_SIDED);
    return {
      ...evidence,
      metrics: evidence.metrics.map((metric) => (metric.kpiId === 'booking' ? change(metric) : metric)),
    };
  };
  const MISFIT = 'The cohorts do not add up to the totals that were judged.';

  it.each<[string, VerdictEvidence, string]>([
    ['no rows', changed(({ cohorts: _gone, ...metric }) => metric), 'There is no data by cohort.'],
    ['no metric', { ...bookingBy(ONE_SIDED), metrics: [] }, 'There is no data by cohort.'],
    ['a row missing', changed((metric) => ({ ...metric, cohorts: metric.cohorts!.slice(1) })), MISFIT],
    ['a row twice', changed((metric) => ({ ...metric, cohorts: [...metric.cohorts!, metric.cohorts![0]!] })), MISFIT],
    [
      'an empty row twice',
      changed((metric) => ({
        ...metric,
        cohorts: [...metric.cohorts!, { ...metric.cohorts![0]!, ...armsOf([0, 0], [0, 0]) }],
      })),
      MISFIT,
    ],
    [
      'a cohort that nobody declared',
      changed((metric) => ({
        ...metric,
        cohorts: metric.cohorts!.map((row) => ({ ...row, cohort: `${row.cohort}!` })),
      })),
      MISFIT,
    ],
    [
      'a row of another phase',
      changed((metric) => ({ ...metric, cohorts: metric.cohorts!.map((row) => ({ ...row, phaseIndex: 1 })) })),
      MISFIT,
    ],
    [
      'broken counts',
      changed((metric) => ({
        ...metric,
        cohorts: metric.cohorts!.map((row) => ({ ...row, off: { n: Number.NaN, y: 1 } })),
      })),
      MISFIT,
    ],
    [
      'a source',
      changed((metric) => ({
        ...metric,
        source: { name: 'p', queries: [], facts: [], answeredShare: 1, failure: null, disagreement: null },
      })),
      'Its source is asked for totals only.',
    ],
    [
      'weeks before',
      cohortEvidence(COHORTS, [metricByCohort('booking', ONE_SIDED)], { design: 'before_after' }),
      'The weeks before are not kept by cohort.',
    ],
  ])('say why there are none: %s', (_, evidence, note) => {
    expect(segmentsFor(evidence)).toMatchObject({ cohorts: [], heterogeneity: null, note });
  });

  it('break down means and ratios, by their own method, and no rates, quantiles and gauges', () => {
    const whole = typedMetric('basket', 1.2, 1000);
    const { off, on } = whole.strata[0]!;
    const ratio: MetricEvidence = { ...whole, cohorts: [{ phaseIndex: 0, cohort: 'new', off, on }] };
    const base = cohortEvidence(['new'], [ratio], {
      primary: { kpi: 'basket', at_least: '+5%' },
      leading: undefined,
      guardrails: [],
    });
    const evidence = { ...base, change: { ...base.change, kpis: TYPED_KPIS } };
    const verdict = judgeChange(evidence);
    const [metric, segment] = [verdict.metrics[0]!, verdict.segments![0]!.cohorts[0]!];
    expect([segment.estimate, segment.lo, segment.hi]).toEqual([metric.estimate, metric.lo, metric.hi]);
    const rate = cohortEvidence(['new'], [typedMetric('calls', 1.1)], {
      primary: { kpi: 'calls', at_least: '+5%' },
      leading: undefined,
      guardrails: [],
    });
    const rated = { ...rate, change: { ...rate.change, kpis: TYPED_KPIS } };
    expect(segmentsFor(rated, 'calls').note).toBe('A KPI of the type rate is not kept by cohort.');
  });

  it('widen each cohort of a status KPI as much as its units widen the whole', () => {
    const plain = metricByCohort('errors', { new: armsOf([4000, 400], [4000, 420]) });
    const units = (bad: number) =>
      tallyOfUnits([
        ...Array.from({ length: bad / 10 }, (): [number, number] => [10, 10]),
        ...Array.from({ length: (4000 - bad) / 10 }, (): [number, number] => [0, 10]),
      ]);
    const clustered = { ...plain, units: [{ phaseIndex: 0, off: units(400), on: units(420) }] };
    const [by, all] = [plain, clustered].map((metric) => {
      const verdict = judgeChange(cohortEvidence(['new'], [metric]));
      const { cohorts } = verdict.segments!.find(({ kpiId }) => kpiId === 'errors')!;
      return { segment: cohorts[0]!, metric: verdict.metrics.find(({ kpiId }) => kpiId === 'errors')! };
    });
    expect(all!.segment.hi! - all!.segment.lo!).toBeCloseTo(all!.metric.hi! - all!.metric.lo!, 3);
    expect(all!.segment.hi! - all!.segment.lo!).toBeGreaterThan(2 * (by!.segment.hi! - by!.segment.lo!));
    expect(all!.segment.estimate).toBe(by!.segment.estimate);
  });

  it('answer nothing where units hang together and do not tell how much', () => {
    const plain = metricByCohort('errors', { new: armsOf([4000, 400], [4000, 420]) });
    // Two units an arm made all of the trials.
    const units = { n: 2, y: 400, sums: { ...NO_SUMS, yy: 80_000, d: 4000, dd: 8e6, yd: 800_000 } };
    const metric = {
      ...plain,
      units: [
        { phaseIndex: 0, off: units, on: { ...units, y: 420, sums: { ...units.sums, yy: 88_200, yd: 840_000 } } },
      ],
    };
    const segment = segmentsFor(cohortEvidence(['new'], [metric]), 'errors').cohorts[0];
    expect(segment).toMatchObject({ status: 'insufficient', q: null, finding: 'no_answer' });
  });

  it('count metrics with a role only', () => {
    const evidence = cohortEvidence(COHORTS, [
      metricByCohort('booking', ONE_SIDED),
      metricOf('started', { n: 9, y: 1 }, { n: 9, y: 1 }),
    ]);
    expect(judgeChange(evidence).segments!.map(({ kpiId }) => kpiId)).toEqual(['booking', 'errors']);
  });
});
