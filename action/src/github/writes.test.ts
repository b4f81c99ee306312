import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildMarker, parseMarker } from '../../../gate-service/src/contract/render/markers.ts';
import { createFakeGitHub, type FakeGitHub } from '../../test/fake-github/index.ts';
import { SILENT } from '../log.ts';
import { paceFor } from '../pace.ts';
import { upsertCheckRun, type WantedCheckRun } from './check-runs.ts';
import { createGitHub, type GitHub } from './client.ts';
import { createCommentOnce, readThread, upsertComment } from './comments.ts';
import { readFile } from './contents.ts';
import { ensureDeployment, setDeploymentStatus } from './deployments.ts';
import { findMergedPullRequest } from './pull-requests.ts';

let fake: FakeGitHub;
let github: GitHub;

beforeEach(async () => {
  fake = createFakeGitHub({ owner: 'o', repo: 'r' });
  fake.registerToken('t', {
    permissions: { contents: 'read', 'pull-requests': 'write', checks: 'write', deployments: 'write' },
  });
  fake.openPullRequest({
    number: 7,
    title: 'x',
    head: { ref: 'x' },
    files: [{ path: 'a', status: 'added', text: 'é\n' }],
  });
  await fake.start();
  github = open();
});
afterEach(async () => {
  expect(fake.violations).toEqual([]);
  await fake.close();
});

const open = (given: Partial<Parameters<typeof createGitHub>[0]> = {}) =>
  createGitHub({
    token: 't',
    apiUrl: fake.url,
    repository: 'o/r',
    pace: paceFor(fake.url),
    log: SILENT,
    dryRun: false,
    ...given,
  });
const once = async () =>
  createCommentOnce(github, await readThread(github, 7), wanted('hello'), async () => wanted('hello').body);
const wanted = (body: string, sequence = 0) => ({
  body: `${buildMarker({ kind: 'progress', at: sequence })}\n${body}`,
  matches: (text: string) => parseMarker(text)?.kind === 'progress',
  appSlug: 'github-actions',
});

describe('comments', () => {
  test('an older run never overwrites a newer one', async () => {
    await upsertComment(github, await readThread(github, 7), wanted('new', 5));
    const old = { ...wanted('old', 3), mayReplace: (existing: string) => (parseMarker(existing)?.at ?? 0) <= 3 };
    expect(await upsertComment(github, await readThread(github, 7), old)).toBe('kept');
    expect(fake.state.comments[0]?.body).toContain('new');
  });

  test('a comment of another app is not ours once our app is known', async () => {
    const other = { login: 'other[bot]', id: 5, type: 'Bot' as const, app: { id: 9, slug: 'other', name: 'Other' } };
    fake.addComment(7, wanted('theirs').body, other);
    expect(await upsertComment(github, await readThread(github, 7), wanted('ours'))).toBe('created');
    expect(fake.state.comments.map(({ body }) => body.split('\n')[1])).toEqual(['theirs', 'ours']);
  });

  test('an edit with a lost answer is repeated', async () => {
    await upsertComment(github, await readThread(github, 7), wanted('one'));
    fake.faults.push({ kind: 'reset-after-commit', method: 'PATCH', path: /comments/ });
    expect(await upsertComment(github, await readThread(github, 7), wanted('two'))).toBe('updated');
    expect(fake.state.comments.map(({ body }) => body.split('\n')[1])).toEqual(['two']);
  });

  test.each([1, 2, 3, 4, 5, 6])('eight runs at once leave one comment (round %i)', async () => {
    const runs = Array.from({ length: 8 }, async () => once());
    await Promise.all(runs);
    await once();
    expect(fake.state.comments).toHaveLength(1);
  });

  test('a locked conversation is explained', async () => {
    fake.state.pullRequests.get(7)!.locked = true;
    await expect(upsertComment(github, await readThread(github, 7), wanted('x'))).rejects.toMatchObject({
      code: 'github',
      remedy: expect.stringContaining('Unlock'),
    });
  });

  test('a token of a person is warned about', async () => {
    const warnings: string[] = [];
    fake.registerToken('pat', {
      permissions: { 'pull-requests': 'write' },
      actor: { login: 'octocat', id: 1, type: 'User' },
    });
    const person = open({ token: 'pat', log: { ...SILENT, warning: (text) => warnings.push(text) } });
    await upsertComment(person, await readThread(person, 7), wanted('x'));
    expect(warnings).toEqual([expect.stringContaining('belongs to a person')]);
  });

  test('a dry run only says what it would do', async () => {
    const said: string[] = [];
    const dry = open({ dryRun: true, log: { ...SILENT, info: (text) => said.push(text) } });
    expect(await upsertComment(dry, await readThread(dry, 7), wanted('hello'))).toBe('dry_run');
    expect(said.join()).toContain('hello');
    expect(fake.state.comments).toEqual([]);
  });
});

