import type { ChangeContract } from '../../contract/change-contract.ts';
import type { Effect } from '../../contract/effect.ts';
import type { Kpi } from '../../contract/kpi-registry.ts';
import type { KpiHistory } from '../model/verdict.ts';
import { type PredictionReplay, replayPrediction } from '../statistics/replay-prediction.ts';
import { judgeRule } from '../statistics/verdict-rule.ts';
import { excludedDays, isBeforeAfter } from './before-after-design.ts';
import { gainOfWeek } from './before-after-effect.ts';
import { usableWeeks, weekValue } from './before-after-weeks.ts';
import { gainOf } from './effect-scale.ts';

export interface ReplayInput {
  readonly contract: Pick<ChangeContract, 'primary' | 'rule' | 'design' | 'rollout' | 'beforeAfter'>;
  readonly kpi: Kpi;
  readonly history: KpiHistory | null;
  readonly scale: Effect['kind'];
  /** The predicted gain on that scale. */
  readonly gain: number;
}

/**
 * How the rule would have judged the last weeks, had each got the predicted effect (docs/statistics.md N7): every week is
 * compared with those before it, without a comparison KPI.
 * @returns as replayPrediction: `insufficient` with fewer than 7 usable weeks
 */
export function replayWeeks({ contract, kpi, history, scale, gain }: ReplayInput): PredictionReplay {
  const { primary, rule } = contract;
  const up = kpi.direction === 'increase_is_good' ? 1 : -1;
  const weeks = usableWeeks(history?.weeks ?? [], excludedDays(contract)).map(({ total }) =>
    weekValue(kpi.measure, scale, total),
  );
  const inject = (week: number) => {
    if (scale === 'relative') return week + Math.log1p(up * gain);
    const share = 1 / (1 + Math.exp(-week)) + up * gain;
    return Math.log(share / (1 - share));
  };
  const minEffect = primary.atLeast ? gainOf(primary.atLeast, kpi.direction) : 0;
  const margin = primary.noWorseThan ? Math.abs(primary.noWorseThan.value) : 0;
  return replayPrediction(weeks, inject, (result) => {
    const { status, estimate, lo, hi } = gainOfWeek(result, scale, kpi.direction);
    return status === 'ok' ? judgeRule({ rule, minEffect, margin, estimate, lo, hi }).verdict : 'inconclusive';
  });
}

/** What the replay says, for people; null for a change with a control group, or when there is nothing to replay. */
export function replaySentence(input: ReplayInput): string | null {
  if (!isBeforeAfter(input.contract)) return null;
  const { status, weeks, pass, fail } = replayWeeks(input);
  if (status !== 'ok') return null;
  const [passed, failed] = [Math.round(pass * weeks), Math.round(fail * weeks)];
  return `Put into each of the last ${weeks} weeks, the predicted effect would have passed in ${passed} and failed in ${failed}.`;
}
