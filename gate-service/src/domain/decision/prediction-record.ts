import type { Effect } from '../../contract/effect.ts';
import type { Forecast, Odds, PredictionRecord } from '../model/forecast.ts';
import type { ScoredPrediction } from '../model/prediction.ts';
import { VERDICTS, type Verdict, type VerdictWord } from '../model/verdict.ts';
import { twoSidedZ } from '../statistics/distributions.ts';
import { VERDICT_CONFIDENCE } from './effect-scale.ts';

/** With fewer measured predictions the record corrects nothing (docs/statistics.md N8). */
const FEWEST_PREDICTIONS = 3;
/** "The author is right" weighs as much as this many perfectly measured predictions. */
const PRIOR_PREDICTIONS = 3;
/** An author's prediction is good to this share of itself (docs/statistics.md N4), so even a perfect one says only so much. */
const PREDICTION_SPREAD = 0.5;
/** Odds of a stored forecast must add up to 1 but for rounding. */
const ROUNDING = 1e-6;

/** How a KPI's predictions came true, without the correction of a new one. */
export type TrackRecord = Omit<PredictionRecord, 'correctedEffect'> & {
  /** What a new prediction is multiplied by, in [0, 1]; null with fewer than three measured predictions. */
  readonly factor: number | null;
};

/**
 * Brier score of odds over the three outcomes: sum of (chance - what happened)^2 (docs/statistics.md N8).
 * @returns 0 when the outcome had a chance of 1, 2 when another one had; null when the odds are none
 */
export function brierScore(odds: Odds, outcome: VerdictWord): number | null {
  const chances = VERDICTS.map((word) => odds[word]);
  const areOdds = chances.every((chance) => chance >= 0 && chance <= 1);
  if (!areOdds || Math.abs(chances.reduce((sum, chance) => sum + chance, 0) - 1) > ROUNDING) return null;
  return VERDICTS.reduce((sum, word) => sum + (odds[word] - (word === outcome ? 1 : 0)) ** 2, 0);
}

/**
 * The prediction and the odds of a forecast against the verdict on its change.
 * @param forecast as made before the activation; `odds` null when there were none by then
 * @returns        null when the contract predicts nothing. The estimate of a verdict with a failed data-quality check is
 *                 left out: broken data says nothing about who was right
 */
export function scorePrediction(
  forecast: { readonly primary: Pick<Forecast['primary'], 'kpiId' | 'scale' | 'predictedEffect'> } & Pick<
    Forecast,
    'odds'
  >,
  verdict: Pick<Verdict, 'verdict' | 'metrics' | 'quality'>,
): Pick<ScoredPrediction, 'kpiId' | 'predictedGain' | 'scale' | 'odds' | 'outcome' | 'measured' | 'brier'> | null {
  const { kpiId, scale, predictedEffect } = forecast.primary;
  if (predictedEffect === null || !Number.isFinite(predictedEffect)) return null;
  const brier = forecast.odds === null ? null : brierScore(forecast.odds, verdict.verdict);
  return {
    kpiId,
    predictedGain: predictedEffect,
    scale,
    odds: brier === null ? null : forecast.odds,
    outcome: verdict.verdict,
    measured: verdict.quality.some(({ status }) => status === 'failed') ? null : measuredOf(verdict, kpiId, scale),
    brier,
  };
}

/**
 * How earlier predictions of a KPI came true (docs/statistics.md N8). The factor is a normal posterior mean of
 * "measured / predicted": every measured prediction enters with the weight p^2 / (se^2 + (p / 2)^2), which is 4 for a
 * perfect measurement and near 0 for one whose noise drowns the prediction p, against a prior of 1 worth three perfect
 * ones. So thin evidence corrects little, and noise nothing. It is kept in [0, 1]: nobody is promised more than the
 * author promises.
 * @returns null when no prediction was measured
 */
export function trackRecord(past: readonly ScoredPrediction[]): TrackRecord | null {
  const measured = past.flatMap(({ measured: one, predictedGain: p }) => {
    if (one === null || !(p !== 0)) return [];
    const se = (one.hi - one.lo) / (2 * twoSidedZ(VERDICT_CONFIDENCE));
    const [ratio, weight] = [one.estimate / p, (p * p) / (se * se + (PREDICTION_SPREAD * p) ** 2)];
    return Number.isFinite(ratio) && weight > 0 && Number.isFinite(weight) ? [{ ratio, weight }] : [];
  });
  if (measured.length === 0) return null;
  const prior = PRIOR_PREDICTIONS / PREDICTION_SPREAD ** 2;
  const weights = measured.reduce((sum, { weight }) => sum + weight, prior);
  const factor = measured.reduce((sum, { ratio, weight }) => sum + weight * ratio, prior) / weights;
  return {
    count: measured.length,
    inDirection: measured.filter(({ ratio }) => ratio > 0).length,
    medianRatio: median(measured.map(({ ratio }) => ratio)),
    ...scoresOf(past),
    factor: measured.length < FEWEST_PREDICTIONS ? null : Math.min(1, Math.max(0, factor)),
  };
}

/** What people are shown of a record, with the author's own prediction as the record corrects it. */
export function shownRecord(record: TrackRecord | null, predictedEffect: number | null): PredictionRecord | null {
  if (record === null) return null;
  const { factor, ...shown } = record;
  return { ...shown, correctedEffect: factor === null || predictedEffect === null ? null : factor * predictedEffect };
}

/** The mean score, and the score of always naming the frequencies that the outcomes turned out to have. */
function scoresOf(past: readonly ScoredPrediction[]): Pick<PredictionRecord, 'brier' | 'brierReference'> {
  const scored = past.flatMap(({ brier, outcome }) => (brier === null ? [] : [{ brier, outcome }]));
  if (scored.length === 0) return { brier: null, brierReference: null };
  const shares = VERDICTS.map((word) => scored.filter(({ outcome }) => outcome === word).length / scored.length);
  return {
    brier: scored.reduce((sum, { brier }) => sum + brier, 0) / scored.length,
    brierReference: 1 - shares.reduce((sum, share) => sum + share * share, 0),
  };
}

function measuredOf(
  { metrics }: Pick<Verdict, 'metrics'>,
  kpiId: string,
  scale: Effect['kind'],
): ScoredPrediction['measured'] {
  const result = metrics.find((one) => one.kpiId === kpiId && one.roles.includes('primary'));
  if (result?.status !== 'ok' || result.scale !== scale) return null;
  const { estimate, lo, hi } = result;
  return estimate === null || lo === null || hi === null ? null : { estimate, lo, hi };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[sorted.length / 2 - 1] ?? Number.NaN) + upper) / 2;
}
