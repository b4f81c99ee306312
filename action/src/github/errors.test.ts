import { describe, expect, test } from 'vitest';
import { explainGitHubError, isUnclearEnd, permissionLines } from './errors.ts';

const failure = (status: number, message: string, headers?: Record<string, string>) =>
  Object.assign(new Error(message), { status, ...(headers === undefined ? {} : { response: { headers } }) });

describe('permissionLines', () => {
  test.each([
    ['what GitHub lists', 'checks=write', 'checks: write', ['checks: write']],
    [
      'the documented one of several sets',
      'issues=write; pull_requests=write',
      'pull-requests: write',
      ['pull-requests: write'],
    ],
    ['the first set when none is documented', 'issues=write; pull_requests=write', 'x: write', ['issues: write']],
    ['a set of two', 'contents=read,pull_requests=read', 'contents: read', ['contents: read', 'pull-requests: read']],
    ['the documented one without a header', undefined, 'checks: write', ['checks: write']],
    ['the documented one for a header that cannot be read', '???', 'checks: write', ['checks: write']],
  ])('%s', (_, header, needs, lines) => {
    expect(permissionLines(header, needs)).toEqual(lines);
  });
});

describe('explainGitHubError', () => {
  test.each<[string, unknown, RegExp, RegExp]>([
    [
      '403 for a permission',
      failure(403, 'Resource not accessible by integration', { 'x-accepted-github-permissions': 'checks=write' }),
      /lacks `checks: write`/,
      /under `permissions:`/,
    ],
    [
      '403 for a locked conversation',
      failure(403, 'Unable to create comment because issue is locked.', {}),
      /403/,
      /Unlock/,
    ],
    ['403 for a rate limit', failure(403, 'You have exceeded a secondary rate limit.', {}), /403/, /Wait/],
    ['401', failure(401, 'Bad credentials', {}), /401/, /github-token/],
    ['404', failure(404, 'Not Found', {}), /404/, /name/],
    ['502', failure(502, 'Server Error', {}), /502/, /githubstatus/],
    ['no answer', failure(500, 'socket hang up'), /did not answer .* socket hang up/, /again/],
    ['something else', new TypeError('x'), /did not answer/, /again/],
  ])('%s', (_, error, message, remedy) => {
    const explained = explainGitHubError(error, 'create the check', 'checks: write');
    expect(explained.code).toBe('github');
    expect(explained.message).toMatch(message);
    expect(explained.remedy).toMatch(remedy);
  });
});

test.each([
  ['a refusal is clear', failure(422, 'no', {}), false],
  ['a server error is not', failure(502, 'no', {}), true],
  ['a cut connection is not', failure(500, 'reset'), true],
  ['our own mistake is no answer of GitHub', new TypeError('x'), false],
])('%s', (_, error, expected) => {
  expect(isUnclearEnd(error)).toBe(expected);
});
