import { RepositoryFileSchema } from '../../../gate-service/src/contract/api/requests.ts';
import type { GitHub } from './client.ts';
import { type RepositoryFile, readFile } from './contents.ts';

/** The files at the default branch's head by which the gate sees that a rule moved; null: unknown, not "gone". */
export type HeadFiles = { readonly contract: RepositoryFile | null; readonly registry: RepositoryFile | null } | null;

/** Reads a change's files at the default branch's head, each once per run. */
export function createHeadReader(github: GitHub, defaultBranch: string, registryPath: string) {
  const known = new Map<string, Promise<RepositoryFile | null>>();
  const read = (path: string) => {
    const asked = known.get(path) ?? readFile(github, defaultBranch, path);
    known.set(path, asked);
    return asked;
  };
  return async (contractPath: string): Promise<HeadFiles> => {
    const [contract, registry] = await Promise.all([read(contractPath), read(registryPath)]);
    const isSendable = (file: RepositoryFile | null) => file === null || RepositoryFileSchema.safeParse(file).success;
    return isSendable(contract) && isSendable(registry) ? { contract, registry } : null;
  };
}
