import type { FastRule } from '../../contract/change-contract.ts';
import { formatEffect } from '../../contract/effect.ts';
import type { Alarm, FastRuleState, LookAlert, MinuteTally } from '../model/look.ts';
import { type EpochMinute, type EpochMs, minuteOf, startOfMinute } from '../model/time.ts';
import { isSameAlarm } from './family-alarms.ts';
import { advanceFastRule, type FastRuleStep } from './fast-rule.ts';
import { phaseOf, type WatchContext } from './watch-metric.ts';

/** What a fast rule's KPI brought since the last look. */
export interface FastRuleMinutes {
  readonly minutes: readonly MinuteTally[];
  readonly from: EpochMinute;
  readonly to: EpochMinute;
  readonly withinMinutes: number;
}

export interface WatchedFastRules {
  readonly states: readonly FastRuleState[];
  readonly alarms: readonly Alarm[];
  readonly alerts: readonly LookAlert[];
}

/**
 * Advances every fast rule of the contract. A rule that fires always alerts; with `then: throttle` it also calls for a
 * throttle, and for turning off when it still holds over a full span that lies inside the throttled phase. A shared
 * incident only alerts.
 * @param minutesOf the new minutes of a KPI; null when its source did not answer, which leaves its rules as they are
 */
export function watchFastRules(
  rules: readonly FastRule[],
  states: readonly FastRuleState[],
  known: readonly Alarm[],
  minutesOf: (kpiId: string) => FastRuleMinutes | null,
  context: WatchContext,
): WatchedFastRules {
  let alarms = known;
  const alerts: LookAlert[] = [];
  const next = rules.map((rule, position) => {
    const before = states[position] ?? { firedAt: null, sharedIncidentAt: null, slots: [] };
    const input = minutesOf(rule.kpi);
    if (input === null) return before;
    const notBefore = context.raisedAt === null ? context.windowStart : minuteOf(context.raisedAt) + 1;
    const inPhase = input.minutes.filter(({ minute }) => phaseOf(context.phases, minute) !== null);
    const step = advanceFastRule(rule, before, inPhase, { ...input, notBefore });
    alerts.push(...alertsOf(rule, step));
    for (const alarm of alarmsOf(rule, position, step, input.withinMinutes, context)) {
      if (!alarms.some((other) => isSameAlarm(other, alarm))) alarms = [...alarms, alarm];
    }
    return step.state;
  });
  return { states: next, alarms, alerts };
}

function alarmsOf(
  rule: FastRule,
  position: number,
  { firings, heldAt }: FastRuleStep,
  withinMinutes: number,
  { phases, raisedAt }: WatchContext,
): readonly Alarm[] {
  if (rule.then !== 'throttle') return [];
  const base = { kpiId: rule.kpi, logWealth: null, raisedAt, rule: position };
  const fired = firings.map((at): Alarm => ({ ...base, kind: 'fast_rule', calls: 'throttle', at, phaseIndex: null }));
  const persists = heldAt.flatMap((end): readonly Alarm[] => {
    const phase = phaseOf(phases, end - 1);
    if (phase?.cause !== 'throttle' || end - rule.forMinutes < phase.startMinute) return [];
    const at = startOfMinute(end + withinMinutes);
    return [{ ...base, kind: 'fast_rule_persists', calls: 'turn_off', at, phaseIndex: phase.index }];
  });
  return [...fired.slice(0, 1), ...persists.slice(0, 1)];
}

function alertsOf(rule: FastRule, { firings, sharedIncidents }: FastRuleStep): readonly LookAlert[] {
  const limit = `${rule.side} ${formatEffect({ kind: 'relative', value: rule.limit }, { sign: false })}`;
  const alert = (kind: LookAlert['kind'], since: EpochMs, detail: string): LookAlert => ({
    kind,
    kpiId: rule.kpi,
    since,
    detail,
  });
  return [
    ...firings.map((at) =>
      alert('fast_rule', at, `${rule.kpi} was ${limit} with the change for ${rule.forMinutes} minutes.`),
    ),
    ...sharedIncidents.map((at) =>
      alert(
        'shared_incident',
        at,
        `${rule.kpi} was ${limit} with and without the change: the change is not the cause.`,
      ),
    ),
  ];
}
