import type { EpochMs } from '../domain/model/time.ts';

/** One strategy of a flag in the gate's environment, as the flag service reports it. */
export interface FlagStrategy {
  readonly id: string;
  readonly name: string;
  readonly disabled: boolean;
  /** Percentage as the flag service's string ("50"); null for a strategy without one. */
  readonly rollout: string | null;
  readonly stickiness: string | null;
  readonly groupId: string | null;
}

/** What reading a flag told. `missing` and `archived` are answers, not errors. */
export type FlagReading =
  | { readonly kind: 'missing' }
  | { readonly kind: 'archived' }
  | {
      readonly kind: 'present';
      readonly enabled: boolean;
      readonly strategies: readonly FlagStrategy[];
      /**
       * Largest share of units that may be served the treatment, in [0, 1]: 0 when disabled; 1 when any
       * enabled strategy has no percentage; else the sum of the percentages, at most 1.
       */
      readonly share: number;
      /** SHA-256 hex of strategies, constraints, segments and variants without the percentages. */
      readonly treatmentHash: string;
      readonly createdAt: string;
      /** Id of the newest event of this flag: larger than remembered means somebody edited it. */
      readonly lastEventId: number;
      /** Who made that newest event. */
      readonly lastEventBy: string;
    };

/** Why the flag service could not be read or written. */
export type FlagFailure =
  | { readonly kind: 'unauthorised' | 'forbidden' | 'change_request' | 'not_found'; readonly detail: string }
  | { readonly kind: 'precondition_failed' | 'unreadable' | 'deadline'; readonly detail: string };

export type FlagResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: FlagFailure };

/**
 * What the watch may do with a flag: read it and lower it. There is no method that raises exposure, and
 * the adapter's allowed calls hold none (RELIABILITY.md R2). No method retries and none throws for an
 * outage; each keeps its own deadline (2 s connect, 8 s total).
 */
export interface FlagControl {
  read(flag: string): Promise<FlagResult<FlagReading>>;
  /**
   * Lowers one gradual strategy from the percentage that was read to a smaller one, keeping stickiness
   * and groupId, so that the new cohort is a subset of the old. Fails with `precondition_failed` when the
   * percentage is no longer `from`.
   * @param from percentage as read, 0 to 100
   * @param to   percentage, smaller than `from`; GateError `internal` when it is not
   */
  lowerRollout(flag: string, strategyId: string, from: string, to: string): Promise<FlagResult<void>>;
  /** Disables the flag in the gate's environment. */
  turnOff(flag: string): Promise<FlagResult<void>>;
}

/** What activation may do: the only port that raises exposure; the watch never receives it. */
export interface FlagActivation {
  read(flag: string): Promise<FlagResult<FlagReading>>;
  /** Creates the flag, off everywhere, when it is missing. */
  createFlag(flag: string, description: string): Promise<FlagResult<void>>;
  /** Adds the gradual strategy (percentage, stickiness default, groupId = flag) while the flag is off. */
  addGradualStrategy(flag: string, percent: string): Promise<FlagResult<void>>;
  /** Enables the flag; refused by the adapter unless a strategy was read back just before. */
  enable(flag: string): Promise<FlagResult<void>>;
}

/** What an SDK sees of the flag: the proof of *published*. */
export interface FlagObserver {
  /**
   * The share that the client API serves now, in [0, 1], or null when it cannot be read.
   * `unseen` is the answer for a flag that the client API does not know.
   */
  publishedShare(flag: string): Promise<FlagResult<number>>;
  close(): Promise<void>;
}

/** When a person edited the flag, for the ledger. */
export interface FlagEdit {
  readonly eventId: number;
  readonly by: string;
  readonly at: EpochMs;
}
