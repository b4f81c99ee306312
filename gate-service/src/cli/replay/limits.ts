/** What is held at a time beside the units; with more of it the file is read again, for another part. */
export interface ReadLimits {
  /** Event ids that are compared with each other. */
  readonly ids: number;
  /** Status trials that are told apart, when the rows are in no order of time. */
  readonly trials: number;
}

/** Some 60 MB each. */
export const READ_LIMITS: ReadLimits = { ids: 2_000_000, trials: 2_000_000 };
