import { describe, expect, it } from 'vitest';
import { loadDescription } from './description.ts';
import { handlers } from './dispatch.ts';
import { HEAD, TOKEN, useFakeGitHub } from './test-support.ts';

const fake = useFakeGitHub();
const { call } = fake;

describe('who may ask, and for what', () => {
  it('answers 401 without a token and with one it does not know', async () => {
    expect(await call('GET', '', undefined, null)).toMatchObject({
      status: 401,
      body: { message: 'Requires authentication' },
    });
    expect(await call('GET', '', undefined, 'ghs_other')).toMatchObject({
      status: 401,
      body: { message: 'Bad credentials' },
    });
  });

  it('answers 403 with the missing permission in the header, as for a pull request from a fork', async () => {
    fake.github.registerToken('read-only', { permissions: { contents: 'read', 'pull-requests': 'read' } });
    const answer = await call('POST', '/issues/7/comments', { body: 'x' }, 'read-only');
    expect(answer).toMatchObject({ status: 403, body: { message: 'Resource not accessible by integration' } });
    expect(answer.headers.get('x-accepted-github-permissions')).toBe('issues=write; pull_requests=write');
    expect(fake.github.state.comments).toEqual([]);
    expect((await call('GET', '/pulls/7', undefined, 'read-only')).status).toBe(200);
  });

  it('refuses checks to a person, whatever the permissions', async () => {
    const actor = { login: 'octocat', id: 1, type: 'User' as const };
    fake.github.registerToken('ghp_person', { permissions: { checks: 'write' }, actor });
    expect((await call('POST', '/check-runs', { name: 'x', head_sha: HEAD }, 'ghp_person')).status).toBe(403);
  });

  it('answers 404 for another repository, an unknown route and a path outside the base path', async () => {
    const headers = { authorization: `token ${TOKEN}` };
    const statusOf = async (url: string) => (await fetch(url, { headers })).status;
    expect(await statusOf(`${fake.github.url}/repos/acme/other`)).toBe(404);
    expect(await statusOf(`${fake.github.url}/user`)).toBe(404);
    expect(await statusOf(`${fake.github.url.replace('/api/v3', '')}/repos/acme/web`)).toBe(404);
    expect((await call('GET', '/milestones')).status).toBe(404);
  });
});

describe('validation against the official description', () => {
  it('has a handler for every operation that the cut describes, and no other', async () => {
    const described = (await loadDescription()).router.getOperations().map((operation) => operation.operationId);
    expect(Object.keys(handlers).sort()).toEqual(described.sort());
  });

  it.each([
    ['an unknown key', { name: 'x', head_sha: HEAD, extenal_id: 'typo' }, '"extenal_id" is not a permitted key'],
    [
      'an unknown nested key',
      { name: 'x', head_sha: HEAD, output: { title: 't', summary: 's', txt: '' } },
      '"output.txt"',
    ],
    [
      'an unknown key in a list',
      { name: 'x', head_sha: HEAD, actions: [{ label: 'a', description: 'b', identifier: 'c', x: 1 }] },
      '"actions[0].x"',
    ],
    ['a missing key', { head_sha: HEAD }, "required property 'name'"],
    ['a value outside the list', { name: 'x', head_sha: HEAD, conclusion: 'maybe' }, '"conclusion"'],
  ])('refuses %s with 422', async (_, body, message) => {
    const answer = await call('POST', '/check-runs', body);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(message);
    expect(fake.github.state.checkRuns).toEqual([]);
  });

  it('refuses a bad query parameter, and a body that is not JSON', async () => {
    expect((await call('GET', '/issues/7/comments?per_page=abc')).status).toBe(422);
    expect(await call('POST', '/issues/7/comments', '{"body":')).toMatchObject({
      status: 400,
      body: { message: 'Problems parsing JSON' },
    });
    expect((await call('POST', '/issues/7/comments')).status).toBe(422);
  });

  it('records the API version of each request, or its absence', async () => {
    await call('GET', '');
    await fetch(fake.github.url, { headers: {} });
    expect(fake.github.requests.map((request) => request.apiVersion)).toEqual(['2022-11-28', null]);
  });

  it('turns an answer of its own that breaks the description into a 500 and a violation', async () => {
    fake.github.addComment(7, 42 as unknown as string);
    expect((await call('GET', '/issues/7/comments')).status).toBe(500);
    const [violation] = fake.github.violations.splice(0);
    expect(violation).toEqual({ operationId: 'issues/list-comments', status: 200, errors: ['/0/body must be string'] });
  });
});
