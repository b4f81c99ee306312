import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { GateError } from '../../../contract/gate-error.ts';
import { quickCheck } from './open-database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { toGateError } from './sqlite-error.ts';

/** Copies the store, log included, checks the copy, and only then gives it its name. */
export function writeBackup(connection: SqliteConnection, path: string): void {
  if (existsSync(path)) {
    throw new GateError('store', `The backup ${path} exists already.`, 'Choose a name that is not in use.', {
      context: { path },
    });
  }
  const partial = `${path}.partial`;
  try {
    rmSync(partial, { force: true });
    closeSync(openSync(partial, 'wx', 0o600));
    connection.run('VACUUM INTO ?', partial);
    const copy = new DatabaseSync(partial, { readOnly: true });
    try {
      quickCheck(copy, partial);
    } finally {
      copy.close();
    }
    syncToDisk(partial);
    renameSync(partial, path);
    syncToDisk(dirname(path));
  } catch (error) {
    rmSync(partial, { force: true });
    const mapped = toGateError(error, path);
    if (mapped instanceof GateError) throw mapped;
    throw new GateError(
      'store',
      `The backup ${path} cannot be written.`,
      'Choose a folder that the service may write.',
      {
        cause: error,
        context: { path },
      },
    );
  }
}

function syncToDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
