/** Where a run tells what it does. Only main.ts knows that this is the runner's log. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
}

/** A log that forgets: for tests. */
export const SILENT: Log = { debug: () => {}, info: () => {}, warning: () => {} };
