import { describe, expect, it } from 'vitest';
import { evidenceOf, historyOf, KPIS, metricOf, withMetric } from '../../../test/support/decision/evidence.ts';
import { withContract } from '../../../test/support/decision/truth-table.ts';
import { typedEvidence, typedMetric } from '../../../test/support/decision/typed-evidence.ts';
import { WEEK_MINUTES } from '../model/time.ts';
import { judgeChange } from './judge-change.ts';
import { adviceOn } from './small-sample.ts';

const booking = { kpi: KPIS.find(({ id }) => id === 'booking')! };
const errors = { kpi: KPIS.find(({ id }) => id === 'errors')! };
const arms = (off: number, on: number, n = 15) => ({ off: { n, y: off }, on: { n, y: on } });
const advice = (one: typeof booking, off: number, on: number) =>
  adviceOn(one, arms(off, on), historyOf(one.kpi.id, 30 / 168, 0.4), WEEK_MINUTES);

describe('adviceOn', () => {
  it('keeps what looks better and reverts what looks worse, whichever way is good', () => {
    expect(advice(booking, 6, 10)).toMatchObject({ kpiId: 'booking', advice: 'keep' });
    expect(advice(booking, 6, 2)).toMatchObject({ advice: 'revert' });
    expect(advice(errors, 6, 2)).toMatchObject({ kpiId: 'errors', advice: 'keep' });
    expect(advice(errors, 6, 2)!.pGain).toBeGreaterThan(0.5);
  });

  it('counts losses over the jobs of both arms in a week', () => {
    const one = advice(booking, 6, 10)!;
    const half = adviceOn(booking, arms(6, 10), historyOf('booking', 30 / 168, 0.4), 2 * WEEK_MINUTES)!;
    expect(half.lossKeep).toBeCloseTo(one.lossKeep / 2, 12);
    expect(one.lossRevert).toBeGreaterThan(one.lossKeep);
  });

  it('reads eight weeks at the most', () => {
    const long = historyOf('booking', 30 / 168, 0.4, 12);
    const old = { ...long, weeks: long.weeks.map((week, i) => (i < 4 ? { ...week, total: { n: 30, y: 30 } } : week)) };
    expect(adviceOn(booking, arms(6, 10), old, WEEK_MINUTES)).toEqual(
      adviceOn(booking, arms(6, 10), historyOf('booking', 30 / 168, 0.4, 8), WEEK_MINUTES),
    );
  });

  it('says nothing where the interval speaks for itself, without a trial, or without anything to compare with', () => {
    const history = historyOf('booking', 30 / 168, 0.4);
    expect(adviceOn(booking, arms(80, 90, 200), history, WEEK_MINUTES)).toBeNull();
    expect(adviceOn(booking, arms(80, 90, 199), history, WEEK_MINUTES)).not.toBeNull();
    expect(adviceOn(booking, { ...arms(6, 0), on: { n: 0, y: 0 } }, history, WEEK_MINUTES)).toBeNull();
    expect(adviceOn(booking, { ...arms(0, 6), off: { n: 0, y: 0 } }, null, WEEK_MINUTES)).toBeNull();
    expect(adviceOn(booking, { ...arms(0, 6), on: { n: 15, y: Number.NaN } }, history, WEEK_MINUTES)).toBeNull();
  });
});

describe('advice beside a verdict', () => {
  const small = (control: number, treatment: number) => {
    const evidence = withContract(
      { guardrails: [], leading: undefined, primary: { kpi: 'booking', at_least: '+5pp' } },
      { ...evidenceOf(), exposures: [{ phaseIndex: 0, off: 60, on: 60 }], exposedUnits: 120 },
    );
    const few = metricOf('booking', { n: 60, y: control }, { n: 60, y: treatment }, 0.4);
    return judgeChange(withMetric({ ...evidence, metrics: [] }, 'booking', few));
  };

  it('stands beside an inconclusive verdict on few trials only', () => {
    expect(small(24, 27)).toMatchObject({ verdict: 'inconclusive', advice: { kpiId: 'booking', advice: 'keep' } });
    expect(small(24, 55)).toMatchObject({ verdict: 'pass', advice: null });
    expect(judgeChange(typedEvidence('revenue', typedMetric('revenue', 1.04, 100)))).toMatchObject({
      verdict: 'inconclusive',
      advice: null,
    });
  });

  it('mends no broken data', () => {
    const { advice: none, reasons } = judgeChange({ ...evidenceOf(), multiExposedUnits: 900 });
    expect([reasons[0], none]).toEqual(['data_quality:multi_exposure', null]);
  });
});
