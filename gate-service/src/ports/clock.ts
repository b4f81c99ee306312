import type { EpochMs } from '../domain/model/time.ts';

/** Time in which events happen, windows run and looks are due; the ledger's time. The demo drives it. */
export interface BusinessClock {
  now(): EpochMs;
}

/** Time on the wall of this machine: deadlines, leases, token expiry, back-off. Never driven. */
export interface RealClock {
  now(): EpochMs;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
