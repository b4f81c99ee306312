import type { Kpi } from '../contract/kpi-registry.ts';
import type { Change, Phase } from '../domain/model/change.ts';
import { isStatus } from '../domain/model/measure.ts';
import { addTallies, type TallyByVariant } from '../domain/model/tally.ts';
import { DAY_MINUTES, type EpochMinute, HOUR_MINUTES } from '../domain/model/time.ts';
import type { MetricEvidence } from '../domain/model/verdict.ts';
import type { StoreTransaction } from '../ports/store.ts';

/**
 * What some types of KPI are judged by beyond their totals: the units behind a status KPI's trials, a rate by hour, a gauge
 * by UTC day. Units that were not kept are left out, and not counted as none.
 * @param until first minute that does not count any more
 */
export async function collectMeasureEvidence(
  tx: StoreTransaction,
  { changeId }: Pick<Change, 'changeId'>,
  kpi: Kpi,
  phases: readonly Phase[],
  until: EpochMinute,
): Promise<Pick<MetricEvidence, 'units' | 'hours' | 'days'>> {
  if (isStatus(kpi.measure)) {
    const units = [];
    for (const phase of phases) {
      const [from, to] = spanOf(phase, until);
      if (to > from)
        units.push({ phaseIndex: phase.index, ...(await tx.events.unitTotal(changeId, kpi.id, from, to)) });
    }
    return units.some(({ off, on }) => off.n + on.n > 0) ? { units } : {};
  }
  if (kpi.measure.type !== 'rate' && kpi.measure.type !== 'gauge') return {};
  const length = kpi.measure.type === 'rate' ? HOUR_MINUTES : DAY_MINUTES;
  const rows = [];
  for (const phase of phases) {
    const [from, to] = spanOf(phase, until);
    if (to <= from) continue;
    const minutes = await tx.events.tallies(changeId, kpi.id, from, to);
    for (const [index, sums] of sumBy(minutes, length)) rows.push({ phaseIndex: phase.index, index, ...sums });
  }
  return kpi.measure.type === 'rate'
    ? { hours: rows.map(({ index, ...row }) => ({ ...row, hour: index })) }
    : { days: rows.map(({ index, ...row }) => ({ ...row, day: index })) };
}

function spanOf({ startMinute, endMinute }: Phase, until: EpochMinute): readonly [from: EpochMinute, to: EpochMinute] {
  return [Math.min(startMinute, until), Math.min(endMinute ?? until, until)];
}

/** Totals by whole spans of so many minutes since 1970, in the order of the minutes. */
function sumBy(
  minutes: readonly (TallyByVariant & { readonly minute: EpochMinute })[],
  length: number,
): ReadonlyMap<number, TallyByVariant> {
  const sums = new Map<number, TallyByVariant>();
  for (const { minute, off, on } of minutes) {
    const index = Math.floor(minute / length);
    const sum = sums.get(index);
    sums.set(index, sum ? { off: addTallies(sum.off, off), on: addTallies(sum.on, on) } : { off, on });
  }
  return sums;
}
