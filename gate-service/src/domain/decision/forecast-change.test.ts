import { describe, expect, it } from 'vitest';
import { contractOf, historyOf, KPIS, START } from '../../../test/support/decision/evidence.ts';
import type { ScoredPrediction } from '../model/prediction.ts';
import { startOfMinute, WEEK_MINUTES } from '../model/time.ts';
import { type ForecastInput, forecastChange } from './forecast-change.ts';
import { type Design, powerAtMinimum, verdictOdds, weeksNeeded } from './forecast-odds.ts';

const RULE = {
  primary: { kpi: 'booking', at_least: '+10%' },
  prediction: { delta: '+15%', basis: 'usability test', uncertainty: '3%' },
};

function forecast(changes: Parameters<typeof contractOf>[0] = {}, perHour = 300, rest: Partial<ForecastInput> = {}) {
  const histories = perHour > 0 ? KPIS.map(({ id }) => historyOf(id, perHour, id === 'errors' ? 0.01 : 0.3)) : [];
  return forecastChange({
    contract: contractOf({ ...RULE, ...changes }),
    kpis: KPIS,
    histories,
    now: startOfMinute(START),
    ...rest,
  });
}

describe('forecastChange', () => {
  it('goes where the window can decide', () => {
    const { conclusion, primary, odds, adjustments, summary } = forecast();
    expect(conclusion).toBe('go');
    expect(adjustments).toEqual([]);
    expect(primary).toMatchObject({
      baseline: 0.3,
      historyWeeks: 4,
      units: 50_400,
      minimumEffect: 0.1,
      predictedEffect: 0.15,
      method: 'normal',
    });
    expect(primary.powerAtMinimum).toBeGreaterThan(0.99);
    expect(odds!.pass + odds!.fail + odds!.inconclusive).toBeCloseTo(1);
    expect(summary).toContain('pass with a chance of');
  });

  it('says when no full week of history is there, and what to send', () => {
    const { conclusion, odds, primary, adjustments } = forecast({}, 0);
    expect([conclusion, odds, primary.baseline, primary.units]).toEqual(['adjust', null, null, null]);
    expect(adjustments[0]).toContain('"quote_viewed" and "job_booked"');
  });

  it('says when the author expects less than the minimum', () => {
    const { conclusion, summary } = forecast({ prediction: { delta: '+4%', basis: 'guess' } });
    expect([conclusion, summary]).toEqual(['adjust', expect.stringContaining('+4% is under the minimum of +10%')]);
  });

  it('tells a shop with 100 jobs a week what 7 days cannot show, and what would help', () => {
    const { conclusion, primary, summary, adjustments } = forecast({}, 100 / 168);
    expect([conclusion, primary.method]).toEqual(['adjust', 'exact']);
    expect(summary).toContain('An inconclusive verdict is likely');
    expect(primary.minimumDetectableEffect).toBeGreaterThan(0.5);
    expect(adjustments.join(' ')).toMatch(/weeks of this traffic.*at least \+\d.*denser primary KPI/);
  });

  it('proposes a longer window when that is enough', () => {
    const { adjustments } = forecast({ prediction: undefined }, 12);
    expect(adjustments[0]).toMatch(/^Set window: (14|21|28)d/);
  });

  it('cannot compare where everybody gets the change and the contract wants a control group', () => {
    const { conclusion, summary } = forecast({ design: 'concurrent', rollout: { start: '100%' } });
    expect([conclusion, summary]).toEqual(['adjust', expect.stringContaining('no control group')]);
  });

  it('never goes with a prediction whose odds cannot be computed', () => {
    const { conclusion, odds, summary } = forecast({
      primary: { kpi: 'errors', at_least: '-20%' },
      prediction: { delta: '-100%', basis: 'hope' },
      guardrails: [],
    });
    expect([conclusion, odds]).toEqual(['adjust', null]);
    expect(summary).toContain('cannot be computed');
  });

  it('shows the record of earlier predictions, and the odds as it corrects them', () => {
    const past = [0.02, -0.01, 0.03, 0.01].map(
      (estimate, i): ScoredPrediction => ({
        changeId: `chg-${i}-0000000000`,
        repository: 'acme/shop',
        kpiId: 'booking',
        madeAt: i,
        predictedGain: 0.1,
        scale: 'relative',
        odds: { pass: 0.8, fail: 0.1, inconclusive: 0.1 },
        outcome: 'fail',
        measured: { estimate, lo: estimate - 0.01, hi: estimate + 0.01 },
        brier: 1.46,
      }),
    );
    const { primary, odds, oddsCorrected } = forecast({}, 300, { predictions: past });
    expect(primary.record).toMatchObject({ count: 4, inDirection: 3, brierReference: 0 });
    expect(primary.record!.medianRatio).toBeCloseTo(0.15, 12);
    expect(primary.record!.brier).toBeCloseTo(1.46, 12);
    expect(primary.record!.correctedEffect).toBeGreaterThan(0.05);
    expect(primary.record!.correctedEffect).toBeLessThan(0.09);
    expect(oddsCorrected!.pass).toBeLessThan(odds!.pass);
    const alone = forecast();
    expect([alone.primary.record, alone.oddsCorrected]).toEqual([null, null]);
    expect(alone.odds).toEqual(odds);
  });

  it('writes effects with the good sign of the KPI', () => {
    const { summary, primary } = forecast({
      primary: { kpi: 'errors', at_least: '-20%' },
      prediction: { delta: '-10%', basis: 'load test' },
      guardrails: [],
    });
    expect(primary).toMatchObject({ minimumEffect: 0.2, predictedEffect: 0.1 });
    expect(summary).toContain('-10% is under the minimum of -20%');
  });

  it('tells how soon the watch notices, conversion time included', () => {
    const { detection } = forecast();
    expect(detection.map(({ kpiId }) => kpiId)).toEqual(['booking', 'started', 'errors']);
    const [booking, started] = detection;
    expect(booking!.minutes! - started!.minutes!).toBe(24 * 60);
    expect(started!.unitsHarmed).toBeGreaterThan(0);
  });

  it('replays fast rules on history by minute', () => {
    const from = START - 2 * WEEK_MINUTES;
    const minutes = Array.from({ length: 2 * WEEK_MINUTES }, (_, i) => ({
      minute: from + i,
      n: 10,
      y: i >= 5000 && i < 5100 ? 4 : 0,
    }));
    const historyMinutes = [{ kpiId: 'errors', from, to: START, minutes }];
    const fast = [{ kpi: 'errors', above: '5%', for: '15m' as const }];
    expect(forecast({ fast }, 300, { historyMinutes }).fastRules).toEqual([{ kpiId: 'errors', firingsPerWeek: 0.5 }]);
    expect(forecast({ fast }).fastRules).toEqual([{ kpiId: 'errors', firingsPerWeek: null }]);
  });

  it('refuses a primary KPI without a definition', () => {
    expect(() => forecastChange({ contract: contractOf(), kpis: [], histories: [], now: 0 })).toThrowError(
      expect.objectContaining({ code: 'invalid_input' }),
    );
  });
});

