import { describe, expect, test } from 'vitest';
import { chooseCommand } from './choose-command.ts';
import { parseEvent, type TriggerEvent } from './event.ts';

const SHA = 'a'.repeat(40);
const ZERO = '0'.repeat(40);
const push = (ref: string, given = {}) => parseEvent('push', { ref, before: SHA, after: SHA, ...given });
const pull = (action: string, headRepo: string | null = 'o/r') =>
  parseEvent('pull_request', {
    action,
    pull_request: {
      number: 7,
      html_url: 'https://github.com/o/r/pull/7',
      head: { sha: SHA, repo: headRepo === null ? null : { full_name: headRepo } },
      base: { repo: { full_name: 'o/r' } },
    },
  });

describe('auto', () => {
  test.each<[string, TriggerEvent, string]>([
    ['a pull request', pull('opened'), 'forecast'],
    ['a closed pull request', pull('closed'), 'none'],
    ['a merge group', parseEvent('merge_group', { merge_group: { head_sha: SHA } }), 'forecast'],
    ['a push to the default branch', push('refs/heads/main'), 'stamp'],
    ['a push to another branch', push('refs/heads/main2'), 'none'],
    ['a tag of the same name', push('refs/tags/main'), 'none'],
    ['a deleted default branch', push('refs/heads/main', { deleted: true, after: ZERO }), 'none'],
    ['a schedule', parseEvent('schedule', { schedule: '17 */6 * * *' }), 'verdict'],
    ['a dispatch', parseEvent('workflow_dispatch', { inputs: null }), 'verdict'],
    ['a deployment', parseEvent('deployment', {}), 'none'],
    ['a payload that does not look as documented', parseEvent('push', { ref: 1 }), 'none'],
  ])('%s', (_, event, command) => {
    const choice = chooseCommand('auto', event, 'main');
    expect(choice.command).toBe(command);
    if (choice.command === 'none') expect(choice.reason).not.toBe('');
  });
});

test('a named command is run whatever the event', () => {
  expect(chooseCommand('activate', parseEvent('deployment_status', {}), 'main')).toEqual({ command: 'activate' });
});

test.each([
  ['the same repository', 'o/r', false],
  ['a fork', 'stranger/r', true],
  ['a deleted fork', null, true],
])('head in %s', (_, repo, isFork) => {
  expect(pull('opened', repo)).toMatchObject({ isFork });
});
