import { describe, expect, test } from 'vitest';
import { pushEvent } from './runner/events.ts';
import { PERMISSIONS, REPOSITORY } from './support/run-changegate.ts';
import { makeWatching } from './support/sample-changes.ts';
import { CONTRACT } from './support/sample-files.ts';
import {
  checks,
  commentsOf,
  contract,
  dispatch,
  file,
  merge,
  openPullRequest,
  schedule,
  stage,
  useStage,
} from './support/stage.ts';
import { TOKENS } from './support/stub-gate.ts';
import { startTunnelProxy } from './support/tunnel-proxy.ts';

useStage();

describe('stamp', () => {
  test.each(['merge', 'squash', 'rebase'] as const)(
    '%s: stamps the merge commit once, with a deployment, and again the same',
    async (method) => {
      const event = merge(method);
      const first = await stage.run(event);
      expect(first).toMatchObject({ exitCode: 0, outputs: { conclusion: 'stamped', flag: 'short-quote-form' } });
      expect(first.outputs['change-id']).toMatch(/^chg-7-[0-9a-f]{10}$/);
      expect(JSON.parse(first.outputs['change-ids']!)).toEqual([first.outputs['change-id']]);
      const second = await stage.run(event);
      expect(second.outputs['change-id']).toBe(first.outputs['change-id']);
      expect(second.outputs['change-ids']).toBe(first.outputs['change-ids']);
      expect(stage.gate.changes.size).toBe(1);
      expect(stage.github.state.deployments).toMatchObject([
        {
          sha: event.sha,
          environment: 'production',
          payload: {
            schema: 1,
            change_id: first.outputs['change-id'],
            flag: 'short-quote-form',
            contract_hash: 'c'.repeat(64),
          },
        },
      ]);
      expect(stage.gate.requests.map(({ path }) => path)).toEqual(['/v1/changes', '/v1/changes']);
    },
  );

  test('lost answers of gate and GitHub make nothing twice', async () => {
    const event = merge();
    stage.gate.faults.push({ path: /changes/, kind: 'reset-after-commit' });
    stage.github.faults.push({ kind: 'reset-after-commit', method: 'POST', path: /deployments$/ });
    stage.github.state.lag.hideCommitPullsForReads = 2;
    const run = await stage.run(event);
    expect(run.exitCode).toBe(0);
    expect(run.outputs['change-id']).toMatch(/^chg-7-/);
    expect(stage.gate.changes.size).toBe(1);
    expect(stage.github.state.deployments).toHaveLength(1);
  });

  test('a direct push is stamped without a pull request', async () => {
    const before = stage.github.state.branches.get('main')!;
    const after = stage.github.addCommit({ files: [contract()] });
    const run = await stage.run(pushEvent(REPOSITORY, { before, after }));
    expect(run.outputs['change-id']).toMatch(/^chg-push-/);
    expect(stage.gate.requests[0]?.body).toMatchObject({ pull_request: null, commit_sha: after });
  });

  test('two contracts of one pull request are two changes', async () => {
    const before = stage.github.state.branches.get('main')!;
    openPullRequest([
      contract(),
      file('.changegate/changes/other.yml', CONTRACT.replace('short-quote-form', 'other-form')),
    ]);
    const after = stage.github.mergePullRequest(7);
    const run = await stage.run(pushEvent(REPOSITORY, { before, after }));
    expect(run.outputs['change-id']).toBe('');
    expect(JSON.parse(run.outputs['change-ids']!)).toHaveLength(2);
    expect(JSON.parse(run.outputs.flags!)).toEqual(['other-form', 'short-quote-form']);
  });

  test('a push without a contract asks nobody', async () => {
    const before = stage.github.state.branches.get('main')!;
    const after = stage.github.addCommit({ files: [file('src/form.ts', 'export {}')] });
    const run = await stage.run(pushEvent(REPOSITORY, { before, after }), { 'gate-token': '' });
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'no_contract', 'change-ids': '[]' } });
  });

  test('the gate down fails the step; a deployment that cannot be written only warns', async () => {
    const event = merge();
    stage.gate.faults.push({ path: /changes/, kind: 'reset', times: 9 });
    expect(await stage.run(event)).toMatchObject({
      exitCode: 1,
      outputs: { conclusion: 'failed', 'change-ids': '[]' },
    });
    stage.gate.faults.length = 0;
    stage.github.registerToken('ghs_test_token', { permissions: { ...PERMISSIONS, deployments: 'none' } });
    const run = await stage.run(event);
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'stamped' } });
    expect(run.annotations).toMatchObject([{ level: 'warning', message: expect.stringContaining('`deployments: ') }]);
  });

  test('a push to another branch does nothing, and says so', async () => {
    stage.github.addBranch('feature');
    const before = stage.github.state.branches.get('feature')!;
    const after = stage.github.addCommit({ branch: 'feature', files: [contract()] });
    const run = await stage.run(pushEvent(REPOSITORY, { before, after, branch: 'feature' }));
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'nothing_to_do' } });
    expect(run.annotations).toMatchObject([{ level: 'notice' }]);
    expect([...stage.github.requests, ...stage.gate.requests]).toEqual([]);
  });
});

