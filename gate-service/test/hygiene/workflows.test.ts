import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRepositoryFile, readRepositoryFiles } from '../architecture/repository-files.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly permissions?: unknown;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const texts = readRepositoryFiles(['.github/workflows'], /\.yml$/);

describe.each([...texts])('%s', (_path, text) => {
  const workflow: Workflow = parse(text);
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  test('gives each job only what it needs, and a time limit', () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.concurrency).toBeDefined();
    for (const job of jobs) {
      expect(job.permissions).toBeDefined();
      expect(job['timeout-minutes']).toBeLessThanOrEqual(20);
    }
    const grants = text.split('\n').filter((line) => /^ {6}[\w-]+: (?:read|write)\b/.test(line));
    expect(grants.filter((line) => !/ # \S/.test(line))).toEqual([]);
  });

  test('pins the actions of others by commit, with their version', () => {
    const uses = text.split('\n').filter((line) => /\buses:/.test(line) && !/uses: \.\/$/.test(line));
    expect(uses.filter((line) => !/uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  test('hands no expression to a shell and leaves no token in the checkout', () => {
    expect(steps.flatMap(({ run }) => (run?.includes('${{') ? [run] : []))).toEqual([]);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
  });
});

test('CI installs the real Prometheus before it runs the tests', () => {
  const { jobs }: Workflow = parse(readRepositoryFile('.github/workflows/ci.yml'));
  const runs = Object.values(jobs).map(({ steps }) => steps.map(({ run }) => run ?? ''));
  const testing = runs.filter((commands) => commands.includes('.ci/run'));
  expect(testing).toHaveLength(1);
  const before = testing[0]!.slice(0, testing[0]!.indexOf('.ci/run'));
  expect(before.filter((command) => /apt-get install .*\bprometheus\b/.test(command))).toHaveLength(1);
});

test('the Action is called with inputs and outputs that it has', () => {
  const action = parse(readRepositoryFile('action.yml'));
  const calls = [...texts.values()]
    .flatMap((text) => Object.values((parse(text) as Workflow).jobs))
    .flatMap((job) => job.steps.filter(({ uses }) => uses === './'));
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) {
    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(Object.keys(call.with ?? {})));
  }
});

test.each(['package.json', 'action/package.json', 'gate-service/package.json'])('%s names exact versions', (path) => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readRepositoryFile(path));
  const versions = Object.entries<string>({ ...dependencies, ...devDependencies });
  expect(versions.length).toBeGreaterThan(0);
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
});
