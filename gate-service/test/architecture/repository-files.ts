import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NOT_OURS = /(?:^|\/)node_modules$|^action\/(?:dist|lib)$|^[\w-]+\/test\/(?:.*\/)?fixtures$/;

/** The repository's own files under `folders` whose name fits, with their text, by path from the root. */
export function readRepositoryFiles(folders: readonly string[], fits: RegExp): ReadonlyMap<string, string> {
  const paths = folders.flatMap((folder) => walk(folder)).filter((path) => fits.test(path));
  return new Map(paths.toSorted().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** The text of one file of the repository. */
export function readRepositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function walk(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (NOT_OURS.test(path)) return [];
    return entry.isDirectory() ? walk(path) : [path];
  });
}
