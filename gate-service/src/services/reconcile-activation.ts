import type { Change } from '../domain/model/change.ts';
import { type EpochMs, minuteOf, startOfMinute } from '../domain/model/time.ts';
import type { FlagReading } from '../ports/flag-control.ts';
import { acceptActivation, asActivated, percentOf } from './accept-activation.ts';
import type { Gate } from './gate.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { dueOf, endPendingActivation, type PendingActivation, readPendingActivation } from './pending-activation.ts';
import { GATE_ACTOR, record } from './record.ts';

/**
 * Takes up an activation that a crash or a lost answer cut off after its intent: a flag that is on at or under
 * `rollout.start` is watched from here. One above it is left to people, because who raised it is not known.
 * @returns when to ask again (business time); null when there is nothing to take up any more
 */
export function reconcileActivation(gate: Gate, { changeId, flag }: Change): Promise<EpochMs | null> {
  return oneAtATime(gate.store, flag, async () => {
    const { change, pending } = await gate.store.transaction(async (tx) => ({
      change: await tx.changes.find(changeId),
      pending: await readPendingActivation(tx, changeId),
    }));
    if (pending === null || change?.state !== 'stamped') return null;
    if (gate.business.now() < dueOf(pending)) return dueOf(pending);
    const next = startOfMinute(minuteOf(gate.business.now()) + 1);
    const read = await gate.flags.read(flag);
    if (!read.ok) {
      gate.log.warn({ change_id: changeId, failure: read.failure }, 'a pending activation could not be read back');
      return next;
    }
    const activated = asActivated(read.value, change);
    if (activated) {
      await acceptActivation(gate, change, activated, GATE_ACTOR);
      return next;
    }
    await refuse(gate, change, pending, read.value);
    return null;
  });
}

async function refuse(gate: Gate, change: Change, { isRefused }: PendingActivation, reading: FlagReading) {
  const isOn = reading.kind === 'present' && reading.enabled;
  const reason = isOn
    ? `on at ${percentOf(reading.share)}% after a restart, above rollout.start ${percentOf(change.contract.rollout.start)}%`
    : 'not enabled after a restart';
  await gate.store.transaction(async (tx) => {
    await endPendingActivation(tx, change.changeId);
    if (isOn) {
      const detail = `The flag is ${reason}; Changegate does not watch it: lower it in Unleash, then activate again.`;
      await record(gate, tx, change, 'alert.raised', { alert: 'activation_above_start', detail });
    }
    if (isOn || !isRefused) await record(gate, tx, change, 'activation.refused', { reason });
  });
}
