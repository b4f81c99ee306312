import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { addRecomputeCommand } from '../../src/cli/commands/recompute.ts';
import { addReplayCommand } from '../../src/cli/commands/replay.ts';
import { errorText } from '../../src/cli/error-text.ts';
import { GateError } from '../../src/contract/gate-error.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
export const REGISTRY = 'kpis.yml';
export const CONTRACT = 'contract.yml';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with the registry and the contracts of this folder, and the files of one test. */
export interface Place {
  write(name: string, content: string | Uint8Array): void;
  read(name: string): string;
  run(...args: readonly string[]): Promise<Ran>;
  /** `changegate replay` of the simple contract on one file. */
  replay(events: string, ...args: readonly string[]): Promise<Ran>;
  /** The same with --json, parsed; fails when there is no answer. */
  object(events: string, ...args: readonly string[]): Promise<ReplayObject>;
  remove(): void;
}

export interface ReplayObject {
  // biome-ignore lint/suspicious/noExplicitAny: what is read from it is what the tests assert
  readonly [key: string]: any;
}

export function ownFile(name: string): string {
  return readFileSync(join(HERE, name), 'utf8');
}

export function makePlace(): Place {
  const cwd = mkdtempSync(join(tmpdir(), 'changegate-replay-'));
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(cwd, name), content);
  for (const name of [REGISTRY, CONTRACT, 'contract-with-guardrail.yml']) write(name, ownFile(name));
  const run = (...args: readonly string[]) => runIn(cwd, args);
  const replay = (events: string, ...args: readonly string[]) =>
    run('replay', '--contract', CONTRACT, '--registry', REGISTRY, '--events', events, ...args);
  return {
    write,
    read: (name) => readFileSync(join(cwd, name), 'utf8'),
    run,
    replay,
    object: async (events, ...args) => {
      const { code, out, err } = await replay(events, ...args, '--json');
      if (code !== 0) throw new GateError('internal', `exit ${code}: ${err}`, 'See the message.');
      return JSON.parse(out) as ReplayObject;
    },
    remove: () => rmSync(cwd, { recursive: true }),
  };
}

async function runIn(cwd: string, args: readonly string[]): Promise<Ran> {
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
  const program = new Command('changegate').exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  addReplayCommand(program, io);
  addRecomputeCommand(program, io);
  for (const command of program.commands)
    command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { ...result, code: error.exitCode === 0 ? 0 : 2 };
    if (!(error instanceof GateError)) throw error;
    return { ...result, code: 2, err: `${result.err}${errorText(error)}` };
  }
  return result;
}
