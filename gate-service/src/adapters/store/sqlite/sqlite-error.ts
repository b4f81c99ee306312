import { GateError } from '../../../contract/gate-error.ts';

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;

interface SqliteFailure extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

function isSqliteFailure(error: unknown): error is SqliteFailure {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** After these nothing that the process remembers can be trusted: a failed fsync may have dropped pages. */
export function isFatal(error: unknown): boolean {
  return isSqliteFailure(error) && [IO_ERROR, CORRUPT, NOT_A_DATABASE].includes(error.errcode & 0xff);
}

/** Gives an error of SQLite its code and remedy; other errors pass unchanged. */
export function toGateError(error: unknown, path: string): unknown {
  if (!isSqliteFailure(error)) return error;
  const code = error.errcode & 0xff;
  const options = { cause: error, context: { path, errcode: error.errcode, errstr: error.errstr } };
  const message = `The store ${path} failed: ${error.message} (SQLite ${error.errcode}: ${error.errstr}).`;
  if (code === BUSY || code === LOCKED) {
    return new GateError('store_locked', message, 'Close the other program that has the store file open.', options);
  }
  if (code === CONSTRAINT) return new GateError('internal', message, 'Report this with the log around it.', options);
  if (code === FULL) return new GateError('store', message, 'Free space on the disk of the store.', options);
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new GateError('store', message, 'Stop the service and restore the newest backup that verifies.', options);
  }
  return new GateError('store', message, 'Check the disk and the rights of the store file, then restart.', options);
}
