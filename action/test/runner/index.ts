/** Runs an action's bundle as actions/runner starts it: same environment, files and reading of what it prints. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inputVariables, readManifest } from './action-manifest.ts';
import { actionEnvironment, githubContext, type RunnerFiles } from './environment.ts';
import { parseFileCommands } from './file-commands.ts';
import { RunnerFailure } from './runner-failure.ts';
import { type Annotation, parseWorkflowCommands } from './workflow-commands.ts';

export interface RunActionOptions {
  /** The JavaScript to run, such as action/dist/index.js. */
  bundle: string;
  actionYml: string;
  eventName: string;
  event: unknown;
  sha: string;
  ref: string;
  /** `owner/name` */
  repository: string;
  /** With the base path, as the fake GitHub gives it. */
  apiUrl: string;
  /** What `with:` gives. Defaults come from action.yml. */
  inputs?: Record<string, string>;
  /** `github.token` */
  token?: string;
  /** What `env:` gives, such as a proxy. */
  env?: Record<string, string>;
  /** With it the job has `id-token: write`. */
  oidc?: { url: string; token: string };
  headRef?: string;
  baseRef?: string;
  actor?: string;
  job?: string;
  runId?: number;
  runAttempt?: number;
  repositoryId?: number;
  ownerId?: number;
  serverUrl?: string;
  /** What an earlier phase of the action saved. */
  state?: Record<string, string>;
  /** Files of the checked-out repository; none when the job has no checkout step. */
  workspace?: Record<string, string>;
  timeoutMs?: number;
}

export interface ActionRun {
  exitCode: number;
  outputs: Record<string, string>;
  state: Record<string, string>;
  exportedEnv: Record<string, string>;
  summary: string;
  stdout: string;
  stderr: string;
  annotations: Annotation[];
  masked: string[];
  debug: string[];
  /** What a person sees: see parseWorkflowCommands. */
  log: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Above it GitHub refuses the summary, with an error annotation; the step's result stays. */
const SUMMARY_LIMIT_BYTES = 1024 * 1024;

/** @throws RunnerFailure where the runner itself would stop the step, and when the action hangs */
export async function runAction(options: RunActionOptions): Promise<ActionRun> {
  const root = await mkdtemp(join(tmpdir(), 'changegate-runner-'));
  try {
    const workspace = join(root, 'workspace');
    const files = await prepare(root, workspace, options);
    const inputs = inputVariables(
      readManifest(options.actionYml),
      options.inputs ?? {},
      githubContext(options, workspace),
    );
    const ended = await execute(options, actionEnvironment(options, files, inputs, workspace), workspace);
    return await collect(files, ended);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function prepare(root: string, workspace: string, options: RunActionOptions): Promise<RunnerFiles> {
  const temp = join(root, 'temp');
  await mkdir(temp);
  await mkdir(workspace);
  for (const [path, text] of Object.entries(options.workspace ?? {})) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
  }
  const file = async (name: string, text = '') => {
    await writeFile(join(temp, name), text);
    return join(temp, name);
  };
  return {
    event: await file('event.json', JSON.stringify(options.event)),
    output: await file('set_output'),
    state: await file('save_state'),
    env: await file('set_env'),
    path: await file('add_path'),
    summary: await file('step_summary'),
  };
}

interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

function execute(options: RunActionOptions, env: Record<string, string>, cwd: string): Promise<Ended> {
  const node = process.env.NODE_BIN ?? process.execPath;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const child = spawn(node, [options.bundle], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const textOf = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const ended = { stdout: textOf(stdout), stderr: textOf(stderr) };
      if (code !== null) resolve({ exitCode: code, ...ended });
      else
        reject(
          new RunnerFailure(`The action ended by ${signal} (limit ${timeoutMs} ms).\n${ended.stdout}${ended.stderr}`),
        );
    });
  });
}

async function collect(files: RunnerFiles, ended: Ended): Promise<ActionRun> {
  const read = (path: string) => readFile(path, 'utf8');
  // The runner reads commands from both streams.
  const { annotations, masked, debug, log } = parseWorkflowCommands(`${ended.stdout}\n${ended.stderr}`);
  const summary = await read(files.summary);
  const summaryBytes = Buffer.byteLength(summary);
  const isTooLarge = summaryBytes > SUMMARY_LIMIT_BYTES;
  if (isTooLarge) {
    const size = `${Math.ceil(summaryBytes / 1024)}k`;
    const message = `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${size}.`;
    annotations.push({ level: 'error', message });
  }
  return {
    ...ended,
    outputs: parseFileCommands(await read(files.output)),
    state: parseFileCommands(await read(files.state)),
    exportedEnv: parseFileCommands(await read(files.env)),
    summary: isTooLarge ? '' : summary,
    annotations,
    masked,
    debug,
    log,
  };
}

export type { Annotation } from './workflow-commands.ts';
export { RunnerFailure };
