import { describe, expect, test } from 'vitest';
import type { Stage } from './support/run-changegate.ts';
import { makeIntervention, makeVerdict, makeWatching } from './support/sample-changes.ts';
import { CONTRACT, CONTRACT_PATH } from './support/sample-files.ts';
import { checks, commentsOf, dispatch, merge, posts, schedule, stage, useStage } from './support/stage.ts';

useStage();

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

  test('a change that is due is told, however many newer ones there are', async () => {
    const id = await watch();
    for (let n = 0; n < 120; n += 1) {
      const newer = makeWatching({ change_id: `chg-push-${String(n).padStart(10, '0')}`, pull_request: null });
      const stamped_at = newer.stamped_at + n + 1;
      stage.gate.changes.set(newer.change_id, { ...newer, state: 'superseded', stamped_at });
    }
    stage.gate.onEvaluate = judged();
    await stage.run(schedule());
    expect(stage.gate.requests.map(({ path }) => path)).toContain(`/v1/changes/${id}/evaluate`);
    expect(commentsOf('verdict')).toHaveLength(1);
  });

  test('a change that the gate cannot show fails the step by name', async () => {
    stage.gate.unreadable.add('chg-9-0123456789');
    const run = await stage.run(schedule());
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('cannot show chg-9-0123456789');
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
