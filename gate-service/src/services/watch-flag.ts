import { type Change, type ChangeState, WATCHED_STATES, windowEnd } from '../domain/model/change.ts';
import { type EpochMs, MINUTE_MS, minuteOf, startOfMinute } from '../domain/model/time.ts';
import type { FlagReading } from '../ports/flag-control.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { PresentFlag } from './assess-reading.ts';
import { type FlagFacts, putFlagFacts, readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { closeOpenPhase, openPhase, reopenPhase } from './phases.ts';
import { record } from './record.ts';

const SAME_SHARE = 1e-9;

/** Whether the flag should be read at this look; readings may be rarer than looks. */
export async function isFlagReadDue(gate: Gate, tx: StoreTransaction, changeId: string): Promise<boolean> {
  const facts = await readFlagFacts(tx, changeId);
  return facts !== null && gate.business.now() - facts.readAt >= gate.options.flagReadEveryMinutes * MINUTE_MS;
}

/**
 * Takes in what the flag reads as: a person's edit of the percentage is a new phase, a person's raise after
 * an intervention answers the alarms so far, a person's off ends the change, and another treatment is noted, as is
 * another flag of that name. What people do after the window's end is recorded and takes nothing from a complete window.
 * While an intervention is under way its own protocol reads the flag; this says nothing then, nor of a reading
 * from before what is known already.
 */
export async function takeFlagReading(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  reading: FlagReading,
): Promise<void> {
  const facts = await readFlagFacts(tx, change.changeId);
  const current = await tx.changes.find(change.changeId);
  const state = current?.state;
  if (facts === null || !current || !isWatched(state) || (await isUnderWay(tx, change.changeId))) return;
  const now = gate.business.now();
  if (reading.kind !== 'present') {
    if (facts.share > 0 && isAfterWindow(current, now)) {
      const edit = { by: '', eventId: facts.lastEventId, from: facts.share, to: 0 };
      await record(gate, tx, change, 'flag.edited_by_person', edit);
    }
    await turnedOff(gate, tx, current, { ...facts, share: 0, readAt: now }, `the flag is ${reading.kind}`);
    return;
  }
  const { lastEventId, lastEventBy, share } = reading;
  if (lastEventId > 0 && lastEventId < facts.lastEventId) return;
  const treatment = await takeTreatment(gate, tx, current, facts, reading);
  const next: FlagFacts = { ...facts, ...treatment, lastEventId, share, readAt: now };
  if (Math.abs(share - facts.share) <= SAME_SHARE) {
    await putFlagFacts(tx, change.changeId, next);
    return;
  }
  await record(gate, tx, change, 'flag.edited_by_person', {
    by: lastEventBy,
    eventId: lastEventId,
    from: facts.share,
    to: share,
  });
  if (share === 0) {
    await turnedOff(gate, tx, current, next, `${lastEventBy} turned the flag off`);
    return;
  }
  const raisedAfterAct = share > facts.share && (await tx.interventions.listOf(change.changeId)).length > 0;
  await putFlagFacts(tx, change.changeId, { ...next, personRaisedAt: raisedAfterAct ? now : facts.personRaisedAt });
  await newPhase(gate, tx, change, share);
  if (state === 'throttled' && raisedAfterAct) await tx.changes.update(change.changeId, { state: 'watching' });
}

/**
 * Another treatment than the activation's, or another flag of the same name, noted when first seen. A reading counts
 * when the window was not over at the one before it: whatever differs may have been served in the window.
 */
async function takeTreatment(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  facts: FlagFacts,
  { treatmentHash, createdAt, lastEventBy: by, lastEventId: eventId }: PresentFlag,
): Promise<Pick<FlagFacts, 'treatmentHash' | 'treatmentChangedAt'>> {
  const known = facts.treatmentChangedAt ?? null;
  if (isAfterWindow(change, facts.readAt)) return { treatmentHash: facts.treatmentHash, treatmentChangedAt: known };
  const isOtherFlag = change.flagCreatedAt !== null && createdAt !== change.flagCreatedAt;
  const differs = isOtherFlag || (change.treatmentHash !== null && treatmentHash !== change.treatmentHash);
  if (treatmentHash !== facts.treatmentHash || (isOtherFlag && known === null))
    await record(gate, tx, change, 'treatment.changed', { by, eventId, treatmentHash, createdAt });
  return { treatmentHash, treatmentChangedAt: known ?? (differs ? gate.business.now() : null) };
}

/** Whether the last exposure that counts was over by then. */
export function isAfterWindow(change: Change, at: EpochMs): boolean {
  const end = windowEnd(change);
  return end !== null && at >= startOfMinute(end);
}

/**
 * Takes in that a person raised exposure against a decision: the alarms so far are answered, and only new
 * evidence counts from here.
 * @param wasLower whether the flag may have been lower in between; then its old phase is over
 */
export async function takeRaise(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  reading: PresentFlag,
  wasLower: boolean,
): Promise<void> {
  const facts = await readFlagFacts(tx, change.changeId);
  if (facts === null) return;
  const { lastEventId, lastEventBy: by, share } = reading;
  const now = gate.business.now();
  await putFlagFacts(tx, change.changeId, { ...facts, lastEventId, share, readAt: now, personRaisedAt: now });
  await record(gate, tx, change, 'flag.edited_by_person', { by, eventId: lastEventId, from: facts.share, to: share });
  const state = (await tx.changes.find(change.changeId))?.state;
  if (!isWatched(state)) return;
  if (wasLower || Math.abs(share - facts.share) > SAME_SHARE) await newPhase(gate, tx, change, share);
  else await reopenPhase(tx, change.changeId);
  if (state === 'throttled') await tx.changes.update(change.changeId, { state: 'watching' });
}

function isWatched(state: ChangeState | undefined): state is (typeof WATCHED_STATES)[number] {
  return (WATCHED_STATES as readonly (ChangeState | undefined)[]).includes(state);
}

async function isUnderWay(tx: StoreTransaction, changeId: string): Promise<boolean> {
  const acts = await tx.interventions.listOf(changeId);
  return acts.some(
    ({ outcome, acceptedAt, publishedAt, notEffectiveAt }) =>
      outcome === 'pending' || (acceptedAt !== null && publishedAt === null && notEffectiveAt === null),
  );
}

async function newPhase(gate: Gate, tx: StoreTransaction, change: Change, share: number): Promise<void> {
  if (change.effectiveAt === null) return;
  const now = gate.business.now();
  await closeOpenPhase(tx, change.changeId, minuteOf(now));
  const startMinute = minuteOf(now + gate.options.sdkRefreshMinutes * MINUTE_MS) + 1;
  const phase = await openPhase(tx, change.changeId, { cause: 'person', share, startMinute });
  await record(gate, tx, change, 'phase.started', { index: phase.index, cause: 'person', share, startMinute });
}

async function turnedOff(
  gate: Gate,
  tx: StoreTransaction,
  change: Change,
  facts: FlagFacts,
  detail: string,
): Promise<void> {
  const now = gate.business.now();
  if (facts.personTurnedOffAt !== null || change.state === 'off' || isAfterWindow(change, now)) {
    await putFlagFacts(tx, change.changeId, facts);
    return;
  }
  await putFlagFacts(tx, change.changeId, { ...facts, personTurnedOffAt: now });
  await tx.changes.update(change.changeId, { state: 'off' });
  await closeOpenPhase(tx, change.changeId, minuteOf(now));
  await record(gate, tx, change, 'alert.raised', { alert: 'stopped_by_person', detail });
  await tx.schedule.put({ kind: 'judge', changeId: change.changeId, dueAt: now });
}
