import { assessEffect } from '../domain/decision/assess-effect.ts';
import type { Change } from '../domain/model/change.ts';
import { type EpochMs, minuteOf } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { exposedUnits } from './exposed-units.ts';
import { readFlagFacts } from './flag-facts.ts';
import type { Gate } from './gate.ts';
import { record } from './record.ts';

/** How far an activation is proven beyond *accepted*. */
export interface ActivationLevels {
  readonly publishedAt: EpochMs | null;
  readonly effectiveAt: EpochMs | null;
}

const NOT_YET: ActivationLevels = { publishedAt: null, effectiveAt: null };
const SAME_SHARE = 1e-9;
const POLL_MS = 250;
/** The activate call waits this long for SDKs to be served; afterwards the looks go on asking. */
const WAIT_MS = 5_000;
const key = (changeId: string) => `activation-levels:${changeId}`;

export async function readActivationLevels(tx: StoreTransaction, changeId: string): Promise<ActivationLevels> {
  const stored = await tx.settings.get(key(changeId));
  return stored === null ? NOT_YET : (JSON.parse(stored) as ActivationLevels);
}

/** Waits a little, in real time, until the activation is published; gives up quietly. */
export async function awaitActivationPublished(gate: Gate, changeId: string): Promise<void> {
  const until = gate.real.now() + WAIT_MS;
  for (;;) {
    const change = await gate.store.transaction((tx) => tx.changes.find(changeId));
    if (!change || (await settleActivationPublished(gate, change)) || gate.real.now() >= until) return;
    await gate.real.sleep(POLL_MS);
  }
}

/**
 * Records *published* once the client API and a running SDK serve the share that activation set.
 * @returns whether it is published
 */
export async function settleActivationPublished(gate: Gate, change: Change): Promise<boolean> {
  const { levels, facts } = await gate.store.transaction(async (tx) => ({
    levels: await readActivationLevels(tx, change.changeId),
    facts: await readFlagFacts(tx, change.changeId),
  }));
  if (facts === null || levels.publishedAt !== null) return levels.publishedAt !== null;
  const seen = await gate.observer.publishedShare(change.flag);
  if (!seen.ok || Math.abs(seen.value - facts.share) > SAME_SHARE) return false;
  await gate.store.transaction(async (tx) => {
    const now = await readActivationLevels(tx, change.changeId);
    if (now.publishedAt !== null) return;
    await tx.settings.put(key(change.changeId), JSON.stringify({ ...now, publishedAt: gate.business.now() }));
    await record(gate, tx, change, 'activation.published', { share: seen.value });
  });
  return true;
}

/** Records *effective* once the units of the first phase follow its share; a contradiction is left to the verdict's check of the split. */
export async function settleActivationEffective(gate: Gate, tx: StoreTransaction, change: Change): Promise<void> {
  const levels = await readActivationLevels(tx, change.changeId);
  const phase = (await tx.changes.phases(change.changeId)).find(({ cause }) => cause === 'activation');
  if (!phase || levels.publishedAt === null || levels.effectiveAt !== null) return;
  const now = gate.business.now();
  const until = phase.endMinute ?? minuteOf(now);
  const exposed = await exposedUnits(tx, change, phase.startMinute, until);
  if (assessEffect(exposed, until - phase.startMinute, phase.share) !== 'effective') return;
  await tx.settings.put(key(change.changeId), JSON.stringify({ ...levels, effectiveAt: now }));
  await record(gate, tx, change, 'activation.effective', { exposed });
}
