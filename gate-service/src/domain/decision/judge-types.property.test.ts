import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TYPED_IDS, type TypedKpi, typedEvidence, typedMetric } from '../../../test/support/decision/typed-evidence.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import { NO_SUMS, type Tally } from '../model/tally.ts';
import type { MetricEvidence, VerdictEvidence } from '../model/verdict.ts';
import { judgeChange } from './judge-change.ts';

const RANK = { fail: 0, inconclusive: 1, pass: 2 } as const;
const kpis = fc.constantFrom(...TYPED_IDS);
const factors = fc.integer({ min: 70, max: 140 }).map((percent) => percent / 100);

describe('judgeChange properties of the types', () => {
  it('more harm never improves a verdict', () => {
    fc.assert(
      fc.property(kpis, factors, fc.integer({ min: 1, max: 30 }), (kpi, factor, percent) => {
        const at = (level: number) => RANK[judgeChange(typedEvidence(kpi, typedMetric(kpi, level, 600))).verdict];
        expect(at(factor * (1 - percent / 100))).toBeLessThanOrEqual(at(factor));
      }),
      { numRuns: 60 },
    );
  });

  it('taking data away never turns a verdict into pass', () => {
    const remove: readonly ((metric: MetricEvidence) => MetricEvidence)[] = [
      (metric) => ({ ...metric, strata: [] }),
      (metric) => withArm(metric, 'on', () => EMPTY),
      (metric) => withArm(metric, 'off', () => EMPTY),
      (metric) => withArm(metric, 'on', ({ n, y }) => ({ n, y: y + 1 })),
      (metric) => withArm(metric, 'off', (tally) => ({ ...tally, n: Math.ceil(tally.n / 2) })),
      (metric) => ({ ...metric, activeHours: metric.activeHours.slice(30) }),
      (metric) => ({ ...metric, strata: metric.strata.map((one) => ({ ...one, phaseIndex: 9 })) }),
    ];
    fc.assert(
      fc.property(kpis, factors, fc.nat(remove.length - 1), (kpi, factor, which) => {
        // Without sums and histograms a rate has nothing to lose in the fourth; its hours stand for them.
        const full = typedMetric(kpi, factor, 600);
        const less = kpi === 'calls' && which === 3 ? { ...full, hours: [] } : remove[which]!(full);
        const evidence = { ...typedEvidence(kpi, full), metrics: [less] };
        expect(judgeChange(evidence).verdict).not.toBe('pass');
      }),
      { numRuns: 120 },
    );
  });

  it('a number that is not one, anywhere in the evidence of a KPI, never passes unless nothing depends on it', () => {
    // What looks consumed is compared by its trials alone; which hour a rate's events fell into decides nothing.
    const harmless = /logWealth|history\.weeks|hours\.\d+\.hour$|consumed\.\w+\.(sums|histogram)/;
    for (const kpi of TYPED_IDS) {
      const evidence = typedEvidence(kpi, typedMetric(kpi, 1.25));
      expect(judgeChange(evidence).verdict).toBe('pass');
      const paths = numbersIn(evidence.metrics[0]).filter((path) => !harmless.test(path.join('.')));
      const kinds = new Map(
        paths.map((path) => [path.map((key) => (Number.isInteger(Number(key)) ? '*' : key)).join('.'), path]),
      );
      const passed = [...kinds].filter(([, path]) => {
        const metric = replaceAt(evidence.metrics[0], path, Number.NaN) as MetricEvidence;
        return judgeChange({ ...evidence, metrics: [metric] }).verdict === 'pass';
      });
      expect([kpi, passed.map(([kind]) => kind)]).toEqual([kpi, []]);
      expect(kinds.size).toBeGreaterThan(8);
    }
  });

  it('the unit of the amounts changes nothing but the levels', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<TypedKpi>('revenue', 'basket', 'queue'),
        factors,
        fc.integer({ min: 2, max: 500 }),
        (kpi, factor, by) => {
          const evidence = typedEvidence(kpi, typedMetric(kpi, factor, 400));
          const [plain, large] = [judgeChange(evidence), judgeChange(inUnit(evidence, by))];
          expect({ ...large, summary: '', metrics: [] }).toEqual({ ...plain, summary: '', metrics: [] });
          const [before, after] = [plain.metrics[0]!, large.metrics[0]!];
          expect({ ...after, levels: before.levels }).toEqual(before);
          expect(after.levels.control).toBeCloseTo(before.levels.control! * by, 6);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is not moved by the order of hours, days and phases', () => {
    for (const kpi of TYPED_IDS) {
      const metric = typedMetric(kpi, 1.1, 400);
      const backwards = {
        ...metric,
        ...(metric.hours && { hours: metric.hours.toReversed() }),
        ...(metric.days && { days: metric.days.toReversed() }),
      };
      const [one, other] = [judgeChange(typedEvidence(kpi, metric)), judgeChange(typedEvidence(kpi, backwards))];
      expect(other.metrics[0]!.lo).toBeCloseTo(one.metrics[0]!.lo!, 12);
    }
  });
});

const EMPTY: Tally = { n: 0, y: 0, sums: NO_SUMS };

function withArm(metric: MetricEvidence, arm: 'off' | 'on', change: (tally: Tally) => Tally): MetricEvidence {
  const altered = <Row extends { off: Tally; on: Tally }>(row: Row): Row => ({ ...row, [arm]: change(row[arm]) });
  return {
    ...metric,
    strata: metric.strata.map(altered),
    ...(metric.hours && { hours: metric.hours.map(altered) }),
    ...(metric.days && { days: metric.days.map(altered) }),
  };
}

/** The same amounts told in a unit of which one is `by` times as many: the steps stay what they are. */
function inUnit(evidence: VerdictEvidence, by: number): VerdictEvidence {
  const scaled = (kpi: Kpi): Kpi => {
    const { measure } = kpi;
    const amount = <One extends { cap: number; step: number }>(one: One): One => ({
      ...one,
      cap: one.cap * by,
      step: one.step * by,
    });
    if (measure.type === 'mean' || measure.type === 'gauge')
      return { ...kpi, measure: { ...measure, amount: amount(measure.amount) } };
    return measure.type === 'ratio' ? { ...kpi, measure: { ...measure, numerator: amount(measure.numerator) } } : kpi;
  };
  return { ...evidence, change: { ...evidence.change, kpis: evidence.change.kpis.map(scaled) } };
}

type Path = readonly (string | number)[];

function numbersIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === 'number') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, [...path, key]));
}

function replaceAt(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, i) => (String(i) === String(key) ? replaceAt(inner, rest, by) : inner));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaceAt(record[key], rest, by) };
}
