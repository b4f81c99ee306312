import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { GateError } from '../../contract/gate-error.ts';
import type { CliIo } from '../io.ts';
import { readUserFile } from '../read-user-file.ts';
import { answerLine, refuseName } from '../stats/answer.ts';
import {
  countOutcomes,
  explainObject,
  listObject,
  renderExplanation,
  renderList,
  renderSuite,
} from '../stats/render.ts';
import { parseSuite, runSuite, type SuiteResult } from '../stats/suite.ts';
import { findFunction } from '../stats/table.ts';

const EXIT_MISSED = 1;
/** A case that nobody computed has not passed, and has not failed either. */
const EXIT_NOT_OFFERED = 3;

const HELP = `
Reads one question a line, writes one answer a line; empty lines are left out:
  {"fn": "wilson", "inputs": {"x": 17, "n": 60}}
  {"fn": "wilson", "result": {"lo": 0.1986, "hi": 0.3867, "status": "ok"}}
  {"fn": "wilson", "error": {"code": …, "message": …, "remedy": …}}
Infinity, -Infinity and NaN are text, in questions and answers.

Exit codes:
  0  every line was answered; every case of a suite is as expected
  1  a line was not answered; a case of a suite differs
  2  a mistake in the call, or a file cannot be used
  3  no case of a suite differs, but some ask for functions that are not offered`;

interface StatsOptions {
  readonly file?: string;
  readonly suite?: readonly string[];
  readonly explain?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** Adds `changegate stats`: every method by itself, for whoever wants to check it against a tool of their own. */
export function addStatsCommand(program: Command, io: CliIo, input: Readable = process.stdin): void {
  program
    .command('stats')
    .description('compute with the statistics by themselves, to check them against other tools; no server needed')
    .option('--file <file>', 'read the questions from this file; default: standard input')
    .option('--suite <files...>', 'run files of cases with expected answers')
    .option('--explain <fn>', 'print formula, source, assumptions and a worked example of a function')
    .option('--list', 'print every function with one line')
    .option('--json', 'print JSON (with --suite, --explain, --list)')
    .addHelpText('after', HELP)
    .action(async (options: StatsOptions) => {
      const { file, suite, explain, list, json } = options;
      if ([file, suite, explain, list].filter((given) => given !== undefined).length > 1) {
        throw new GateError(
          'invalid_input',
          '--file, --suite, --explain and --list exclude each other.',
          'Give one of them.',
        );
      }
      if (list) io.out(json ? asJson(listObject()) : renderList());
      else if (explain !== undefined) explainFunction(io, explain, json === true);
      else if (suite !== undefined) await runSuites(io, suite, json === true);
      else await answerLines(io, file === undefined ? input : createReadStream(resolve(io.cwd, file)), file);
    });
}

function explainFunction(io: CliIo, fn: string, json: boolean): void {
  const one = findFunction(fn) ?? refuseName(fn);
  io.out(json ? asJson(explainObject(one)) : renderExplanation(one));
}

async function runSuites(io: CliIo, paths: readonly string[], json: boolean): Promise<void> {
  const results: SuiteResult[] = [];
  for (const path of paths) results.push(runSuite(parseSuite(await readUserFile(io, path), path)));
  const counts = countOutcomes(results);
  io.out(json ? asJson({ suites: results, ...counts }) : results.map(renderSuite).join('\n'));
  io.exit(counts.miss > 0 ? EXIT_MISSED : counts.notOffered > 0 ? EXIT_NOT_OFFERED : 0);
}

async function answerLines(io: CliIo, input: Readable, file: string | undefined): Promise<void> {
  let failed = false;
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue;
      const answer = answerLine(line);
      failed ||= 'error' in answer;
      io.out(`${JSON.stringify(answer)}\n`);
    }
  } catch (error) {
    throw new GateError(
      'invalid_input',
      `${file ?? 'Standard input'} cannot be read: ${(error as Error).message}.`,
      'Check the path.',
      { cause: error },
    );
  }
  io.exit(failed ? EXIT_MISSED : 0);
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
