/** What a command may touch of the process that runs it. */
export interface CliIo {
  /** Writes to standard output, as it is. */
  out(text: string): void;
  /** Writes to standard error, as it is. */
  err(text: string): void;
  readonly cwd: string;
  readonly color: boolean;
  /** Milliseconds since 1970, real time. */
  now(): number;
  /** Sets the exit code; the process ends when its work is done. */
  exit(code: number): void;
}

/** The real process. Node decides about colours (a terminal, NO_COLOR, FORCE_COLOR). */
export function processIo(): CliIo {
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    cwd: process.cwd(),
    color: process.stdout.isTTY === true && process.stdout.hasColors(),
    now: () => Date.now(),
    exit: (code) => {
      process.exitCode = code;
    },
  };
}
