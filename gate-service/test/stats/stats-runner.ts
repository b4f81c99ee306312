import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { addStatsCommand } from '../../src/cli/commands/stats.ts';
import { GateError } from '../../src/contract/gate-error.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder for the files of one test. */
export interface Place {
  readonly cwd: string;
  write(name: string, content: string): void;
  remove(): void;
}

export function makePlace(): Place {
  const cwd = mkdtempSync(join(tmpdir(), 'changegate-stats-'));
  return {
    cwd,
    write: (name, content) => writeFileSync(join(cwd, name), content),
    remove: () => rmSync(cwd, { recursive: true }),
  };
}

export const ORACLES = fileURLToPath(new URL('../fixtures/oracles/', import.meta.url));

export function oracleText(file: string): string {
  return readFileSync(join(ORACLES, `${file}.json`), 'utf8');
}

/** Runs `changegate stats` with its real table; a mistake in the call becomes exit code 2 and its message. */
export async function runStats(args: readonly string[], lines: readonly string[] = [], cwd = ORACLES): Promise<Ran> {
  const result = { code: 0, out: '', err: '' };
  const io = {
    out: (text: string) => {
      result.out += text;
    },
    err: (text: string) => {
      result.err += text;
    },
    cwd,
    color: false,
    now: () => 0,
    exit: (code: number) => {
      result.code = code;
    },
  };
  const program = new Command().exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  addStatsCommand(program, io, Readable.from(lines.map((line) => `${line}\n`)));
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  try {
    await program.parseAsync(['node', 'changegate', 'stats', ...args]);
  } catch (error) {
    if (error instanceof GateError) return { ...result, code: 2, err: `${error.message} ${error.remedy}` };
    if (error instanceof CommanderError) return { ...result, code: error.exitCode === 0 ? 0 : 2 };
    throw error;
  }
  return result;
}

export interface StatsAnswer {
  readonly fn: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: each function has its own fields, and the tests assert them
  readonly result?: any;
  readonly error?: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** Asks one question on standard input and parses the one answer. */
export async function ask(fn: string, inputs: unknown): Promise<StatsAnswer> {
  const { out } = await runStats([], [JSON.stringify({ fn, inputs })]);
  return JSON.parse(out) as StatsAnswer;
}
