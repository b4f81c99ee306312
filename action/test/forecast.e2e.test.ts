import { describe, expect, test } from 'vitest';
import { buildMarker } from '../../gate-service/src/contract/render/markers.ts';
import { pullRequestEvent } from './runner/events.ts';
import { PERMISSIONS, REPOSITORY } from './support/run-changegate.ts';
import { makeForecast } from './support/sample-changes.ts';
import { BROKEN_CONTRACT, CONTRACT, CONTRACT_PATH } from './support/sample-files.ts';
import { checks, commentsOf, contract, file, openPullRequest, posts, stage, useStage } from './support/stage.ts';
import { TOKENS } from './support/stub-gate.ts';

useStage();

describe('forecast', () => {
  test('go: a green check on the head, one comment, the summary and the outputs', async () => {
    const event = openPullRequest();
    const run = await stage.run(event);
    expect(run).toMatchObject({
      exitCode: 0,
      stderr: '',
      outputs: { conclusion: 'go', 'change-id': '', flag: 'short-quote-form' },
    });
    expect(checks()).toMatchObject([
      {
        name: 'changegate / forecast',
        conclusion: 'success',
        headSha: stage.github.state.pullRequests.get(7)?.head.sha,
      },
    ]);
    expect(commentsOf('forecast')).toHaveLength(1);
    expect(run.summary).toContain('Forecast: go');
    expect(run.annotations).toEqual([]);
    expect(run.masked).toContain(TOKENS.gate);
    expect(JSON.parse(run.outputs['result-json']!)).toMatchObject({
      schema: 'changegate/result/v1',
      command: 'forecast',
    });
    expect(stage.gate.requests).toMatchObject([
      {
        path: '/v1/forecasts',
        token: TOKENS.gate,
        body: { pull_request: 7, contract: { path: CONTRACT_PATH, text: CONTRACT } },
      },
    ]);
  });

  test('a repeated run writes nothing at all', async () => {
    const event = openPullRequest();
    await stage.run(event);
    const before = posts().length;
    await stage.run(event, {}, { runId: 1001 });
    expect(posts()).toHaveLength(before);
    expect(commentsOf('forecast')).toHaveLength(1);
  });

  test('a new head edits the comment and gets a check of its own; a late run of the old head leaves it alone', async () => {
    const old = openPullRequest();
    await stage.run(old);
    const sha = stage.github.pushToPullRequest(7, { files: [file('README.md', 'more')] });
    stage.gate.forecast = makeForecast({ conclusion: 'adjust', summary: 'Not enough visitors.' });
    const fresh = await stage.run(
      pullRequestEvent(REPOSITORY, { action: 'synchronize', number: 7, head: { sha, ref: 'short-form' } }),
    );
    expect(fresh.outputs.conclusion).toBe('adjust');
    const [comment] = commentsOf('forecast');
    expect(comment?.body).toContain('Not enough visitors.');
    stage.gate.forecast = makeForecast();
    await stage.run(old);
    expect(commentsOf('forecast')).toEqual([comment]);
    expect(checks().map(({ headSha, conclusion }) => [headSha === sha, conclusion])).toEqual([
      [false, 'success'],
      [true, 'neutral'],
    ]);
    expect(stage.github.state.notifications).toHaveLength(1);
  });

  test('findings are annotations of a failed check, the gate is not asked, and the step fails', async () => {
    const run = await stage.run(openPullRequest([contract(BROKEN_CONTRACT)]));
    expect(run).toMatchObject({ exitCode: 1, outputs: { conclusion: 'errors' } });
    expect(checks()).toMatchObject([{ conclusion: 'failure' }]);
    const lines = checks()[0]!.annotations.map(({ path, start_line }) => [path, start_line]);
    expect(lines).toContainEqual([CONTRACT_PATH, 3]);
    expect(lines).toContainEqual([CONTRACT_PATH, 4]);
    expect(run.annotations).toHaveLength(1);
    expect(stage.gate.requests).toEqual([]);
  });

  test('findings of the gate become annotations, too', async () => {
    const finding = {
      file: CONTRACT_PATH,
      line: 5,
      column: 15,
      path: 'guardrails[0]',
      severity: 'error',
      code: 'unreachable',
      message: 'No data can reach it',
      found: '0.5pp',
      allowed: 'more',
      remedy: 'Ask for more.',
    };
    const error = {
      code: 'invalid_files',
      message: 'The files have errors.',
      remedy: 'Correct them.',
      context: { findings: [finding] },
    };
    stage.gate.faults.push({ path: /forecasts/, kind: 'answer', status: 422, body: { error } });
    const run = await stage.run(openPullRequest());
    expect(run).toMatchObject({ exitCode: 1, outputs: { conclusion: 'errors' } });
    expect(checks()[0]?.annotations).toMatchObject([{ start_line: 5, start_column: 15, annotation_level: 'failure' }]);
  });

  test('no contract: a neutral check and no comment', async () => {
    const run = await stage.run(openPullRequest([file('src/form.ts', 'export {}')]));
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'no_contract' } });
    expect(checks()).toMatchObject([{ conclusion: 'neutral' }]);
    expect(stage.github.state.comments).toEqual([]);
  });

  test('first adoption: without a registry on the default branch it says how to add one', async () => {
    stage.github.removeFile('main', '.changegate/kpis.yml');
    const run = await stage.run(openPullRequest());
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'adjust' } });
    expect(checks()).toMatchObject([{ conclusion: 'neutral', annotations: [] }]);
    expect(commentsOf('forecast')[0]?.body).toContain('.changegate/kpis.yml');
    expect(stage.gate.requests).toEqual([]);
  });

  test('a fork without secrets gets the summary, the reason and exit code 0, and nothing is written', async () => {
    stage.github.registerToken('ghs_test_token', { permissions: { contents: 'read', 'pull-requests': 'read' } });
    const run = await stage.run(openPullRequest([contract()], 'stranger/booking'), {
      'gate-token': '',
      'gate-url': '',
    });
    expect(run).toMatchObject({ exitCode: 0, outputs: { conclusion: 'no_answer' } });
    expect(run.annotations).toMatchObject([{ level: 'warning', message: expect.stringContaining('from forks') }]);
    expect(run.summary).toContain('from forks');
    expect(posts()).toEqual([]);
  });

  test('a fork with a broken contract still hears where, by the runner', async () => {
    const run = await stage.run(openPullRequest([contract(BROKEN_CONTRACT)], 'stranger/booking'), { 'gate-token': '' });
    expect(run.exitCode).toBe(1);
    expect(run.annotations).toContainEqual(expect.objectContaining({ level: 'error', file: CONTRACT_PATH, line: 3 }));
  });

  test('a missing permission is named, the rest is done, and the step passes', async () => {
    stage.github.registerToken('ghs_test_token', { permissions: { ...PERMISSIONS, checks: 'none' } });
    const run = await stage.run(openPullRequest());
    expect(run.exitCode).toBe(0);
    expect(run.annotations).toMatchObject([{ level: 'warning', message: expect.stringContaining('`checks: ') }]);
    expect(run.annotations[0]?.message).toContain('under `permissions:`');
    expect(commentsOf('forecast')).toHaveLength(1);
  });

  test.each([
    ['warn', 0, 'neutral', 'warning'],
    ['fail', 1, 'failure', 'error'],
  ])(
    'gate down, on-gate-error %s: exit code %i, check %s, never silent',
    async (policy, exitCode, conclusion, level) => {
      stage.gate.faults.push({ path: /forecasts/, kind: 'reset', times: 9 });
      const run = await stage.run(openPullRequest(), { 'on-gate-error': policy });
      expect(run).toMatchObject({ exitCode, outputs: { conclusion: 'no_answer' } });
      expect(checks()).toMatchObject([{ conclusion }]);
      expect(run.annotations).toMatchObject([{ level, message: expect.stringContaining('did not answer') }]);
    },
  );

  test('a mistake in what the gate was asked is never only a warning', async () => {
    const error = { code: 'unauthorised', message: 'The API token is revoked.', remedy: 'Make a new one.' };
    stage.gate.faults.push({ path: /forecasts/, kind: 'answer', status: 401, body: { error } });
    const run = await stage.run(openPullRequest());
    expect(run.exitCode).toBe(1);
    expect(run.annotations).toMatchObject([{ level: 'error', message: expect.stringContaining('revoked') }]);
  });
});