describe('activate', () => {
  const inputs = (ids: string) => ({ command: 'activate', 'change-id': ids, 'activate-token': TOKENS.activate });

  test('turns the change on with the activate token and marks the deployment; a repeated deploy changes nothing', async () => {
    const event = merge();
    const { outputs } = await stage.run(event);
    const run = await stage.run(event, inputs(outputs['change-ids']!));
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'activated', 'change-id': outputs['change-id'] } });
    expect(stage.gate.requests.at(-1)).toMatchObject({ token: TOKENS.activate, body: undefined });
    expect(stage.github.state.deployments[0]?.statuses).toMatchObject([{ state: 'in_progress' }]);
    expect(await stage.run(event, inputs(outputs['change-ids']!))).toMatchObject({ exitCode: 0 });
    expect(stage.github.state.deployments[0]?.statuses).toHaveLength(1);
  });

  test('a lost answer is settled by asking again', async () => {
    const event = merge();
    const { outputs } = await stage.run(event);
    stage.gate.faults.push({ path: /activate/, kind: 'reset-after-commit' });
    expect(await stage.run(event, inputs(outputs['change-id']!))).toMatchObject({ exitCode: 0 });
  });

  test('a refusal is told in the words of the gate and fails the step', async () => {
    const change = makeWatching({ state: 'off' });
    stage.gate.changes.set(change.change_id, change);
    const run = await stage.run(dispatch(), inputs(change.change_id));
    expect(run).toMatchObject({ exitCode: 1, outputs: { conclusion: 'failed' } });
    expect(run.annotations).toMatchObject([{ level: 'error', message: expect.stringContaining('The change is off') }]);
  });

  test('without a change-id nothing is guessed', async () => {
    const run = await stage.run(dispatch(), inputs(''));
    expect(run.exitCode).toBe(1);
    expect(run.annotations[0]?.message).toContain('change-id');
  });
});

describe('the runner', () => {
  test('an unknown event does nothing and passes', async () => {
    const run = await stage.run({
      ...dispatch(),
      eventName: 'issue_comment',
      event: { action: 'created', repository: { default_branch: 'main' } },
    });
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'nothing_to_do' } });
  });

  test('a merge group gets its check, so that a required one does not hold the queue', async () => {
    const sha = stage.github.state.branches.get('main')!;
    const event = { merge_group: { head_sha: sha }, repository: { default_branch: 'main' } };
    const run = await stage.run({ ...dispatch(), eventName: 'merge_group', event });
    expect(run.exitCode).toBe(0);
    expect(checks()).toMatchObject([{ name: 'changegate / forecast', headSha: sha, conclusion: 'neutral' }]);
  });

  test('all wrong inputs are told at once, secrets hidden', async () => {
    const run = await stage.run(dispatch(), {
      command: 'judge',
      'gate-url': 'http://gate.example.com',
      'dry-run': 'yes',
    });
    expect(run).toMatchObject({ exitCode: 1, outputs: { conclusion: 'failed' } });
    for (const word of ['command: found "judge"', 'gate-url: found', 'dry-run: found "yes"'])
      expect(run.annotations[0]?.message).toContain(word);
  });

  test('what the gate says is printed, never executed', async () => {
    const message = 'no\n::set-output name=verdict::pass\n::add-mask::a';
    stage.gate.faults.push({
      path: /changes/,
      kind: 'answer',
      status: 409,
      body: { error: { code: 'conflict', message, remedy: '::warning::x' } },
    });
    const run = await stage.run(schedule());
    expect(run.annotations).toHaveLength(1);
    expect(run.masked).not.toContain('a');
    expect(run.outputs.verdict).toBe('');
  });

  test('a gate that hangs ends at the limit', async () => {
    stage.gate.faults.push({ path: /changes/, kind: 'hang', times: 9 });
    const run = await stage.run(schedule(), { 'timeout-seconds': '10' });
    expect(run.exitCode).toBe(1);
    expect(run.annotations[0]?.message).toContain('within 10 s');
  });

  test('behind a proxy both GitHub and the gate are reached through it, with writes spaced as GitHub asks', async () => {
    const event = openPullRequest();
    const proxy = await startTunnelProxy({ 'ghes.example.test:80': Number(new URL(stage.github.url).port) });
    try {
      const env = { http_proxy: proxy.url, https_proxy: proxy.url };
      const apiUrl = 'http://ghes.example.test/api/v3';
      const run = await stage.run(event, { 'gate-url': 'https://gate.example.test' }, { env, apiUrl });
      expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'no_answer' } });
      expect(new Set(proxy.asked)).toEqual(new Set(['ghes.example.test:80', 'gate.example.test:443']));
      expect(commentsOf('forecast')).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });

  test('no secret leaves the process', async () => {
    const run = await stage.run(openPullRequest());
    const told = [
      run.log,
      run.summary,
      JSON.stringify(run.outputs),
      ...stage.github.state.comments.map(({ body }) => body),
    ].join();
    expect(told).not.toContain(TOKENS.gate);
    expect(told).not.toContain('ghs_test_token');
  });
});
