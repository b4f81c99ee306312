import type { BusinessClock, RealClock } from '../../src/ports/clock.ts';
import type { Log } from '../../src/ports/log.ts';
import type { Random } from '../../src/ports/random.ts';
import { seededRandom } from './seeded-random.ts';

/** Business time that only the test advances. */
export class TestBusinessClock implements BusinessClock {
  #now: number;

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  /** Goes back as well, so that a test can play a machine whose clock was set wrongly. */
  set(at: number): void {
    this.#now = at;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

/** Real time that only the test advances: leases and token expiry without waiting. */
export class TestRealClock implements RealClock {
  #now = Date.UTC(2026, 0, 1);

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    // What is at hand comes first, as in real time; only what waits for something outside is outrun.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.#now += ms;
  }
}

/** The same bytes and ids in every run. */
export function testRandom(seed: number): Random {
  const random = seededRandom(seed);
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => random.int(256));
  const hex = (count: number) => Buffer.from(bytes(count)).toString('hex');
  return { bytes, uuid: () => [hex(4), hex(2), hex(2), hex(2), hex(6)].join('-') };
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A log that says nothing and remembers everything. */
export function testLog(lines: LogLine[]): Log {
  const at = (level: LogLine['level']) => (fields: Record<string, unknown>, message: string) => {
    lines.push({ level, fields, message });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