describe('comments survive GitHub', () => {
  test.each(['reset-after-commit', 'status-after-commit', 'reset', 'status'] as const)(
    '%s on create leaves exactly one',
    async (kind) => {
      stage.github.faults.push({ kind, method: 'POST', path: /\/issues\/7\/comments$/ });
      const run = await stage.run(openPullRequest());
      expect(run.exitCode).toBe(0);
      expect(commentsOf('forecast')).toHaveLength(1);
      expect(stage.github.state.notifications).toHaveLength(1);
      expect(run.annotations).toEqual([]);
    },
  );

  test('the lost comment also shows up late', async () => {
    stage.github.faults.push({ kind: 'reset-after-commit', method: 'POST', path: /\/issues\/7\/comments$/ });
    stage.github.state.lag.hideNewCommentsForReads = 1;
    await stage.run(openPullRequest());
    expect(commentsOf('forecast')).toHaveLength(1);
    expect(stage.github.state.notifications).toHaveLength(1);
  });

  test('a marker on the second page is found', async () => {
    const event = openPullRequest();
    for (let index = 0; index < 120; index += 1) stage.github.addComment(7, `Comment ${index}`, 'octocat');
    const ours = stage.github.addComment(7, `${buildMarker({ kind: 'forecast' })}\nold`);
    await stage.run(event);
    expect(commentsOf('forecast')).toMatchObject([{ id: ours.id, body: expect.stringContaining('Forecast: go') }]);
  });

  test('a marker that a person pasted is left alone', async () => {
    const event = openPullRequest();
    const pasted = stage.github.addComment(7, `${buildMarker({ kind: 'forecast' })}\nmine`, 'mallory');
    await stage.run(event);
    expect(stage.github.state.comments.find(({ id }) => id === pasted.id)?.body).toContain('mine');
    expect(commentsOf('forecast')).toHaveLength(2);
  });

  test('duplicates of an earlier race are deleted, the oldest stays', async () => {
    const event = openPullRequest();
    const [first] = [1, 2, 3].map(() => stage.github.addComment(7, `${buildMarker({ kind: 'forecast' })}\nold`));
    await stage.run(event);
    expect(commentsOf('forecast').map(({ id }) => id)).toEqual([first!.id]);
  });

  test('a secondary rate limit is waited out', async () => {
    stage.github.faults.push({ kind: 'secondary-rate-limit', method: 'POST', path: /comments$/ });
    const run = await stage.run(openPullRequest());
    expect(run.exitCode).toBe(0);
    expect(commentsOf('forecast')).toHaveLength(1);
  });
});
