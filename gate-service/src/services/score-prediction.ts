import { scorePrediction } from '../domain/decision/prediction-record.ts';
import type { Change } from '../domain/model/change.ts';
import type { StoredVerdict, StoreTransaction } from '../ports/store.ts';

/**
 * Keeps how the forecast of a change compares with its first verdict, in the verdict's own transaction; a revision scores
 * nothing again. A change without a stored forecast, or whose contract predicts nothing, leaves no row. Odds of a
 * forecast made after the activation are left out: they may have seen the change.
 */
export async function recordPrediction(
  tx: StoreTransaction,
  { changeId, repository, contractHash, activatedAt }: Change,
  { revision, verdict, madeAt }: Pick<StoredVerdict, 'revision' | 'verdict' | 'madeAt'>,
): Promise<void> {
  if (revision !== 1) return;
  const stored = await tx.verdicts.findForecast(repository, contractHash);
  if (stored === null) return;
  const isForecast = activatedAt === null || stored.madeAt <= activatedAt;
  const { primary, odds } = stored.forecast;
  const scored = scorePrediction({ primary, odds: isForecast ? odds : null }, verdict);
  if (scored !== null) await tx.verdicts.insertPrediction({ ...scored, changeId, repository, madeAt });
}
