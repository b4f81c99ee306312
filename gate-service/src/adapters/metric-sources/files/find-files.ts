import { glob, lstat, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FileFormat } from './config.ts';
import { alike, FilesFault } from './fault.ts';

export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** Characters that DuckDB would take for a pattern in a path. */
const PATTERN = /[*?[\]{}\\\p{Cc}]/u;

/**
 * Regular files below the directory that a glob names, sorted. Links are refused wherever they are on the way, and so
 * is everything that is no regular file: reading a pipe would hang for ever.
 * @param root the directory itself, without links
 * @throws FilesFault not_configured when there is none, refused for links, too_large for too many
 */
export async function findFiles(root: string, pattern: string, most: number): Promise<readonly FoundFile[]> {
  const names: string[] = [];
  for await (const name of glob(pattern, { cwd: root })) {
    names.push(name);
    if (names.length > most)
      throw new FilesFault('too_large', `${pattern} names more than ${most} files; raise max_files or join files`);
  }
  const stats = await Promise.all(names.toSorted().map((name) => inspect(root, name)));
  const files = stats.filter((file) => file !== null);
  if (files.length > 0) return files;
  throw new FilesFault(
    'not_configured',
    `no file in ${root} is named by ${pattern}; ${alike(basename(pattern), await topNames(root))} Correct files in the configuration of the source, or write the file`,
  );
}

/** @throws FilesFault not_configured when the directory is not there or cannot be read */
export async function realDirectory(directory: string): Promise<string> {
  try {
    const root = await realpath(directory);
    if ((await lstat(root)).isDirectory()) return root;
  } catch {
    throw new FilesFault(
      'not_configured',
      `the directory ${directory} is not there or cannot be read; correct directory in the configuration of the source`,
    );
  }
  throw new FilesFault('not_configured', `${directory} is a file; allowed: a directory`);
}

/** @throws FilesFault bad_schema for an ending that says nothing */
export function formatOf(path: string): FileFormat {
  const name = path.toLowerCase().replace(/\.(gz|zst)$/, '');
  if (name.endsWith('.parquet')) return 'parquet';
  if (name.endsWith('.csv') || name.endsWith('.tsv')) return 'csv';
  if (/\.(ndjson|jsonl|json)$/.test(name)) return 'ndjson';
  throw new FilesFault(
    'bad_schema',
    `the ending of ${basename(path)} says nothing; say format: csv, parquet or ndjson`,
  );
}

async function inspect(root: string, name: string): Promise<FoundFile | null> {
  const parts = name.split('/');
  let path = root;
  for (const [i, part] of parts.entries()) {
    if (part === '..' || PATTERN.test(part))
      throw new FilesFault('refused', `the name of a file in ${root} holds one of * ? [ ] { } or \\; rename it`);
    path = join(path, part);
    const stat = await lstat(path);
    if (stat.isSymbolicLink())
      throw new FilesFault('refused', `${path} is a symbolic link; allowed: regular files below the directory`);
    if (i < parts.length - 1) continue;
    if (stat.isDirectory()) return null;
    if (!stat.isFile()) throw new FilesFault('refused', `${path} is no regular file; allowed: regular files only`);
    return { path, bytes: stat.size, modifiedMs: stat.mtimeMs };
  }
  return null;
}

async function topNames(root: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of glob('*', { cwd: root })) {
    names.push(name);
    if (names.length >= 200) break;
  }
  return names.toSorted();
}
