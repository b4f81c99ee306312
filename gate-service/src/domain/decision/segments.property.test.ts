import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { armsOf, cohortEvidence, metricByCohort } from '../../../test/support/decision/cohort-evidence.ts';
import { type SeededRandom, seededRandom } from '../../../test/support/seeded-random.ts';
import type { TallyByVariant } from '../model/tally.ts';
import type { MetricEvidence, VerdictEvidence } from '../model/verdict.ts';
import { judgeChange } from './judge-change.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];

describe('segments decide nothing', () => {
  const arm = fc.nat(600).chain((n) => fc.tuple(fc.constant(n), fc.nat(n)));
  const arms = fc.tuple(arm, arm).map(([off, on]) => armsOf(off, on));
  const cohorts = fc.dictionary(fc.constantFrom(...NAMES, ''), arms);
  /** What may be wrong with them. */
  const breakage = fc.constantFrom<(metric: MetricEvidence) => MetricEvidence>(
    (metric) => metric,
    (metric) => ({ ...metric, cohorts: [] }),
    (metric) => ({ ...metric, cohorts: (metric.cohorts ?? []).slice(1) }),
    (metric) => ({ ...metric, cohorts: [...(metric.cohorts ?? []), ...(metric.cohorts ?? [])] }),
    (metric) => ({
      ...metric,
      cohorts: (metric.cohorts ?? []).map((row) => ({ ...row, on: { n: Number.NaN, y: Number.POSITIVE_INFINITY } })),
    }),
  );

  it('the rest of the verdict is the same with any, with broken ones, and without', () => {
    const pass = { pass: 0, fail: 0, inconclusive: 0 };
    fc.assert(
      fc.property(cohorts, cohorts, breakage, fc.boolean(), (booking, errors, broken, isStrong) => {
        const strong = {
          ...booking,
          a: isStrong ? armsOf([2000, 300], [2000, 500]) : armsOf([2000, 400], [2000, 400]),
        };
        const safe = { ...errors, a: armsOf([90_000, 900], [90_000, 900]) };
        const metrics = [metricByCohort('booking', strong), metricByCohort('errors', safe)];
        const { segments, ...verdict } = judgeChange(cohortEvidence(NAMES, metrics.map(broken)));
        expect(segments).toHaveLength(2);
        expect(JSON.parse(JSON.stringify(segments))).toEqual(segments);
        pass[verdict.verdict] += 1;
        expect(verdict).toEqual(judgeChange(withoutCohorts(cohortEvidence(NAMES, metrics))));
      }),
      { numRuns: 300 },
    );
    expect(pass.pass).toBeGreaterThan(20);
    expect(pass.inconclusive).toBeGreaterThan(20);
  });

  it('shares have sizes that add up to 1, and q-values stand out only below .10', () => {
    fc.assert(
      fc.property(cohorts, (booking) => {
        const { segments } = judgeChange(cohortEvidence(NAMES, [metricByCohort('booking', booking)]));
        const all = segments!.find(({ kpiId }) => kpiId === 'booking')!.cohorts;
        const shares = all.flatMap(({ share }) => (share === null ? [] : [Math.abs(share)]));
        if (shares.length > 0) expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const { q, finding, estimate, lo, hi } of all) {
          expect(finding).toBe(q === null ? 'no_answer' : q < 0.1 ? 'stands_out' : 'no_difference_shown');
          if (q !== null) expect(lo! <= estimate! && estimate! <= hi!).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function withoutCohorts(evidence: VerdictEvidence): VerdictEvidence {
  const { cohorts: _declared, ...contract } = evidence.change.contract;
  const metrics = evidence.metrics.map(({ cohorts: _rows, ...metric }) => metric);
  return { ...evidence, change: { ...evidence.change, contract }, metrics };
}

describe('where nothing changed, a change shows a cohort that stands out in one of ten cases at most', () => {
  const CHANGES = 2000;
  const LIMIT = 0.1 + 3 * Math.sqrt((0.1 * 0.9) / CHANGES);

  function standOuts(seed: number, metricsOf: (random: SeededRandom) => readonly MetricEvidence[]): number {
    const random = seededRandom(seed);
    let found = 0;
    for (let i = 0; i < CHANGES; i++) {
      const { segments = [] } = judgeChange(cohortEvidence(NAMES, metricsOf(random)));
      const all = segments.flatMap(({ cohorts }) => cohorts);
      if (all.some(({ finding }) => finding === 'stands_out')) found += 1;
    }
    return found / CHANGES;
  }

  const proportion = (kpiId: string, n: number, rates: readonly number[]) => (random: SeededRandom) => {
    const cohort = (rate: number): TallyByVariant =>
      armsOf([n, random.binomial(n, rate)], [n, random.binomial(n, rate)]);
    return metricByCohort(kpiId, Object.fromEntries(NAMES.map((name, i) => [name, cohort(rates[i]!)])));
  };
  const RATES = [0.05, 0.1, 0.2, 0.4, 0.6];

  it.each<[string, number, readonly number[]]>([
    ['five cohorts of 400 an arm', 400, RATES],
    ['five cohorts of 60 an arm', 60, RATES],
    ['five cohorts of 5000 an arm with few events', 5000, [0.002, 0.002, 0.004, 0.004, 0.01]],
  ])('relative effects, %s', (_, n, rates) => {
    const booking = proportion('booking', n, rates);
    const share = standOuts(11, (random) => [booking(random)]);
    expect(share).toBeLessThanOrEqual(LIMIT);
    expect(share).toBeGreaterThan(0);
  });

  it('relative and absolute effects of two metrics in one family', () => {
    const [booking, errors] = [
      proportion('booking', 400, RATES),
      proportion('errors', 2000, [0.01, 0.01, 0.02, 0.02, 0.04]),
    ];
    const share = standOuts(12, (random) => [booking(random), errors(random)]);
    expect(share).toBeLessThanOrEqual(LIMIT);
    expect(share).toBeGreaterThan(0.04);
  });
});
