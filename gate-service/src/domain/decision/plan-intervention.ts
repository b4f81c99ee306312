import type { Change, Phase } from '../model/change.ts';
import type { Intervention, InterventionKind } from '../model/intervention.ts';
import type { Alarm, WatchState } from '../model/look.ts';
import type { InterventionPlan, PlannedStep } from '../model/plan.ts';
import { type EpochMinute, type EpochMs, formatInstant } from '../model/time.ts';
import { displayWealth } from '../statistics/harm-monitor.ts';
import { proposeRestore } from './propose-restore.ts';

/** A new decision against a person's raise is made at most this often (the flag must not flap). */
const AGAINST_PERSON_EVERY_MS = 24 * 60 * 60_000;
/**
 * A throttle goes to the contract's share, or to a fifth of the present one but never under 1% (docs/statistics.md P).
 */
const THROTTLE_DIVISOR = 5;
const SMALLEST_THROTTLE = 0.01;

export interface PlanInput {
  readonly change: Pick<Change, 'contract' | 'kpis' | 'state'> & { readonly effectiveAt: EpochMinute };
  readonly phases: readonly Phase[];
  readonly watch: WatchState;
  readonly interventions: readonly Intervention[];
  readonly personRaisedAt: EpochMs | null;
  readonly paused: boolean;
  readonly now: EpochMs;
}

/**
 * What to do about the flag, as data (docs/statistics.md section P): the strongest step that an alarm calls for and
 * that was not decided yet. Only alarms lead to a step, so a source that does not answer never does. The ladder is
 * one-way: the target lies below the present share. After a person raised exposure only alarms found in later data
 * count, and each kind of step is decided at most once in 24 h.
 * @returns `observe` instead of a step in observe mode; `propose_restore` is a word to people, never an act
 */
export function planIntervention(input: PlanInput): InterventionPlan {
  const { change, watch, interventions, personRaisedAt: raisedAt, now } = input;
  if (change.state !== 'watching' && change.state !== 'throttled' && change.state !== 'off') return none('not_watched');
  const alarm = strongest(watch.alarms.filter((one) => counts(one, raisedAt)));
  if (alarm === null) return restoreOrNothing(input);
  if (input.paused) return none('paused');
  if (change.state === 'off') return none('already_off');
  const decided = interventions.filter(({ decidedAt }) => raisedAt === null || decidedAt > raisedAt);
  if (decided.some(({ kind }) => rank(kind) >= rank(alarm.calls))) return none('already_decided');
  const step = stepFor(alarm, change.contract.rollout.throttleTo, currentShare(input.phases));
  if (step === null) return none('already_small');
  if (change.contract.stop.adverse === 'observe') {
    const done = watch.observed !== null && rank(watch.observed) >= rank(step.kind);
    return done ? none('already_observed') : { kind: 'observe', would: step };
  }
  const sameKind = interventions.filter(({ kind }) => kind === step.kind);
  if (sameKind.some(({ decidedAt }) => now - decidedAt < AGAINST_PERSON_EVERY_MS)) return none('once_per_day');
  return step;
}

/** Share of the treatment in the phase that lasts; null when no allocation is known. */
function currentShare(phases: readonly Phase[]): number | null {
  return phases.at(-1)?.share ?? null;
}

/** Alarms from before a person's raise are answered: that person saw them. The wealth of the window holds old data too. */
function counts(alarm: Alarm, raisedAt: EpochMs | null): boolean {
  if (raisedAt === null) return true;
  const isOfWindow = alarm.kind === 'family' || alarm.kind === 'daily_look';
  return !isOfWindow && alarm.raisedAt === raisedAt && alarm.at > raisedAt;
}

/** The strongest step called for, by the earliest alarm that calls for it. */
function strongest(alarms: readonly Alarm[]): Alarm | null {
  return alarms.find(({ calls }) => calls === 'turn_off') ?? alarms[0] ?? null;
}

function rank(kind: InterventionKind): number {
  return kind === 'turn_off' ? 2 : 1;
}

/** Null when there is nothing below the present share to throttle to. */
function stepFor(alarm: Alarm, throttleTo: number, share: number | null): PlannedStep | null {
  const reason = reasonOf(alarm);
  if (alarm.calls === 'turn_off') return { kind: 'turn_off', targetShare: 0, reason, alarm };
  if (share === null || throttleTo < share) return { kind: 'throttle', targetShare: throttleTo, reason, alarm };
  const smaller = Math.max(SMALLEST_THROTTLE, share / THROTTLE_DIVISOR);
  return smaller < share ? { kind: 'throttle', targetShare: smaller, reason, alarm } : null;
}

function reasonOf({ kind, kpiId, at, logWealth }: Alarm): string {
  const when = formatInstant(at);
  const odds = logWealth === null ? '' : ` (evidence ${Math.floor(displayWealth(logWealth))} to 1)`;
  switch (kind) {
    case 'family':
      return `Harm was established at ${when}${odds}; ${kpiId} weighs most.`;
    case 'fresh':
      return `Harm persisted in the smaller cohort at ${when}${odds}; ${kpiId} weighs most.`;
    case 'since_raise':
      return `Harm was established again, after a person raised exposure, at ${when}${odds}; ${kpiId} weighs most.`;
    case 'daily_look':
      return `Harm was established by the daily look at ${when} for ${kpiId}.`;
    case 'fast_rule':
      return `The contract's limit for ${kpiId} was broken at ${when}.`;
    case 'fast_rule_persists':
      return `The contract's limit for ${kpiId} was still broken in the smaller cohort at ${when}.`;
    case 'placebo_sup':
      return `By ${when} ${kpiId} had strayed further from its last weeks than on any day without a change.`;
    case 'margin':
      return `By ${when} ${kpiId} was beyond all that ordinary hours explain${odds}.`;
    default:
      return kind satisfies never;
  }
}

function restoreOrNothing(input: PlanInput): InterventionPlan {
  return input.paused ? none('nothing_adverse') : (proposeRestore(input) ?? none('nothing_adverse'));
}

function none(reason: Extract<InterventionPlan, { kind: 'none' }>['reason']): InterventionPlan {
  return { kind: 'none', reason };
}
