import type { FlagControl, FlagObserver } from '../../src/ports/flag-control.ts';
import type { Store } from '../../src/ports/store.ts';
import type { Gate } from '../../src/services/gate.ts';

/** A point of the protocol at which something may happen: just before or just after a step. */
export interface StepPoint {
  readonly step: 'commit' | keyof FlagControl | 'publishedShare';
  readonly when: 'before' | 'after';
}

/** Called at each point; throwing a `Crash` ends the process there. */
export type Hook = (point: StepPoint) => Promise<void> | void;

/** The end of a process: nothing that it was about to do is done. */
export class Crash extends Error {}

export interface GateProcess {
  readonly gate: Gate;
  readonly isDead: boolean;
}

/** A gate whose ports can be cut off at any step: after a crash none of them does anything any more. */
export function startProcess(parts: Gate, hook: Hook): GateProcess {
  let isDead = false;
  const at = async (point: StepPoint) => {
    if (isDead) throw new Crash();
    try {
      await hook(point);
    } catch (error) {
      if (error instanceof Crash) isDead = true;
      throw error;
    }
  };
  const step = async <T>(name: StepPoint['step'], work: () => Promise<T>): Promise<T> => {
    await at({ step: name, when: 'before' });
    const result = await work();
    await at({ step: name, when: 'after' });
    return result;
  };
  const { flags, observer, store } = parts;
  const control: FlagControl = {
    read: (flag) => step('read', () => flags.read(flag)),
    lowerRollout: (flag, id, from, to) => step('lowerRollout', () => flags.lowerRollout(flag, id, from, to)),
    turnOff: (flag) => step('turnOff', () => flags.turnOff(flag)),
  };
  const observing: FlagObserver = {
    publishedShare: (flag) => step('publishedShare', () => observer.publishedShare(flag)),
    close: () => observer.close(),
  };
  // A crash before the commit takes the whole transaction with it.
  const remembering: Store = {
    async transaction(work) {
      if (isDead) throw new Crash();
      const result = await store.transaction(async (tx) => {
        const done = await work(tx);
        await at({ step: 'commit', when: 'before' });
        return done;
      });
      await at({ step: 'commit', when: 'after' });
      return result;
    },
    probe: () => store.probe(),
    findToken: (tokenId) => store.findToken(tokenId),
    close: async () => undefined,
  };
  return {
    gate: { ...parts, flags: control, observer: observing, store: remembering },
    get isDead() {
      return isDead;
    },
  };
}
