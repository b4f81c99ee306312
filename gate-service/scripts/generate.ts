import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OUTPUTS } from './generate/outputs.ts';

const HELP = `Writes the files that are made from the sources.
  node scripts/generate.ts           write them
  node scripts/generate.ts --check   change nothing; exit 1 when one is not up to date
`;
const root = join(import.meta.dirname, '..');

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function main(args: readonly string[]): number {
  const check = args.includes('--check');
  const unknown = args.filter((arg) => arg !== '--check');
  if (unknown.length > 0) {
    process.stderr.write(`${HELP}Not known: ${unknown.join(' ')}\n`);
    return 2;
  }
  const stale = OUTPUTS.map(({ file, make }) => ({ file, path: join(root, file), text: make() })).filter(
    ({ path, text }) => readOrNull(path) !== text,
  );
  for (const { file, path, text } of stale) {
    if (!check) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    process.stdout.write(`${check ? 'not up to date' : 'written'}: ${file}\n`);
  }
  if (check && stale.length > 0) process.stderr.write('Run: npm run generate\n');
  return check && stale.length > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
