import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildMarker } from '../../gate-service/src/contract/render/markers.ts';
import type { StoredComment } from './fake-github/index.ts';
import { pullRequestEvent, pushEvent, scheduleEvent, workflowDispatchEvent } from './runner/events.ts';
import { openStage, PERMISSIONS, REPOSITORY, type Stage } from './support/run-changegate.ts';
import { makeForecast, makeIntervention, makeVerdict, makeWatching } from './support/sample-changes.ts';
import { BROKEN_CONTRACT, CONTRACT, CONTRACT_PATH } from './support/sample-files.ts';
import { TOKENS } from './support/stub-gate.ts';
import { startTunnelProxy } from './support/tunnel-proxy.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  expect(stage.github.violations).toEqual([]);
  await stage.close();
});

const file = (path: string, text: string) => ({ path, status: 'added' as const, text });
const contract = (text = CONTRACT) => file(CONTRACT_PATH, text);

/** Opens pull request 7 and gives the event that its run starts from. */
function openPullRequest(files = [contract()], fork?: string) {
  const head = { ref: 'short-form', ...(fork === undefined ? {} : { fork }) };
  const pull = stage.github.openPullRequest({ number: 7, title: 'Shorter quote form', head, files });
  return pullRequestEvent(REPOSITORY, { number: 7, head: { ...head, sha: pull.head.sha } });
}

function merge(method: 'merge' | 'squash' | 'rebase' = 'squash') {
  const before = stage.github.state.branches.get('main')!;
  openPullRequest();
  const after = stage.github.mergePullRequest(7, { method });
  return pushEvent(REPOSITORY, { before, after });
}

const commentsOf = (kind: string): StoredComment[] =>
  stage.github.state.comments.filter(({ body }) => body.startsWith(`<!-- changegate:v1 kind=${kind}`));
const checks = () => stage.github.state.checkRuns;
const posts = () => stage.github.requests.filter(({ method }) => method !== 'GET');
const schedule = () => scheduleEvent(REPOSITORY, { sha: stage.github.state.branches.get('main')! });
const dispatch = () => workflowDispatchEvent(REPOSITORY, { sha: stage.github.state.branches.get('main')! });

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

