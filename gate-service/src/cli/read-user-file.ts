import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GateError } from '../contract/gate-error.ts';
import type { CliIo } from './io.ts';

/** Reads a file that the user named. @throws GateError invalid_input */
export async function readUserFile(io: CliIo, path: string): Promise<string> {
  try {
    return await readFile(resolve(io.cwd, path), 'utf8');
  } catch (error) {
    throw new GateError('invalid_input', `${path} cannot be read: ${(error as Error).message}.`, 'Check the path.', {
      cause: error,
    });
  }
}
