import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pullRequestEvent, pushEvent, scheduleEvent, testMergeSha, workflowDispatchEvent } from './events.ts';
import { parseFileCommands } from './file-commands.ts';
import { type RunActionOptions, RunnerFailure, runAction } from './index.ts';
import { parseWorkflowCommands } from './workflow-commands.ts';

const HEAD = 'b'.repeat(40);
const REPOSITORY = { owner: 'acme', repo: 'web' };
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);

function run(inputs: Record<string, string>, more: Partial<RunActionOptions> = {}) {
  return runAction({
    bundle: fixture('script.mjs'),
    actionYml: fixture('action.yml'),
    apiUrl: 'http://127.0.0.1:1/api/v3',
    token: 'ghs_fake',
    ...pullRequestEvent(REPOSITORY, { number: 7, head: { sha: HEAD, ref: 'booking' } }),
    inputs,
    ...more,
  });
}

describe('runAction', () => {
  it('starts the bundle with the environment of the runner and nothing of ours', async () => {
    const { outputs } = await run({ COMMAND: 'report' });
    const seen = JSON.parse(outputs.seen ?? '');
    expect(seen.env).toMatchObject({
      INPUT_COMMAND: 'report',
      'INPUT_GITHUB-TOKEN': 'ghs_fake',
      INPUT_SITE_URL: 'https://github.com/acme/web',
      INPUT_EMPTY: '',
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_SHA: testMergeSha(HEAD),
      GITHUB_REF: 'refs/pull/7/merge',
      GITHUB_REF_NAME: '7/merge',
      GITHUB_HEAD_REF: 'booking',
      GITHUB_BASE_REF: 'main',
      GITHUB_API_URL: 'http://127.0.0.1:1/api/v3',
      GITHUB_GRAPHQL_URL: 'http://127.0.0.1:1/api/graphql',
      GITHUB_REPOSITORY_ID: '2',
      GITHUB_ACTIONS: 'true',
    });
    expect(seen.cwd).toBe(seen.env.GITHUB_WORKSPACE);
    expect(seen.event.pull_request.head.sha).toBe(HEAD);
    expect(seen.node).toMatch(/^v24\./);
    for (const name of ['GITHUB_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'NODE_OPTIONS', 'VITEST', 'NODE_ENV']) {
      expect(seen.env).not.toHaveProperty(name);
    }
    expect(existsSync(seen.cwd)).toBe(false);
  });

  it('reads files and commands back as the runner does', async () => {
    const result = await run({ command: 'report' });
    expect(result).toMatchObject({
      exitCode: 3,
      outputs: { lines: 'one\ntwo=2\n', plain: 'a=b' },
      state: { phase: 'main' },
      exportedEnv: { CHANGE_ID: 'chg-7' },
      summary: '## Forecast\n',
      masked: ['s3cret'],
    });
    expect(result.annotations).toEqual([
      {
        level: 'error',
        message: 'first\nsecond 100%',
        title: 'Bad: value, here',
        file: '.changegate/a.yml',
        line: 3,
        endLine: 4,
      },
      { level: 'notice', message: 'done' },
      { level: 'warning', message: 'on the other stream' },
    ]);
    expect(result.log).toContain('the token is ***');
    expect(result.log).toContain('::error::not a command');
    expect(result.stderr).toBe('::warning::on the other stream\n');
  });

  it('gives OIDC, saved state and extra environment only when told', async () => {
    const oidc = { url: 'http://127.0.0.1:1/oidc?api-version=2.0', token: 't' };
    const { outputs } = await run(
      { command: 'report' },
      { oidc, state: { phase: 'main' }, env: { no_proxy: '*', GITHUB_SHA: 'x' } },
    );
    expect(JSON.parse(outputs.seen ?? '').env).toMatchObject({
      ACTIONS_ID_TOKEN_REQUEST_URL: oidc.url,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
      STATE_phase: 'main',
      no_proxy: '*',
      // GITHUB_ variables cannot be overwritten by a workflow's env.
      GITHUB_SHA: testMergeSha(HEAD),
    });
  });

  it('has an empty stdin and the files of the checkout', async () => {
    const { outputs } = await run({ command: 'workspace' }, { workspace: { 'nested/a.txt': 'hello' } });
    expect(outputs).toEqual({ text: 'hello', stdin: '0' });
  });

  it('fails where the runner fails', async () => {
    await expect(run({ command: 'broken-output' })).rejects.toThrow('EOF marker missing new line');
    await expect(run({ comand: 'report' })).rejects.toThrow("Unexpected input(s) 'comand'");
    await expect(run({ command: 'hang' }, { timeoutMs: 500 })).rejects.toThrow(/SIGKILL.*\nwaiting/);
    expect(await run({ command: 'large-summary' })).toMatchObject({
      exitCode: 0,
      summary: '',
      annotations: [{ level: 'error', message: expect.stringContaining('upload aborted') }],
    });
  });
});

describe('parseFileCommands', () => {
  it.each([
    ['a block', 'a<<E\n1\n2\nE\n', { a: '1\n2' }],
    ['an empty block', 'a<<E\nE\n', { a: '' }],
    ['an end without newline', 'a<<E\n1\nE', { a: '1' }],
    ['a pair whose value looks like a block', 'a=b<<c\n', { a: 'b<<c' }],
    ['a block whose delimiter has an equals sign', 'a<<E=1\nx\nE=1\n', { a: 'x' }],
    ['Windows newlines', 'a=1\r\nb<<E\r\nx\r\ny\r\nE\r\n', { a: '1', b: 'x\r\ny' }],
    ['blank lines and repeated names', '\na=1\n\na=2\n', { a: '2' }],
  ])('reads %s', (_, text, expected) => {
    expect(parseFileCommands(text)).toEqual(expected);
  });

  it.each([
    ['a block cut off in a line', 'a<<E\n1', 'EOF marker missing new line'],
    ['a block without its end', 'a<<E\n1\n', 'Matching delimiter not found'],
    ['no name', '=1\n', 'Name must not be empty'],
    ['no delimiter', 'a<<\n', 'delimiter must not be empty'],
    ['neither form', 'verdict\n', 'Invalid format'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseFileCommands(text)).toThrow(RunnerFailure);
    expect(() => parseFileCommands(text)).toThrow(message);
  });
});

describe('parseWorkflowCommands', () => {
  it('takes only lines that are commands', () => {
    const text =
      'see ::error::x\n:: error::y\n::unknown::z\n  ::Warning title=T::w\n::debug::d\n::group::G\n::endgroup::';
    const { annotations, debug, log } = parseWorkflowCommands(text);
    expect(annotations).toEqual([{ level: 'warning', title: 'T', message: 'w' }]);
    expect(debug).toEqual(['d']);
    expect(log).toBe('see ::error::x\n:: error::y\n::unknown::z\nw\nG');
  });

  it('keeps colons of the message, and decodes an escaped percent sign last', () => {
    const { annotations } = parseWorkflowCommands('::error title=a::b::c %250A');
    expect(annotations).toEqual([{ level: 'error', title: 'a', message: 'b::c %0A' }]);
  });
});

describe('events', () => {
  it('tell a fork, a deleted fork, a push to the branch and a merge apart', () => {
    const fork = pullRequestEvent(REPOSITORY, { number: 8, head: { sha: HEAD, ref: 'patch', fork: 'stranger/web' } });
    expect(fork.event).toMatchObject({
      action: 'opened',
      pull_request: { head: { repo: { full_name: 'stranger/web', fork: true } } },
    });
    const deleted = pullRequestEvent(REPOSITORY, { number: 8, head: { sha: HEAD, ref: 'patch', fork: null } });
    expect(deleted.event).toMatchObject({ pull_request: { head: { repo: null, user: null } } });
    const push = pullRequestEvent(REPOSITORY, {
      action: 'synchronize',
      number: 8,
      head: { sha: HEAD, ref: 'patch' },
      before: 'x',
    });
    expect(push.event).toMatchObject({ action: 'synchronize', before: 'x', after: HEAD });
    const merged = pullRequestEvent(REPOSITORY, { number: 8, head: { sha: HEAD, ref: 'patch' }, mergeCommitSha: 'm' });
    expect(merged).toMatchObject({
      sha: 'm',
      ref: 'refs/heads/main',
      event: { action: 'closed', pull_request: { merged: true } },
    });
  });

  it('carry what each event has, and a schedule has no repository', () => {
    const push = pushEvent(REPOSITORY, { before: '0'.repeat(40), after: HEAD });
    expect(push).toMatchObject({
      sha: HEAD,
      ref: 'refs/heads/main',
      event: { created: true, head_commit: { id: HEAD } },
    });
    expect(scheduleEvent(REPOSITORY, { sha: HEAD }).event).toEqual({ schedule: '17 */6 * * *' });
    const dispatched = workflowDispatchEvent(REPOSITORY, { sha: HEAD, inputs: { 'change-id': 'chg-7' } });
    expect(dispatched.event).toMatchObject({
      inputs: { 'change-id': 'chg-7' },
      repository: { id: 2, owner: { id: 3 }, default_branch: 'main' },
    });
  });
});
