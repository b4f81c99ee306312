import { afterEach, beforeEach, expect } from 'vitest';
import { createFakeGitHub, type FakeGitHub } from './index.ts';

export const TOKEN = 'ghs_fake_actions_token';
/** Head commit of pull request 7, which every test finds open. */
export const HEAD = 'b'.repeat(40);

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read GitHub's JSON
  body: any;
}

/** A started fake per test, closed afterwards and then without violations. */
export function useFakeGitHub() {
  const fake = { github: undefined as unknown as FakeGitHub, now: new Date(), call };

  async function call(method: string, path: string, body?: unknown, token: string | null = TOKEN): Promise<Answer> {
    const response = await fetch(`${fake.github.url}/repos/acme/web${path}`, {
      method,
      headers: token === null ? {} : { authorization: `token ${token}`, 'x-github-api-version': '2022-11-28' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  }

  beforeEach(async () => {
    fake.now = new Date('2026-03-02T09:00:00Z');
    fake.github = createFakeGitHub({ owner: 'acme', repo: 'web', now: () => fake.now });
    fake.github.registerToken(TOKEN, {
      permissions: {
        contents: 'read',
        'pull-requests': 'write',
        checks: 'write',
        deployments: 'write',
        issues: 'write',
        actions: 'write',
      },
    });
    fake.github.addFile('main', '.changegate/kpis.yml', 'kpis: []\n');
    fake.github.openPullRequest({
      number: 7,
      title: 'Faster booking',
      head: { ref: 'booking', sha: HEAD },
      files: [{ path: '.changegate/changes/booking.yml', status: 'added', text: 'flag: booking\n' }],
    });
    await fake.github.start();
  });

  afterEach(async () => {
    await fake.github.close();
    expect(fake.github.violations).toEqual([]);
  });

  return fake;
}
