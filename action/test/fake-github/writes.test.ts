import { describe, expect, it } from 'vitest';
import { HEAD, useFakeGitHub } from './test-support.ts';

const fake = useFakeGitHub();
const { call } = fake;

describe('comments', () => {
  it('are written by the Actions bot; creating notifies, editing does not', async () => {
    const created = await call('POST', '/issues/7/comments', { body: 'first' });
    expect(created).toMatchObject({
      status: 201,
      body: {
        user: { login: 'github-actions[bot]', type: 'Bot' },
        performed_via_github_app: { slug: 'github-actions' },
        created_at: '2026-03-02T09:00:00Z',
      },
    });
    fake.now = new Date('2026-03-02T10:00:00Z');
    const updated = await call('PATCH', `/issues/comments/${created.body.id}`, { body: 'second' });
    expect(updated.body).toMatchObject({ body: 'second', updated_at: '2026-03-02T10:00:00Z' });
    expect(fake.github.state.notifications).toEqual([
      { kind: 'comment', issueNumber: 7, id: created.body.id, at: '2026-03-02T09:00:00Z' },
    ]);
    expect((await call('DELETE', `/issues/comments/${created.body.id}`)).status).toBe(204);
    expect((await call('GET', `/issues/comments/${created.body.id}`)).status).toBe(404);
  });

  it('end at 65,536 characters, in the words of GitHub', async () => {
    expect((await call('POST', '/issues/7/comments', { body: 'x'.repeat(65_536) })).status).toBe(201);
    const message = 'Body is too long (maximum is 65536 characters)';
    expect(await call('POST', '/issues/7/comments', { body: 'x'.repeat(65_537) })).toMatchObject({
      status: 422,
      body: {
        message: 'Validation Failed',
        errors: [{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message }],
      },
    });
    expect(fake.github.state.comments).toHaveLength(1);
  });

  it('come in pages of 30, at most 100, with Link headers', async () => {
    for (let index = 0; index < 120; index += 1) fake.github.addComment(7, `comment ${index}`, 'octocat');
    const first = await call('GET', '/issues/7/comments');
    expect(first.body).toHaveLength(30);
    const address = `${fake.github.url}/repos/acme/web/issues/7/comments`;
    expect(first.headers.get('link')).toBe(
      `<${address}?per_page=30&page=2>; rel="next", <${address}?per_page=30&page=4>; rel="last"`,
    );
    const last = await call('GET', '/issues/7/comments?per_page=500&page=2');
    expect(last.body).toHaveLength(20);
    expect(last.headers.get('link')).toContain('rel="prev"');
    expect(last.headers.get('link')).not.toContain('rel="next"');
  });

  it('can lag behind their creation, by reads and by time', async () => {
    fake.github.state.lag.hideNewCommentsForReads = 1;
    await call('POST', '/issues/7/comments', { body: 'late' });
    expect((await call('GET', '/issues/7/comments')).body).toHaveLength(0);
    expect((await call('GET', '/issues/7/comments')).body).toHaveLength(1);
    Object.assign(fake.github.state.lag, { hideNewCommentsForReads: 0, hideNewCommentsForMs: 5000 });
    await call('POST', '/issues/7/comments', { body: 'later' });
    expect((await call('GET', '/issues/7/comments')).body).toHaveLength(1);
    fake.now = new Date(fake.now.getTime() + 5000);
    expect((await call('GET', '/issues/7/comments')).body).toHaveLength(2);
  });

  it('are refused on a locked and on an unknown pull request', async () => {
    expect((await call('POST', '/issues/70/comments', { body: 'x' })).status).toBe(404);
    Object.assign(fake.github.state.pullRequests.get(7) ?? {}, { locked: true });
    expect((await call('POST', '/issues/7/comments', { body: 'x' })).status).toBe(403);
  });
});

describe('issues', () => {
  it('are opened with the next number and found by label', async () => {
    const created = await call('POST', '/issues', { title: 'Post-mortem', body: 'timeline', labels: ['changegate'] });
    expect(created).toMatchObject({ status: 201, body: { number: 8, user: { login: 'github-actions[bot]' } } });
    expect((await call('GET', '/issues?labels=changegate')).body).toMatchObject([{ number: 8 }]);
    expect((await call('GET', '/issues?labels=other')).body).toEqual([]);
  });
});

describe('check runs', () => {
  const annotation = { path: 'a.yml', start_line: 1, end_line: 1, annotation_level: 'notice', message: 'm' };
  const output = (count: number) => ({
    title: 't',
    summary: 's',
    annotations: Array.from({ length: count }, () => annotation),
  });

  it('are created, completed and listed; annotations add up', async () => {
    const created = await call('POST', '/check-runs', {
      name: 'gate',
      head_sha: HEAD,
      external_id: 'e',
      output: output(50),
    });
    expect(created).toMatchObject({ status: 201, body: { status: 'queued', conclusion: null, external_id: 'e' } });
    const id = created.body.id;
    const updated = await call('PATCH', `/check-runs/${id}`, { conclusion: 'neutral', output: output(10) });
    expect(updated.body).toMatchObject({
      status: 'completed',
      conclusion: 'neutral',
      output: { annotations_count: 60 },
    });
    expect(updated.body.completed_at).toBe('2026-03-02T09:00:00Z');
    const second = await call('POST', '/check-runs', { name: 'gate', head_sha: HEAD });
    const list = async (query: string) => (await call('GET', `/commits/${HEAD}/check-runs${query}`)).body;
    expect(await list('?check_name=gate')).toMatchObject({ total_count: 1, check_runs: [{ id: second.body.id }] });
    expect(await list('?filter=all&app_id=15368')).toMatchObject({ total_count: 2 });
    expect(await list('?check_name=other')).toEqual({ total_count: 0, check_runs: [] });
  });

  it.each([
    ['51 annotations', { name: 'x', head_sha: HEAD, output: output(51) }],
    [
      'a summary over 65,535 characters',
      { name: 'x', head_sha: HEAD, output: { title: 't', summary: 's'.repeat(65_536) } },
    ],
    ['completed without a conclusion', { name: 'x', head_sha: HEAD, status: 'completed' }],
    ['a head_sha that does not exist', { name: 'x', head_sha: 'c'.repeat(40) }],
    [
      'columns over two lines',
      {
        name: 'x',
        head_sha: HEAD,
        output: { ...output(0), annotations: [{ ...annotation, end_line: 2, start_column: 1 }] },
      },
    ],
  ])('refuse %s', async (_, body) => {
    expect((await call('POST', '/check-runs', body)).status).toBe(422);
    expect(fake.github.state.checkRuns).toEqual([]);
  });
});

