import type { Change } from '../domain/model/change.ts';
import { isPerUnit } from '../domain/model/measure.ts';
import type { EpochMinute } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';

type Exposed = Pick<Change, 'changeId' | 'contract' | 'kpis'>;

/**
 * The KPI whose trials stand in for exposures that no event tells: the primary one, when it is asked of a source and
 * counts each unit once (docs/statistics.md G1). Null when events tell them, or nothing does.
 */
export async function standInKpi(tx: StoreTransaction, { changeId, contract, kpis }: Exposed): Promise<string | null> {
  const primary = kpis.find(({ id }) => id === contract.primary.kpi);
  if (!primary || !isPerUnit(primary.measure) || (await tx.sources.sourceOf(changeId, primary.id)) === null)
    return null;
  return (await tx.events.counts(changeId)).accepted > 0 ? null : primary.id;
}

/** Units by minute of first exposure to the change in [from, to), as events tell it or, without any, the primary KPI. */
export async function exposedUnits(
  tx: StoreTransaction,
  change: Exposed,
  from: EpochMinute,
  to: EpochMinute,
): Promise<{ off: number; on: number }> {
  const kpiId = await standInKpi(tx, change);
  if (kpiId === null) return tx.events.exposedUnits(change.changeId, from, to);
  const { off, on } = await tx.events.total(change.changeId, kpiId, from, to);
  return { off: off.n, on: on.n };
}
