import type { BusinessClock } from '../src/ports/clock.ts';

/** Business time that only the demo's driver advances; it never goes back. */
export class DrivenClock implements BusinessClock {
  #now: number;

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  advanceTo(at: number): void {
    this.#now = Math.max(this.#now, at);
  }
}
