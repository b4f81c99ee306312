import { expect, it } from 'vitest';
import type { Change } from '../domain/model/change.ts';
import type { Forecast } from '../domain/model/forecast.ts';
import type { ScoredPrediction } from '../domain/model/prediction.ts';
import type { Verdict } from '../domain/model/verdict.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { recordPrediction } from './score-prediction.ts';

const odds = { pass: 0.5, fail: 0.2, inconclusive: 0.3 };
const primary = { kpiId: 'booking', scale: 'relative', predictedEffect: 0.1 } as const;
const change = { changeId: 'c', repository: 'acme/shop', contractHash: 'h', activatedAt: 100 } as unknown as Change;
const verdict = { verdict: 'pass', metrics: [], quality: [] } as unknown as Verdict;

async function scored(forecast: { madeAt: number; predictedEffect?: number | null } | null, revision = 1) {
  const kept: ScoredPrediction[] = [];
  const asked: unknown[] = [];
  const verdicts = {
    findForecast: async (...key: readonly string[]) => {
      asked.push(key);
      if (forecast === null) return null;
      const { madeAt, predictedEffect = 0.1 } = forecast;
      return { madeAt, forecast: { primary: { ...primary, predictedEffect }, odds } as unknown as Forecast };
    },
    insertPrediction: async (prediction: ScoredPrediction) => void kept.push(prediction),
  };
  await recordPrediction({ verdicts } as unknown as StoreTransaction, change, { revision, verdict, madeAt: 900 });
  return { kept, asked };
}

it('scores the forecast of the same contract in the same repository', async () => {
  const { kept, asked } = await scored({ madeAt: 100 });
  expect(asked).toEqual([['acme/shop', 'h']]);
  expect(kept).toMatchObject([{ changeId: 'c', repository: 'acme/shop', madeAt: 900, odds, outcome: 'pass' }]);
});

it('leaves out the odds of a forecast made after the activation, which may have seen the change', async () => {
  expect((await scored({ madeAt: 101 })).kept).toMatchObject([{ predictedGain: 0.1, odds: null, brier: null }]);
});

it('scores nothing for a revision, without a forecast, or without a prediction', async () => {
  const kept = [await scored({ madeAt: 1 }, 2), await scored(null), await scored({ madeAt: 1, predictedEffect: null })];
  expect(kept.map((one) => one.kept)).toEqual([[], [], []]);
});
