import { getOctokit } from '@actions/github';
import { describe, expect, it } from 'vitest';
import { HEAD, TOKEN, useFakeGitHub } from './test-support.ts';

const MERGED = 'a'.repeat(40);

const fake = useFakeGitHub();
const { call } = fake;

describe('repository', () => {
  it('tells the default branch and the ids', async () => {
    const { body } = await call('GET', '');
    expect(body).toMatchObject({
      id: 2,
      full_name: 'acme/web',
      default_branch: 'main',
      owner: { id: 3, login: 'acme' },
    });
  });

  it.each([
    ['the default branch', '', 200],
    ['a branch', '?ref=main', 200],
    ['a full ref', '?ref=refs/heads/main', 200],
    ['an unknown ref', '?ref=nope', 404],
  ])('serves a file at %s', async (_, query, status) => {
    const answer = await call('GET', `/contents/.changegate/kpis.yml${query}`);
    expect(answer.status).toBe(status);
    if (status === 200) expect(Buffer.from(answer.body.content, 'base64').toString()).toBe('kpis: []\n');
  });

  it('keeps a file of the pull request out of the default branch, and finds it at the head sha', async () => {
    const path = '/contents/.changegate%2Fchanges%2Fbooking.yml';
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('GET', `${path}?ref=${HEAD}`)).body).toMatchObject({
      type: 'file',
      encoding: 'base64',
      size: 14,
    });
    expect((await call('GET', '/contents/.changegate?ref=booking')).body).toMatchObject([
      { name: 'changes', type: 'dir' },
      { name: 'kpis.yml', type: 'file' },
    ]);
    expect((await call('GET', '/contents/')).body).toMatchObject([{ name: '.changegate', type: 'dir' }]);
  });

  it('compares two refs and shows a commit', async () => {
    const { body } = await call('GET', '/compare/main...booking');
    expect(body).toMatchObject({
      status: 'ahead',
      ahead_by: 1,
      behind_by: 0,
      files: [{ filename: '.changegate/changes/booking.yml' }],
    });
    expect((await call('GET', `/commits/${HEAD}`)).body).toMatchObject({ sha: HEAD, files: [{ status: 'added' }] });
    expect((await call('GET', '/commits/heads/main')).status).toBe(200);
    expect((await call('GET', `/commits/${'c'.repeat(40)}`)).status).toBe(422);
  });

  it('records a dispatch of a workflow that exists', async () => {
    expect((await call('POST', '/actions/workflows/gate.yml/dispatches', { ref: 'main' })).status).toBe(404);
    fake.github.addFile('main', '.github/workflows/gate.yml', 'on: workflow_dispatch\n');
    const inputs = { 'change-id': 'chg-7-0123456789' };
    expect((await call('POST', '/actions/workflows/gate.yml/dispatches', { ref: 'main', inputs })).status).toBe(204);
    const detailed = await call('POST', '/actions/workflows/gate.yml/dispatches', {
      ref: 'main',
      return_run_details: true,
    });
    expect(detailed).toMatchObject({ status: 200, body: { workflow_run_id: expect.any(Number) } });
    expect(fake.github.state.dispatches[0]).toMatchObject({ workflow: 'gate.yml', ref: 'main', inputs });
  });
});

describe('pull requests', () => {
  it.each([
    ['squash', 1],
    ['merge', 1],
    ['rebase', 2],
  ] as const)('finds the pull request of a %s merge by its commit', async (method, commits) => {
    const secondHead = fake.github.pushToPullRequest(7, { files: [{ path: 'b.txt', status: 'added', text: 'b' }] });
    fake.github.mergePullRequest(7, { mergeCommitSha: MERGED, method });
    const { body } = await call('GET', `/commits/${MERGED}/pulls`);
    expect(body).toMatchObject([
      { number: 7, merge_commit_sha: MERGED, merged_at: '2026-03-02T09:00:00Z', base: { ref: 'main' } },
    ]);
    expect((await call('GET', '/pulls/7')).body).toMatchObject({
      merged: true,
      state: 'closed',
      head: { sha: secondHead },
    });
    expect((await call('GET', '/compare/booking...main')).body.ahead_by).toBe(commits);
    expect((await call('GET', '/contents/b.txt')).status).toBe(200);
  });

  it('knows no pull request for a direct push, and hides the link while the index lags', async () => {
    const pushed = fake.github.addCommit({ files: [{ path: 'hotfix.txt', status: 'added', text: '' }] });
    expect((await call('GET', `/commits/${pushed}/pulls`)).body).toEqual([]);
    fake.github.mergePullRequest(7, { mergeCommitSha: MERGED });
    fake.github.state.lag.hideCommitPullsForReads = 1;
    expect((await call('GET', `/commits/${MERGED}/pulls`)).body).toEqual([]);
    expect((await call('GET', `/commits/${MERGED}/pulls`)).body).toHaveLength(1);
  });

  it('shows the head of a fork, and null when the fork was deleted', async () => {
    fake.github.openPullRequest({ number: 8, title: 'From a fork', head: { ref: 'patch', fork: 'stranger/web' } });
    fake.github.openPullRequest({ number: 9, title: 'From nowhere', head: { ref: 'patch', fork: null } });
    expect((await call('GET', '/pulls/8')).body.head.repo).toMatchObject({ full_name: 'stranger/web', fork: true });
    expect((await call('GET', '/pulls/9')).body.head.repo).toBeNull();
    const sha = fake.github.state.pullRequests.get(9)?.head.sha;
    expect((await call('GET', `/commits/${sha}/pulls`)).body).toMatchObject([{ number: 9, head: { repo: null } }]);
  });

  it('lists files in pages', async () => {
    const files = Array.from({ length: 35 }, (_, index) => ({
      path: `f${index}.txt`,
      status: 'added' as const,
      text: '',
    }));
    fake.github.openPullRequest({ number: 10, title: 'Wide', head: { ref: 'wide' }, files });
    expect((await call('GET', '/pulls/10/files')).body).toHaveLength(30);
    expect((await call('GET', '/pulls/10/files?page=2')).body).toHaveLength(5);
  });
});

describe('with the client that the Action uses', () => {
  it('reads and writes through octokit, following pages', async () => {
    for (let index = 0; index < 5; index += 1) fake.github.addComment(7, `comment ${index}`, 'octocat');
    const octokit = getOctokit(TOKEN, { baseUrl: fake.github.url });
    const target = { owner: 'acme', repo: 'web' };
    const comments = await octokit.paginate(octokit.rest.issues.listComments, {
      ...target,
      issue_number: 7,
      per_page: 2,
    });
    expect(comments.map((comment) => comment.body)).toEqual([0, 1, 2, 3, 4].map((index) => `comment ${index}`));
    const path = '.changegate/kpis.yml';
    const { data } = await octokit.rest.repos.getContent({ ...target, path, ref: 'refs/heads/main' });
    expect(data).toMatchObject({ path });
    const raw = await octokit.rest.repos.getContent({ ...target, path, mediaType: { format: 'raw' } });
    expect(raw.data).toBe('kpis: []\n');
  });
});
