import type { FlagCall } from '../domain/decision/plan-flag-calls.ts';
import type { FlagReading } from '../ports/flag-control.ts';

export type PresentFlag = Extract<FlagReading, { kind: 'present' }>;

/** The one call that may have been made since the intent was committed, and what the flag read as then. */
export interface Intent {
  readonly lastEventId: number;
  readonly share: number;
  /** Percentage of each enabled strategy. */
  readonly limits: Readonly<Record<string, number>>;
  readonly call: FlagCall;
}

const SLACK = 1e-9;

export function intentOf(reading: PresentFlag, call: FlagCall): Intent {
  const limits = enabledOf(reading).map(({ id, rollout }) => [id, percentOf(rollout)]);
  return { lastEventId: reading.lastEventId, share: reading.share, limits: Object.fromEntries(limits), call };
}

export function isSameIntent(left: Intent, right: Intent): boolean {
  return left.lastEventId === right.lastEventId && left.share === right.share && isSameCall(left.call, right.call);
}

export function isSameCall(left: FlagCall, right: FlagCall): boolean {
  if (left.kind === 'turn_off' || right.kind === 'turn_off') return left.kind === right.kind;
  return left.strategyId === right.strategyId && left.from === right.from && left.to === right.to;
}

export function isSafe(reading: PresentFlag, targetShare: number): boolean {
  return reading.share <= targetShare + SLACK;
}

/**
 * Whether somebody else has decided about a flag that is still above the target. A raise shows by itself. After
 * a call whose effect is not known, a flag that does not show it although a newer event is there was most
 * likely restored by a person: comparing the state alone cannot tell that from a call that never arrived.
 * @param mayHaveCalled whether the intent's call may have reached the flag service
 * @param knownEventId  newest event that the gate knows the meaning of
 */
export function isOverruled(
  reading: PresentFlag,
  intent: Intent,
  mayHaveCalled: boolean,
  knownEventId: number,
): boolean {
  if (isRaised(reading, intent)) return true;
  const isNewer = reading.lastEventId > Math.max(intent.lastEventId, knownEventId);
  return mayHaveCalled && isNewer && !showsCall(reading, intent.call);
}

function isRaised(reading: PresentFlag, { share, limits }: Intent): boolean {
  if (reading.share > share + SLACK) return true;
  return enabledOf(reading).some(({ id, rollout }) => percentOf(rollout) > (limits[id] ?? 0) + SLACK);
}

function showsCall(reading: PresentFlag, call: FlagCall): boolean {
  if (call.kind === 'turn_off') return !reading.enabled;
  const strategy = enabledOf(reading).find(({ id }) => id === call.strategyId);
  return strategy === undefined || percentOf(strategy.rollout) <= Number(call.to);
}

function enabledOf(reading: PresentFlag) {
  return reading.enabled ? reading.strategies.filter(({ disabled }) => !disabled) : [];
}

function percentOf(rollout: string | null): number {
  return rollout === null ? 100 : Number(rollout);
}