describe('check runs', () => {
  const headSha = () => fake.state.pullRequests.get(7)!.head.sha;
  const check = (given: Partial<WantedCheckRun> = {}): WantedCheckRun => ({
    name: 'changegate / forecast',
    headSha: headSha(),
    externalId: 'x',
    conclusion: 'success',
    title: 'go',
    summary: 's',
    detailsUrl: 'https://github.com/o/r/actions/runs/1',
    annotations: [],
    ...given,
  });
  const annotations = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      path: 'a',
      line: index + 1,
      column: 1,
      level: 'failure' as const,
      title: 't',
      message: 'm',
    }));

  test('more than 50 annotations take more than one request, and a repeated run adds none', async () => {
    const many = check({ conclusion: 'failure', annotations: annotations(120) });
    expect(await upsertCheckRun(github, many)).toMatchObject({ outcome: 'created', appSlug: 'github-actions' });
    expect(fake.state.checkRuns[0]?.annotations).toHaveLength(120);
    expect(await upsertCheckRun(github, many)).toMatchObject({ outcome: 'unchanged' });
    expect(fake.state.checkRuns).toHaveLength(1);
  });

  test('a run with annotations gets a successor, one without is edited', async () => {
    await upsertCheckRun(github, check({ annotations: annotations(1) }));
    await upsertCheckRun(github, check({ title: 'second' }));
    await upsertCheckRun(github, check({ title: 'third' }));
    expect(fake.state.checkRuns.map(({ output }) => output.title)).toEqual(['go', 'third']);
  });

  test('another external id is another run', async () => {
    await upsertCheckRun(github, check());
    await upsertCheckRun(github, check({ externalId: 'y', title: 'other' }));
    await upsertCheckRun(github, check({ title: 'changed' }));
    expect(fake.state.checkRuns.map(({ output }) => output.title)).toEqual(['changed', 'other']);
  });

  test.each(['reset-after-commit', 'reset', 'status', 'status-after-commit'] as const)(
    '%s on create leaves one',
    async (kind) => {
      fake.faults.push({ kind, method: 'POST', path: /check-runs/ });
      await upsertCheckRun(github, check());
      expect(fake.state.checkRuns).toHaveLength(1);
    },
  );

  test('a summary beyond the limit is cut', async () => {
    await upsertCheckRun(github, check({ summary: 'x'.repeat(70_000) }));
    expect(fake.state.checkRuns[0]?.output.summary).toHaveLength(65_535);
  });
});

describe('deployments', () => {
  const payload = { schema: 1 as const, change_id: 'chg-7-0123456789', flag: 'f', contract_hash: 'c' };
  const deployment = (given = {}) => ({
    sha: fake.state.branches.get('main')!,
    environment: 'production',
    description: 'd'.repeat(200),
    payload,
    ...given,
  });

  test('an existing one with our change_id is adopted, one without is not', async () => {
    const first = await ensureDeployment(github, deployment());
    expect(await ensureDeployment(github, deployment())).toBe(first);
    expect(
      await ensureDeployment(github, deployment({ payload: { ...payload, change_id: 'chg-8-0123456789' } })),
    ).not.toBe(first);
    expect(fake.state.deployments).toHaveLength(2);
  });

  test('a payload that GitHub answers as text is read, too', async () => {
    const first = await ensureDeployment(github, deployment());
    fake.state.deployments[0]!.payload = JSON.stringify(payload);
    expect(await ensureDeployment(github, deployment())).toBe(first);
    fake.state.deployments[0]!.payload = '{';
    expect(await ensureDeployment(github, deployment())).not.toBe(first);
  });

  test('the same status is not repeated', async () => {
    const id = (await ensureDeployment(github, deployment()))!;
    const status = { state: 'success' as const, description: 'é'.repeat(200), logUrl: 'https://github.com' };
    await setDeploymentStatus(github, id, status);
    await setDeploymentStatus(github, id, status);
    expect(fake.state.deployments[0]?.statuses).toHaveLength(1);
  });
});

describe('reads', () => {
  test('a file with accents, a directory and nothing', async () => {
    fake.addFile('main', 'dir/ä b.yml', 'ä');
    expect(await readFile(github, 'x', 'a')).toEqual({ path: 'a', text: 'é\n' });
    expect(await readFile(github, 'main', 'dir/ä b.yml')).toEqual({ path: 'dir/ä b.yml', text: 'ä' });
    expect(await readFile(github, 'main', 'dir')).toBeNull();
    expect(await readFile(github, 'main', 'nothing')).toBeNull();
  });

  test('a read is repeated after a server error, and not after a refusal', async () => {
    fake.faults.push({ kind: 'status', method: 'GET', path: /contents/, times: 2 });
    expect(await readFile(github, 'x', 'a')).not.toBeNull();
    expect(fake.requests).toHaveLength(3);
    expect(fake.requests[0]?.apiVersion).toBe('2022-11-28');
  });

  test('the pull request of a fresh merge is asked for again', async () => {
    const sha = fake.mergePullRequest(7);
    fake.state.lag.hideCommitPullsForReads = 2;
    expect(await findMergedPullRequest(github, sha, 'main')).toEqual({ number: 7, mergeCommitSha: sha });
    expect(await findMergedPullRequest(github, sha, 'other')).toBeNull();
  });
});
