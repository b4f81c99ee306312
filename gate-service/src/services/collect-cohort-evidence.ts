import { isBrokenDown } from '../domain/decision/segments.ts';
import type { Change, Phase } from '../domain/model/change.ts';
import type { Metric } from '../domain/model/metric.ts';
import type { EpochMinute } from '../domain/model/time.ts';
import type { MetricEvidence } from '../domain/model/verdict.ts';
import type { StoreTransaction } from '../ports/store.ts';

/**
 * The trials of a metric by phase and declared cohort, all others together: what segments are made from. Nothing where
 * the contract declares no cohorts, for a KPI that is not kept by cohort, and for one that is asked of a source, whose
 * answers are totals.
 * @param until first minute that does not count any more
 */
export async function collectCohortEvidence(
  tx: StoreTransaction,
  { changeId, contract }: Pick<Change, 'changeId' | 'contract'>,
  metric: Metric,
  phases: readonly Phase[],
  until: EpochMinute,
): Promise<Pick<MetricEvidence, 'cohorts'>> {
  const kpiId = metric.kpi.id;
  if (!isBrokenDown(contract, metric) || (await tx.sources.sourceOf(changeId, kpiId)) !== null) return {};
  const cohorts = [];
  for (const phase of phases) {
    const [from, to] = [Math.min(phase.startMinute, until), Math.min(phase.endMinute ?? until, until)];
    if (to <= from) continue;
    const totals = await tx.events.cohortTotals(changeId, kpiId, contract.cohorts ?? [], from, to);
    for (const total of totals) cohorts.push({ phaseIndex: phase.index, ...total });
  }
  return { cohorts };
}
