import * as core from '@actions/core';
import { context as runner } from '@actions/github';
import { GateError } from '../../gate-service/src/contract/gate-error.ts';
import { escapeMarkdown } from '../../gate-service/src/contract/render/escape-markdown.ts';
import { chooseCommand } from './choose-command.ts';
import type { CommandContext } from './commands/command.ts';
import { runCommand } from './commands/run-command.ts';
import { defaultBranchOf, parseEvent, type Run } from './event.ts';
import { createGate } from './gate-client.ts';
import { createGitHub } from './github/client.ts';
import { readDefaultBranch } from './github/contents.ts';
import type { Log } from './log.ts';
import { paceFor } from './pace.ts';
import { renderProblems } from './render/problems.ts';
import { EMPTY_REPORT, hasFailed, outputsOf, type Problem, problemOf, type Report } from './report.ts';
import { INPUTS, type InputName, parseSettings, type Settings } from './settings.ts';

/** A text that starts like a workflow command would be executed by the runner. */
const inert = (text: string) => text.replace(/^(\s*)(?=::|##\[)/gm, '$1\u200b');

const log: Log = {
  debug: (message) => core.debug(message),
  info: (message) => core.info(inert(message)),
  warning: (message) => core.warning(message),
};

/** GitHub's own job summary takes 1 MiB; ours stays far below it. */
const MAX_SUMMARY = 900_000;

async function main(): Promise<void> {
  let command = 'none';
  let report: Report;
  try {
    const settings = readSettings();
    const run = readRun();
    const github = createGitHub({
      token: settings.githubToken,
      apiUrl: runner.apiUrl,
      repository: run.repository,
      pace: paceFor(runner.apiUrl),
      log,
      dryRun: settings.dryRun,
    });
    const defaultBranch = run.defaultBranch ?? (await readDefaultBranch(github));
    const choice = chooseCommand(settings.command, run.event, defaultBranch);
    command = choice.command;
    if (choice.command === 'none') {
      report = nothingToDo(choice.reason);
    } else {
      const context: CommandContext = { settings, run, defaultBranch, github, gate: openGate(settings), log };
      report = await within(settings.timeoutMs, runCommand(choice.command, context));
    }
  } catch (error) {
    if (!(error instanceof GateError))
      core.debug(error instanceof Error ? (error.stack ?? error.message) : String(error));
    report = { ...EMPTY_REPORT, conclusion: 'failed', problems: [problemOf(error, 'error')] };
  }
  await publish(command, report);
}

function readSettings(): Settings {
  const inputs = Object.fromEntries(INPUTS.map((name) => [name, core.getInput(name)])) as Record<InputName, string>;
  for (const name of ['gate-token', 'activate-token', 'github-token'] as const) {
    if (inputs[name] !== '') core.setSecret(inputs[name]);
  }
  return parseSettings(inputs);
}

function readRun(): Run {
  const { owner, repo } = runner.repo;
  return {
    event: parseEvent(runner.eventName, runner.payload),
    repository: `${owner}/${repo}`,
    sha: runner.sha,
    ref: runner.ref,
    actor: runner.actor,
    runUrl: `${runner.serverUrl}/${owner}/${repo}/actions/runs/${runner.runId}`,
    defaultBranch: defaultBranchOf(runner.payload),
  };
}

function openGate({ gateUrl, gateToken, activateToken }: Settings): CommandContext['gate'] {
  if (gateUrl === '' || gateToken === '') return null;
  return createGate({ url: gateUrl, token: gateToken, activateToken, pace: paceFor(gateUrl), timeoutMs: 30_000 });
}

function nothingToDo(reason: string): Report {
  return {
    ...EMPTY_REPORT,
    summary: `### Changegate: nothing to do\n\n${escapeMarkdown(reason)}\n`,
    problems: [{ level: 'notice', code: 'nothing_to_do', message: reason, remedy: '' }],
  };
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `The Action was not done within ${timeoutMs / 1_000} s.`;
      reject(
        new GateError(
          'gate_unreachable',
          message,
          'Run the job again: a repeated run makes nothing twice. Or raise the input timeout-seconds.',
        ),
      );
    }, timeoutMs);
  });
  return Promise.race([work, passed]).finally(() => clearTimeout(timer));
}

async function publish(command: string, report: Report): Promise<void> {
  for (const [name, value] of Object.entries(outputsOf(command, report))) core.setOutput(name, value);
  const problems = renderProblems(report.problems.filter(({ code }) => code !== 'nothing_to_do'));
  const summary = [report.summary, problems].filter((part) => part !== '').join('\n');
  if (summary !== '') await core.summary.addRaw(summary.slice(0, MAX_SUMMARY), true).write();
  for (const problem of report.problems) annotate(problem);
  if (hasFailed(report)) process.exitCode = 1;
}

function annotate({ level, message, remedy, place }: Problem): void {
  const text = remedy === '' ? message : `${message}\n${remedy}`;
  const at =
    place === undefined
      ? { title: 'Changegate' }
      : { title: 'Changegate', file: place.file, startLine: place.line, startColumn: place.column };
  switch (level) {
    case 'error':
      core.error(text, at);
      break;
    case 'warning':
      core.warning(text, at);
      break;
    case 'notice':
      core.notice(text, at);
      break;
    default:
      level satisfies never;
  }
}

// A socket that somebody keeps open, or work that came too late, must not hold the runner.
await main().catch((error: unknown) => {
  core.setFailed(error instanceof Error ? error.message : String(error));
});
// On Windows a pipe is written later: wait for it.
await new Promise((resolve) => process.stdout.write('', resolve));
process.exit();
