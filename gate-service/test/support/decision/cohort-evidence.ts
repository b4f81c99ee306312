import type { ChangeContractInput } from '../../../src/contract/change-contract.ts';
import { addTallies, NO_TALLY, type Tally, type TallyByVariant } from '../../../src/domain/model/tally.ts';
import type { MetricEvidence, VerdictEvidence } from '../../../src/domain/model/verdict.ts';
import { contractOf, evidenceOf, metricOf } from './evidence.ts';

/** Both arms of one cohort, from trials and those of them that count. */
export function armsOf(off: readonly [n: number, y: number], on: readonly [n: number, y: number]): TallyByVariant {
  return { off: { n: off[0], y: off[1] }, on: { n: on[0], y: on[1] } };
}

/** Evidence of a KPI over a week in one phase, by cohort; the totals are their sums. */
export function metricByCohort(kpiId: string, cohorts: Readonly<Record<string, TallyByVariant>>): MetricEvidence {
  const rows = Object.entries(cohorts).map(([cohort, arms]) => ({ phaseIndex: 0, cohort, ...arms }));
  const sum = (arm: 'off' | 'on'): Tally => rows.map((row) => row[arm]).reduce(addTallies, NO_TALLY);
  return { ...metricOf(kpiId, sum('off'), sum('on'), 0.2), cohorts: rows };
}

/** The clean week of `evidenceOf` with a contract that declares cohorts, and these metrics in place of its own. */
export function cohortEvidence(
  cohorts: readonly string[],
  metrics: readonly MetricEvidence[],
  contract: Partial<ChangeContractInput> = {},
): VerdictEvidence {
  const base = evidenceOf();
  const ids = new Set(metrics.map(({ kpiId }) => kpiId));
  return {
    ...base,
    change: { ...base.change, contract: contractOf({ ...contract, cohorts: [...cohorts] }) },
    metrics: [...base.metrics.filter(({ kpiId }) => !ids.has(kpiId)), ...metrics],
  };
}