describe('verdictOdds', () => {
  const small: Design = {
    direction: 'increase_is_good',
    scale: 'absolute',
    rule: 'meets_minimum',
    baseline: 0.4,
    nA: 30,
    nB: 30,
    minEffect: 0.1,
    margin: 0,
  };

  it('enumerates small arms through the real verdict: scipy.stats.binom over both arms, Newcombe intervals', () => {
    const { pass, fail, inconclusive } = verdictOdds(small, 0, 0);
    expect(pass).toBeCloseTo(0.045375477894356975, 8);
    expect(fail).toBeCloseTo(0.20157091538849417, 8);
    expect(inconclusive).toBeCloseTo(0.753053606717047, 8);
  });

  it('agrees between its two methods where they meet', () => {
    const at = (n: number) => verdictOdds({ ...small, nA: n, nB: n }, 0.12, 0.05);
    expect(Math.abs(at(99).pass - at(100).pass)).toBeLessThan(0.05);
    expect(Math.abs(at(99).fail - at(100).fail)).toBeLessThan(0.05);
  });

  it('has more power and needs less time with more units', () => {
    const at = (n: number) => ({ ...small, nA: n, nB: n });
    const power = [30, 90, 300, 3000].map((n) => powerAtMinimum(at(n))!);
    expect(power.toSorted((left, right) => left - right)).toEqual(power);
    expect(weeksNeeded(at(400), 1)).toBe(1);
    expect(weeksNeeded(at(30), 1)).toBeGreaterThan(8);
    expect(weeksNeeded({ ...small, minEffect: 0 }, 1)).toBeNull();
  });
});