describe('verdict', () => {
  /** A merged pull request 7 whose change is watched. */
  async function watch() {
    const event = merge();
    const { outputs } = await stage.run(event);
    const id = outputs['change-id']!;
    stage.gate.changes.set(id, makeWatching({ change_id: id, commit_sha: event.sha }));
    stage.gate.requests.length = 0;
    return id;
  }
  const judged =
    (given = {}) =>
    (change: Parameters<Stage['gate']['onEvaluate']>[0]) => ({
      ...change,
      state: 'judged' as const,
      verdicts: [...change.verdicts, makeVerdict({ revision: change.verdicts.length + 1, ...given })],
    });

  test('pending: the progress comment only, edited quietly', async () => {
    const id = await watch();
    const run = await stage.run(dispatch(), { 'change-id': id });
    expect(run).toMatchObject({
      exitCode: 0,
      outputs: { verdict: 'pending', 'change-id': id, conclusion: 'evaluated' },
    });
    expect(stage.gate.requests.at(-1)).toMatchObject({
      path: `/v1/changes/${id}/evaluate`,
      body: { head: { contract: { path: CONTRACT_PATH, text: CONTRACT }, registry: {} } },
    });
    expect(stage.github.state.comments).toHaveLength(1);
    expect(commentsOf('progress')).toHaveLength(1);
    await stage.run(schedule());
    expect(stage.github.state.notifications).toHaveLength(1);
  });

  test('the verdict is a new comment exactly once, with check and deployment', async () => {
    await watch();
    await stage.run(schedule());
    stage.gate.onEvaluate = judged();
    const run = await stage.run(schedule());
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } });
    const writes = posts().length;
    await stage.run(schedule());
    await stage.run(schedule());
    expect(commentsOf('verdict')).toHaveLength(1);
    expect(posts()).toHaveLength(writes);
    const head = stage.github.state.pullRequests.get(7)!.head.sha;
    expect(checks()).toMatchObject([{ name: 'changegate / verdict', headSha: head, conclusion: 'success' }]);
    expect(stage.github.state.deployments[0]?.statuses).toMatchObject([{ state: 'success' }]);
    expect(stage.github.state.notifications).toHaveLength(2);
    expect(run.summary).toContain('PASS');
    // The rule of the contract as it was merged.
    expect(commentsOf('verdict')[0]?.body).toContain('PASS when the measured effect is at least **+5%**');
  });

  test('a changed result is a new numbered revision; the first stays as it was', async () => {
    const id = await watch();
    stage.gate.onEvaluate = judged();
    await stage.run(schedule());
    const [first] = commentsOf('verdict');
    stage.gate.onEvaluate = judged({ verdict: 'inconclusive', reasons: ['not_enough_evidence'] });
    const run = await stage.run(dispatch(), { 'change-id': id });
    expect(run.outputs.verdict).toBe('inconclusive');
    expect(commentsOf('verdict')).toHaveLength(2);
    expect(commentsOf('verdict')[0]).toEqual(first);
    expect(checks()).toMatchObject([{ conclusion: 'neutral' }]);
  });

  test('a lost answer while posting the verdict leaves one comment', async () => {
    await watch();
    await stage.run(schedule());
    stage.gate.onEvaluate = judged();
    stage.github.faults.push({ kind: 'reset-after-commit', method: 'POST', path: /comments$/ });
    await stage.run(schedule());
    expect(commentsOf('verdict')).toHaveLength(1);
  });

  test('each intervention notifies once, and its later times are edited in', async () => {
    await watch();
    const pending = makeIntervention({ outcome: 'pending', accepted_at: null, published_at: null, effective_at: null });
    stage.gate.onEvaluate = (change) => ({ ...change, state: 'throttled', interventions: [pending] });
    await stage.run(schedule());
    stage.gate.onEvaluate = (change) => ({
      ...change,
      state: 'off',
      interventions: [
        makeIntervention(),
        makeIntervention({ intervention_id: 'int-2', kind: 'turn_off', target_share: 0 }),
      ],
    });
    await stage.run(schedule());
    await stage.run(schedule());
    expect(commentsOf('intervention')).toHaveLength(2);
    expect(commentsOf('intervention')[0]?.body).toContain('Throttled');
    expect(commentsOf('intervention')[1]?.body).toContain('Turned off');
    // Two interventions and the progress comment.
    expect(stage.github.state.notifications).toHaveLength(3);
  });

  test('one change that fails does not stop the others, and the step fails with the list', async () => {
    const id = await watch();
    const lost = makeWatching({ change_id: 'chg-push-aaaaaaaaaa', pull_request: null });
    stage.gate.changes.set(lost.change_id, lost);
    stage.gate.faults.push({
      path: /chg-push-aaaaaaaaaa\/evaluate/,
      kind: 'answer',
      status: 500,
      body: { error: { code: 'internal', message: 'An invariant broke.', remedy: 'Tell us.' } },
    });
    stage.gate.onEvaluate = judged();
    const run = await stage.run(schedule());
    expect(run).toMatchObject({ exitCode: 1, outputs: { conclusion: 'failed' } });
    expect(run.annotations).toMatchObject([
      { level: 'error', message: expect.stringContaining('chg-push-aaaaaaaaaa') },
    ]);
    expect(commentsOf('verdict')[0]?.body).toContain(id);
  });

  test('a change without a pull request is told in the job summary', async () => {
    const change = makeWatching({ change_id: 'chg-push-aaaaaaaaaa', pull_request: null });
    stage.gate.changes.set(change.change_id, change);
    stage.gate.onEvaluate = judged({ verdict: 'fail', reasons: ['guardrail'] });
    const run = await stage.run(schedule());
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: 'fail' } });
    expect(run.summary).toContain('FAIL');
    expect(stage.github.state.comments).toEqual([]);
  });

  test.each([
    ['changes', ['intervention', 'verdict']],
    ['never', []],
  ])('comment %s posts only %j; check and summary are written', async (comment, kinds) => {
    await watch();
    stage.gate.onEvaluate = (change) => ({ ...judged()(change), interventions: [makeIntervention()] });
    const run = await stage.run(schedule(), { comment });
    expect(['forecast', 'progress', 'intervention', 'verdict'].filter((kind) => commentsOf(kind).length > 0)).toEqual(
      kinds,
    );
    expect(checks()).toMatchObject([{ name: 'changegate / verdict' }]);
    expect(run.summary).toContain('PASS');
  });

  test('two changes of one pull request share the progress comment and have a check each', async () => {
    const id = await watch();
    const other = makeWatching({ ...stage.gate.changes.get(id), change_id: 'chg-7-bbbbbbbbbb', flag: 'other-form' });
    stage.gate.changes.set(other.change_id, other);
    await stage.run(schedule());
    expect(commentsOf('progress')).toHaveLength(1);
    stage.gate.onEvaluate = judged();
    await stage.run(schedule());
    expect(commentsOf('verdict')).toHaveLength(2);
    expect(
      checks()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['changegate / verdict (other-form)', 'changegate / verdict (short-quote-form)']);
  });

  test('a dry run asks, and writes nothing', async () => {
    const id = await watch();
    stage.gate.changes.set(id, judged()(stage.gate.changes.get(id)!));
    const before = posts().length;
    const run = await stage.run(dispatch(), { 'change-id': id, 'dry-run': 'true' });
    expect(run).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } });
    expect(run.log).toContain('would comment on #7');
    expect(posts()).toHaveLength(before);
    expect(stage.gate.requests.filter(({ method }) => method === 'POST')).toEqual([]);
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