describe('deployments', () => {
  const careful = { ref: 'main', auto_merge: false, required_contexts: [] };

  it('conflict when required_contexts is left out, and when auto_merge meets a ref that is behind', async () => {
    expect(await call('POST', '/deployments', { ref: 'main', auto_merge: false })).toMatchObject({ status: 409 });
    fake.github.addCommit({});
    expect(await call('POST', '/deployments', { ref: HEAD, required_contexts: [] })).toMatchObject({ status: 409 });
    expect(await call('POST', '/deployments', { ref: 'booking', required_contexts: [] })).toMatchObject({
      status: 202,
    });
    expect(await call('POST', '/deployments', { ...careful, ref: 'nope' })).toMatchObject({ status: 422 });
    expect(fake.github.state.deployments).toEqual([]);
  });

  it('keep their payload, are found by sha and environment, and carry statuses', async () => {
    const payload = { change_id: 'chg-7-0123456789', anything: { goes: true } };
    const created = await call('POST', '/deployments', { ...careful, payload, environment: 'production' });
    expect(created).toMatchObject({ status: 201, body: { payload, task: 'deploy', production_environment: true } });
    const { id, sha } = created.body;
    expect((await call('GET', `/deployments?sha=${sha}&environment=production`)).body).toMatchObject([{ id }]);
    expect((await call('GET', '/deployments?environment=staging')).body).toEqual([]);
    const status = { state: 'success', description: 'live', log_url: 'https://example.test/run' };
    expect((await call('POST', `/deployments/${id}/statuses`, status)).status).toBe(201);
    expect((await call('POST', `/deployments/${id}/statuses`, { state: 'failure' })).body.target_url).toBeTypeOf(
      'string',
    );
    expect((await call('GET', `/deployments/${id}/statuses`)).body.map((one: { state: string }) => one.state)).toEqual([
      'failure',
      'success',
    ]);
    const long = { state: 'success', description: 'x'.repeat(141) };
    expect((await call('POST', `/deployments/${id}/statuses`, long)).status).toBe(422);
  });

  it('inactivate earlier ones of the same environment, but never production', async () => {
    const deploy = async (environment: string) =>
      (await call('POST', '/deployments', { ...careful, environment })).body.id;
    for (const environment of ['staging', 'production']) {
      const earlier = await deploy(environment);
      const later = await deploy(environment);
      await call('POST', `/deployments/${later}/statuses`, { state: 'success' });
      const states = (await call('GET', `/deployments/${earlier}/statuses`)).body.map(
        (one: { state: string }) => one.state,
      );
      expect(states).toEqual(environment === 'staging' ? ['inactive'] : []);
    }
  });
});

describe('faults', () => {
  const comment = () => call('POST', '/issues/7/comments', { body: 'once' });

  it('lose the answer after the comment was stored: exactly one is there', async () => {
    fake.github.faults.push({ kind: 'reset-after-commit', method: 'POST', path: /\/issues\/7\/comments$/ });
    await expect(comment()).rejects.toThrow('fetch failed');
    expect(fake.github.state.comments).toHaveLength(1);
    expect(fake.github.requests.map((request) => request.status)).toEqual(['reset']);
    expect(fake.github.faults).toEqual([]);
    expect((await comment()).status).toBe(201);
  });

  it('answer 502 after the comment was stored', async () => {
    fake.github.faults.push({ kind: 'status-after-commit', path: /comments/, status: 502 });
    expect((await comment()).status).toBe(502);
    expect(fake.github.state.comments).toHaveLength(1);
  });

  it('fail before the work, as often as told, and leave other routes alone', async () => {
    fake.github.faults.push({ kind: 'status', method: 'POST', path: /comments/, status: 500, times: 2 });
    expect([
      (await comment()).status,
      (await call('GET', '')).status,
      (await comment()).status,
      (await comment()).status,
    ]).toEqual([500, 200, 500, 201]);
    expect(fake.github.state.comments).toHaveLength(1);
  });

  it('limit the rate with a retry-after, delay, and reset before the work', async () => {
    fake.github.faults.push({ kind: 'secondary-rate-limit', path: /comments/, retryAfterSeconds: 2 });
    const limited = await comment();
    expect(limited).toMatchObject({ status: 403, body: { message: expect.stringContaining('secondary rate limit') } });
    expect(limited.headers.get('retry-after')).toBe('2');
    fake.github.faults.push({ kind: 'delay', path: /comments/, delayMs: 5 }, { kind: 'reset', path: /comments/ });
    await expect(comment()).rejects.toThrow('fetch failed');
    expect(fake.github.faults).toEqual([]);
    expect(fake.github.state.comments).toEqual([]);
  });
});
