import type { Phase } from '../model/change.ts';
import { addTallies, NO_TALLY, type Tally, type TallyByVariant } from '../model/tally.ts';
import type { MetricEvidence } from '../model/verdict.ts';
import { comparableRows } from './effect-scale.ts';

/** How evidence names all cohorts together that the contract does not declare. */
export const OTHERS = '';

const NOBODY: TallyByVariant = { off: NO_TALLY, on: NO_TALLY };

/** Whether every trial of the window is in one cohort, once, and no cohort is one that nobody declared. */
export function cohortsAddUp(
  { strata, cohorts = [] }: Pick<MetricEvidence, 'strata' | 'cohorts'>,
  declared: readonly string[],
): boolean {
  const known = new Set([...declared, OTHERS]);
  const phases = new Set(strata.map(({ phaseIndex }) => phaseIndex));
  const cells = new Set(cohorts.map(({ phaseIndex, cohort }) => `${phaseIndex}/${cohort}`));
  const isPlaced = cohorts.every(({ phaseIndex, cohort }) => phases.has(phaseIndex) && known.has(cohort));
  if (!isPlaced || cells.size !== cohorts.length) return false;
  return strata.every(({ phaseIndex, off, on }) => {
    const rows = cohorts.filter((row) => row.phaseIndex === phaseIndex);
    return isSameTally(sumOf(rows, 'off'), off) && isSameTally(sumOf(rows, 'on'), on);
  });
}

/** A metric's evidence as if one cohort were everybody, without the units behind its trials, which are not kept by cohort. */
export function evidenceOfCohort(data: MetricEvidence, cohort: string): MetricEvidence {
  const { units: _units, cohorts = [], ...rest } = data;
  const strata = data.strata.map(({ phaseIndex, minutes }) => {
    const { off, on } = cohorts.find((row) => row.phaseIndex === phaseIndex && row.cohort === cohort) ?? NOBODY;
    return { phaseIndex, minutes, off, on };
  });
  return { ...rest, strata };
}

/** Trials in the phases that can be compared. */
export function totalsOf({ strata }: Pick<MetricEvidence, 'strata'>, phases: readonly Phase[]): TallyByVariant {
  const rows = comparableRows(strata, phases);
  return { off: sumOf(rows, 'off'), on: sumOf(rows, 'on') };
}

function sumOf(rows: readonly TallyByVariant[], arm: 'off' | 'on'): Tally {
  return rows.map((row) => row[arm]).reduce(addTallies, NO_TALLY);
}

function isSameTally(left: Tally, right: Tally): boolean {
  const isSame = (key: 'yy' | 'd' | 'dd' | 'yd') => (left.sums?.[key] ?? 0) === (right.sums?.[key] ?? 0);
  return left.n === right.n && left.y === right.y && isSame('yy') && isSame('d') && isSame('dd') && isSame('yd');
}
