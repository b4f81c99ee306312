import { describe, expect, it } from 'vitest';
import { metricOf, withMetric } from '../../../test/support/decision/evidence.ts';
import { BASE } from '../../../test/support/decision/truth-table.ts';
import { tallyOfUnits } from '../../../test/support/decision/typed-evidence.ts';
import type { Tally } from '../model/tally.ts';
import type { VerdictEvidence } from '../model/verdict.ts';
import { judgeChange } from './judge-change.ts';

describe('a status KPI by its units', () => {
  const margin = { kpi: 'errors', no_worse_than: '0.5pp' } as const;
  const trials = withMetric(BASE, 'errors', metricOf('errors', { n: 4000, y: 40 }, { n: 4000, y: 100 }, 0.01));

  /** So many units an arm; each of the bad ones has `each` trials that all went wrong. */
  function withUnits(evidence: VerdictEvidence, each: number): VerdictEvidence {
    const errors = evidence.metrics.find(({ kpiId }) => kpiId === 'errors')!;
    const arm = ({ n, y }: Tally) =>
      tallyOfUnits([
        ...Array.from({ length: y / each }, (): readonly [number, number] => [each, each]),
        ...Array.from({ length: (n - y) / each }, (): readonly [number, number] => [0, each]),
      ]);
    const { off, on } = errors.strata[0]!;
    return withMetric(evidence, 'errors', { ...errors, units: [{ phaseIndex: 0, off: arm(off), on: arm(on) }] });
  }

  const resultOf = (evidence: VerdictEvidence) => {
    const { metrics, warnings } = judgeChange(evidence);
    const metric = metrics.find(({ kpiId }) => kpiId === margin.kpi)!;
    return { ...metric, isWarned: warnings.some((warning) => warning.includes('repeated users')) };
  };

  it('is as wide as its units are few, and says so by its method instead of by a warning', () => {
    const [plain, byUnits] = [resultOf(trials), resultOf(withUnits(trials, 10))];
    expect(plain).toMatchObject({ method: 'newcombe', isWarned: true, finding: 'harm_beyond_margin' });
    expect(byUnits).toMatchObject({ method: 'delta_ratio_difference', isWarned: false, finding: 'unproven' });
    expect(byUnits.estimate).toBeCloseTo(plain.estimate!, 12);
    expect((byUnits.hi! - byUnits.lo!) / (plain.hi! - plain.lo!)).toBeCloseTo(Math.sqrt(10), 0);
  });

  it('with one trial a unit, nothing changes and nothing is to be warned of', () => {
    const single = resultOf(withUnits(trials, 1));
    expect({ ...single, isWarned: true }).toEqual(resultOf(trials));
    expect(single.isWarned).toBe(false);
  });

  it('with few events, it is never narrower than by trials nor by units', () => {
    const few = withMetric(BASE, 'errors', metricOf('errors', { n: 4000, y: 40 }, { n: 4000, y: 0 }, 0.01));
    const [plain, byUnits] = [resultOf(few), resultOf(withUnits(few, 10))];
    expect(byUnits.lo).toBeLessThanOrEqual(plain.lo!);
    expect(byUnits.hi).toBeGreaterThanOrEqual(plain.hi!);
  });

  it('units that do not account for the trials are not used', () => {
    const half = withUnits(trials, 10);
    const errors = half.metrics.find(({ kpiId }) => kpiId === 'errors')!;
    const units = errors.units!.map((one) => ({ ...one, off: tallyOfUnits([[0, 10]]) }));
    expect(resultOf(withMetric(half, 'errors', { ...errors, units }))).toMatchObject({
      method: 'newcombe',
      isWarned: true,
    });
  });

  it('units with other trials, or of the other arm, are not used either', () => {
    const whole = withUnits(trials, 10);
    const errors = whole.metrics.find(({ kpiId }) => kpiId === 'errors')!;
    const [unit] = errors.units!;
    for (const units of [[unit!, unit!], [{ ...unit!, off: unit!.on, on: unit!.off }]]) {
      expect(resultOf(withMetric(whole, 'errors', { ...errors, units })).method).toBe('newcombe');
    }
  });

  it('units that cannot be fail the check of counts', () => {
    const broken = withUnits(trials, 10);
    const errors = broken.metrics.find(({ kpiId }) => kpiId === 'errors')!;
    const units = errors.units!.map((one) => ({ ...one, on: { ...one.on, y: one.on.sums!.d + 1 } }));
    expect(judgeChange(withMetric(broken, 'errors', { ...errors, units })).reasons[0]).toBe(
      'data_quality:counts:errors',
    );
  });
});
