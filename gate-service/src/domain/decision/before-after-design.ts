import type { ChangeContract } from '../../contract/change-contract.ts';
import { DAY_MINUTES, type EpochMinute } from '../model/time.ts';

/** UTC days (since 1970) that are no guide to others, both ends included: holidays, incidents. */
export interface ExcludedDays {
  readonly firstDay: number;
  readonly lastDay: number;
}

/**
 * Whether a change is compared with the weeks before it (docs/statistics.md section L): when the contract says so, or
 * leaves it open and gives the change to everybody, so that there is nothing else to compare with.
 */
export function isBeforeAfter({ design, rollout }: Pick<ChangeContract, 'design' | 'rollout'>): boolean {
  return design === 'before_after' || (design === 'auto' && rollout.start === 1);
}

export function excludedDays({ beforeAfter }: Pick<ChangeContract, 'beforeAfter'>): readonly ExcludedDays[] {
  return beforeAfter?.exclude ?? [];
}

/** Whether any minute of [from, to) lies in an excluded day. */
export function isExcluded(days: readonly ExcludedDays[], from: EpochMinute, to: EpochMinute): boolean {
  return days.some(({ firstDay, lastDay }) => firstDay * DAY_MINUTES < to && (lastDay + 1) * DAY_MINUTES > from);
}
