import { setTimeout as delay } from 'node:timers/promises';
import type { BusinessClock, RealClock } from '../../ports/clock.ts';

/** The machine's own clock; in production business time and real time are both this one. */
export const systemClock: BusinessClock & RealClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};
