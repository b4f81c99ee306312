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
      /**
       * Id of the newest event of this flag: larger than remembered means somebody edited it. Read before
       * the rest, so that an edit in between shows at the next reading. 0 when the service keeps no event.
       */
      readonly lastEventId: number;
      /** Who made that newest event; empty when there is none. */
      readonly lastEventBy: string;
    };

/**
 * Why the flag service could not be read or written. A person must act on `unauthorised`, `forbidden` (also
 * any other refusal of the request as such), `change_request` and `not_found` (also: the flag lives in another
 * project, or has no such environment). After `precondition_failed` the caller reads and decides again.
 * `unreadable` and `deadline` may pass by themselves; after a write they leave open whether it happened.
 */
export type FlagFailure =
  | { readonly kind: 'unauthorised' | 'forbidden' | 'change_request' | 'not_found'; readonly detail: string }
  | { readonly kind: 'precondition_failed' | 'unreadable' | 'deadline'; readonly detail: string };

export type FlagResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: FlagFailure };

/**
 * What the watch may do with a flag: read it and lower it. There is no method that raises exposure, and
 * the adapter's allowed calls hold none. No method retries and none throws for an
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
  /**
   * Disables the flag in the gate's environment; a flag that is off already stays so, without a new event.
   * Fails with `precondition_failed` when the flag is archived.
   */
  turnOff(flag: string): Promise<FlagResult<void>>;
}

/** What activation may do: the only port that raises exposure; the watch never receives it. */
export interface FlagActivation {
  read(flag: string): Promise<FlagResult<FlagReading>>;
  /** Creates the flag, off everywhere, when it is missing; `precondition_failed` when an archived one has its name. */
  createFlag(flag: string, description: string): Promise<FlagResult<void>>;
  /**
   * Adds the gradual strategy (percentage, stickiness default, groupId = flag) while the flag is off; does
   * nothing when it is there. Fails with `precondition_failed` when the flag is on or has another strategy.
   */
  addGradualStrategy(flag: string, percent: string): Promise<FlagResult<void>>;
  /**
   * Enables the flag. Fails with `precondition_failed` unless the adapter reads, just before, that the
   * gradual strategy of this percentage is the only enabled one.
   */
  enable(flag: string, percent: string): Promise<FlagResult<void>>;
}

/** What an SDK sees of the flag: the proof of *published*. */
export interface FlagObserver {
  /**
   * The share that SDKs are given now, in [0, 1]: `unreadable` until the client API and a running SDK agree
   * (ask again), `not_found` for a flag that the client API does not know (missing or archived).
   */
  publishedShare(flag: string): Promise<FlagResult<number>>;
  close(): Promise<void>;
}
