import { describe, expect, test } from 'vitest';
import { STAT_TOPICS } from '../../src/cli/stats/table.ts';
import { readRepositoryFile } from '../architecture/repository-files.ts';
import { makePlace, runStats } from './stats-runner.ts';

const page = readRepositoryFile('docs/stats-command.md');

describe('docs/stats-command.md', () => {
  test('shows what the command answers', async () => {
    const [, question = ''] = page.match(/```sh example\necho '(.*)' \| npx changegate stats\n```/) ?? [];
    const [, answer = ''] = page.match(/```json example\n(.*)\n```/) ?? [];
    const [shown, now] = [JSON.parse(answer), JSON.parse((await runStats([], [question])).out)];
    expect(Object.keys(now.result)).toEqual(Object.keys(shown.result));
    for (const field of ['ratio', 'lo', 'hi']) expect(now.result[field]).toBeCloseTo(shown.result[field], 9);
  });

  test('shows a suite that runs', async () => {
    const [, suite = ''] = page.match(/```json\n(\{\n {2}"suite".*?)\n```/s) ?? [];
    const place = makePlace();
    place.write('suite.json', suite);
    expect(await runStats(['--suite', 'suite.json'], [], place.cwd)).toMatchObject({ code: 0 });
    place.remove();
  });

  test('names every function under its topic', () => {
    const rows = [...STAT_TOPICS].map(
      ([topic, functions]) => `| ${topic} | ${functions.map(({ fn }) => `\`${fn}\``).join(', ')} |`,
    );
    for (const row of rows) expect(page).toContain(row);
  });
});
