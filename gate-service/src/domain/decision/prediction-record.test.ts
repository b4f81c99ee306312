import { describe, expect, it } from 'vitest';
import type { Odds } from '../model/forecast.ts';
import type { ScoredPrediction } from '../model/prediction.ts';
import type { MetricResult, Verdict } from '../model/verdict.ts';
import { brierScore, scorePrediction, shownRecord, trackRecord } from './prediction-record.ts';

const ODDS: Odds = { pass: 0.6, fail: 0.1, inconclusive: 0.3 };

function prediction(predicted: number, measured: number | null, changes: Partial<ScoredPrediction> = {}, half = 0) {
  return {
    changeId: 'chg-1-0000000001',
    repository: 'acme/shop',
    kpiId: 'booking',
    madeAt: 1,
    predictedGain: predicted,
    scale: 'relative',
    odds: null,
    outcome: 'pass',
    measured: measured === null ? null : { estimate: measured, lo: measured - half, hi: measured + half },
    brier: null,
    ...changes,
  } satisfies ScoredPrediction;
}

describe('brierScore', () => {
  it('is the squared distance to what happened: 0 for sure and right, 2 for sure and wrong', () => {
    const sure = { pass: 1, fail: 0, inconclusive: 0 };
    expect([brierScore(sure, 'pass'), brierScore(sure, 'fail')]).toEqual([0, 2]);
    expect(brierScore(ODDS, 'inconclusive')).toBeCloseTo(0.6 ** 2 + 0.1 ** 2 + 0.7 ** 2, 12);
  });

  it('has no score for what are no odds', () => {
    expect(brierScore({ ...ODDS, pass: Number.NaN }, 'pass')).toBeNull();
    expect(brierScore({ pass: 1.2, fail: -0.2, inconclusive: 0 }, 'pass')).toBeNull();
    expect(brierScore({ ...ODDS, fail: 0.2 }, 'pass')).toBeNull();
  });
});

describe('scorePrediction', () => {
  const result = {
    kpiId: 'booking',
    roles: ['primary'],
    scale: 'relative',
    status: 'ok',
    estimate: 0.04,
    lo: 0.01,
    hi: 0.07,
  } as unknown as MetricResult;
  const verdict: Pick<Verdict, 'verdict' | 'metrics' | 'quality'> = { verdict: 'pass', metrics: [result], quality: [] };
  const primary = { kpiId: 'booking', scale: 'relative', predictedEffect: 0.08 } as const;

  it('holds the prediction and its odds against the verdict', () => {
    expect(scorePrediction({ primary, odds: ODDS }, verdict)).toEqual({
      kpiId: 'booking',
      predictedGain: 0.08,
      scale: 'relative',
      odds: ODDS,
      outcome: 'pass',
      measured: { estimate: 0.04, lo: 0.01, hi: 0.07 },
      brier: brierScore(ODDS, 'pass'),
    });
  });

  it('scores a prediction without odds, and nothing without a prediction', () => {
    expect(scorePrediction({ primary, odds: null }, verdict)).toMatchObject({ odds: null, brier: null });
    expect(scorePrediction({ primary: { ...primary, predictedEffect: null }, odds: ODDS }, verdict)).toBeNull();
  });

  it.each([
    ['failed data-quality check', { quality: [{ check: 'srm', status: 'failed', detail: '' } as const] }],
    ['estimate that is none', { metrics: [{ ...result, status: 'insufficient' as const }] }],
    ['unbounded interval', { metrics: [{ ...result, hi: null }] }],
    ['other scale', { metrics: [{ ...result, scale: 'absolute' as const }] }],
    ['other KPI', { metrics: [{ ...result, kpiId: 'errors' }] }],
  ])('measures nothing from a verdict with a %s', (_, changes) => {
    expect(scorePrediction({ primary, odds: ODDS }, { ...verdict, ...changes })).toMatchObject({ measured: null });
  });
});

describe('trackRecord', () => {
  it('is none before anything was measured', () => {
    expect(trackRecord([])).toBeNull();
    expect(trackRecord([prediction(0.1, null)])).toBeNull();
    expect(shownRecord(null, 0.1)).toBeNull();
  });

  it('counts directions and takes the median, whichever way the KPI is good', () => {
    const past = [prediction(0.1, 0.05), prediction(0.2, -0.02), prediction(-0.1, -0.02), prediction(0.1, 0.3)];
    expect(trackRecord(past)).toMatchObject({ count: 4, inDirection: 3, medianRatio: 0.35 });
  });

  it('corrects nothing with two predictions, and half-way with three that came to nothing', () => {
    const none = [prediction(0.1, 0), prediction(0.1, 0)];
    expect(shownRecord(trackRecord(none), 0.2)).toMatchObject({ count: 2, correctedEffect: null });
    expect(shownRecord(trackRecord([...none, prediction(0.1, 0)]), 0.2)?.correctedEffect).toBeCloseTo(0.1, 12);
    expect(shownRecord(trackRecord([...none, prediction(0.1, 0)]), null)).toMatchObject({ correctedEffect: null });
  });

  it('learns little from measurements that noise drowns, and never promises more than the author', () => {
    const factor = (half: number, ratio: number) =>
      trackRecord(Array.from({ length: 3 }, () => prediction(0.1, 0.1 * ratio, {}, half)))?.factor ?? Number.NaN;
    expect(factor(0, 0)).toBeCloseTo(0.5, 12);
    expect(factor(0.05, 0)).toBeGreaterThan(factor(0, 0));
    expect(factor(1, 0)).toBeGreaterThan(0.98);
    expect(factor(0, 5)).toBe(1);
    expect(factor(0, -5)).toBe(0);
  });

  it('holds the Brier score against always naming the frequencies that came', () => {
    const past = [
      prediction(0.1, 0.1, { odds: ODDS, brier: 0.26, outcome: 'pass' }),
      prediction(0.1, null, { odds: ODDS, brier: 0.86, outcome: 'inconclusive' }),
      prediction(0.1, 0.1, { outcome: 'fail' }),
    ];
    const { brier, brierReference } = trackRecord(past)!;
    expect(brier).toBeCloseTo(0.56, 12);
    expect(brierReference).toBeCloseTo(0.5, 12);
    expect(trackRecord([prediction(0.1, 0.1)])).toMatchObject({ brier: null, brierReference: null });
  });

  it('leaves out what is no number', () => {
    const broken = [
      prediction(0, 0.1),
      prediction(0.1, Number.NaN),
      prediction(0.1, 0.1, {}, Number.POSITIVE_INFINITY),
    ];
    expect(trackRecord(broken)).toBeNull();
  });
});
