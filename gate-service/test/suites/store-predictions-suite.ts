import { expect, it } from 'vitest';
import type { Forecast } from '../../src/domain/model/forecast.ts';
import type { ScoredPrediction } from '../../src/domain/model/prediction.ts';
import type { StoreTransaction } from '../../src/ports/store.ts';
import { makeChange, REPOSITORY } from '../support/store-fixtures.ts';
import type { GetStore } from './store-suite.ts';

/** Forecasts and how they came true. */
export function storePredictionsSuite(getStore: GetStore): void {
  const inTx = <T>(work: (tx: StoreTransaction) => Promise<T>) => getStore().transaction(work);
  const forecast = { conclusion: 'go', summary: 'é "quoted"', odds: null } as unknown as Forecast;
  const row = { contractHash: 'h', repository: REPOSITORY, pullRequest: null, madeAt: 3, forecast };

  function predictionOf(changeId: string, changes: Partial<ScoredPrediction> = {}): ScoredPrediction {
    return {
      changeId,
      repository: REPOSITORY,
      kpiId: 'booking',
      madeAt: 5,
      predictedGain: 0.08,
      scale: 'relative',
      odds: { pass: 0.1 + 0.2, fail: 0.1, inconclusive: 0.6 },
      outcome: 'pass',
      measured: { estimate: -0.01, lo: -1e-12, hi: 1 / 3 },
      brier: 0.86,
      ...changes,
    };
  }

  async function keep(...predictions: readonly ScoredPrediction[]): Promise<void> {
    await inTx(async (tx) => {
      for (const prediction of predictions) {
        await tx.changes.insert(makeChange({ changeId: prediction.changeId }));
        await tx.verdicts.insertPrediction(prediction);
      }
    });
  }

  it('finds the newest forecast of a contract, of this repository only', async () => {
    expect(await inTx((tx) => tx.verdicts.findForecast(REPOSITORY, 'h'))).toBeNull();
    const newer = { ...forecast, conclusion: 'adjust' } as const;
    await inTx((tx) => tx.verdicts.putForecast(row));
    await inTx((tx) => tx.verdicts.putForecast({ ...row, pullRequest: 7, madeAt: 4, forecast: newer }));
    await inTx((tx) => tx.verdicts.putForecast({ ...row, repository: 'acme/other', madeAt: 9 }));
    expect(await inTx((tx) => tx.verdicts.findForecast(REPOSITORY, 'h'))).toEqual({ madeAt: 4, forecast: newer });
    expect(await inTx((tx) => tx.verdicts.findForecast(REPOSITORY, 'other'))).toBeNull();
  });

  it('gives the predictions of a KPI back to the last digit, the oldest first', async () => {
    const newer = predictionOf('chg-2-0000000002', { madeAt: 9, odds: null, brier: null, outcome: 'inconclusive' });
    const older = predictionOf('chg-9-0000000009', { madeAt: 7, measured: null, scale: 'absolute', outcome: 'fail' });
    const tied = predictionOf('chg-3-0000000003', { madeAt: 9 });
    await keep(
      tied,
      newer,
      older,
      predictionOf('chg-4-0000000004', { kpiId: 'other' }),
      predictionOf('chg-5-0000000005', { repository: 'acme/other' }),
    );
    expect(await inTx((tx) => tx.verdicts.predictions(REPOSITORY, 'booking'))).toEqual([older, newer, tied]);
    expect(await inTx((tx) => tx.verdicts.predictions(REPOSITORY, 'none'))).toEqual([]);
  });

  it('refuses a second prediction of a change, and one of no change', async () => {
    const prediction = predictionOf('chg-1-0000000001');
    await keep(prediction);
    const again = inTx((tx) => tx.verdicts.insertPrediction({ ...prediction, outcome: 'fail' }));
    await expect(again).rejects.toMatchObject({ code: 'internal' });
    const orphan = inTx((tx) => tx.verdicts.insertPrediction(predictionOf('chg-8-0000000008')));
    await expect(orphan).rejects.toMatchObject({ code: 'internal' });
    expect(await inTx((tx) => tx.verdicts.predictions(REPOSITORY, 'booking'))).toEqual([prediction]);
  });
}
