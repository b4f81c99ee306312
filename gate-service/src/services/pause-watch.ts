import { GateError } from '../contract/gate-error.ts';
import type { EpochMs } from '../domain/model/time.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { Gate } from './gate.ts';
import { GATE_ACTOR, recordForService } from './record.ts';

export interface Pause {
  readonly since: EpochMs;
  readonly by: string;
  readonly reason: string;
}

const KEY = 'watch-paused';

export async function readPause(tx: StoreTransaction): Promise<Pause | null> {
  const stored = await tx.settings.get(KEY);
  return stored === null || stored === '' ? null : (JSON.parse(stored) as Pause);
}

/**
 * Stops every intervention until `resumeWatch`; looks and verdicts go on. Pausing twice keeps the first pause.
 * @param by     the name that the caller gave; nothing proves it
 * @param actor  who was authenticated
 */
export async function pauseWatch(gate: Gate, by: string, reason: string, actor = GATE_ACTOR): Promise<Pause> {
  return gate.store.transaction(async (tx) => {
    const present = await readPause(tx);
    if (present) return present;
    const pause: Pause = { since: gate.business.now(), by, reason };
    await tx.settings.put(KEY, JSON.stringify(pause));
    await recordForService(gate, tx, { type: 'watch.paused', actor }, { by, reason });
    return pause;
  });
}

/** @throws GateError conflict when the watch is not paused */
export async function resumeWatch(gate: Gate, by: string, reason: string, actor = GATE_ACTOR): Promise<void> {
  await gate.store.transaction(async (tx) => {
    const pause = await readPause(tx);
    if (!pause) throw new GateError('conflict', 'The watch is not paused.', 'Nothing to do.');
    await tx.settings.put(KEY, '');
    const payload = { by, reason, pausedSince: pause.since, pausedBy: pause.by };
    await recordForService(gate, tx, { type: 'watch.resumed', actor }, payload);
  });
}
