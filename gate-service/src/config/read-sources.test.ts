import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readSources } from './read-sources.ts';

const KINDS = {
  shelf: {
    schema: z.strictObject({ type: z.literal('shelf'), rows: z.number({ error: 'allowed: a number' }).default(3) }),
    secrets: ['TOKEN', 'PASSWORD'],
  },
};
const read = (sources: Record<string, unknown>, env: Record<string, string> = {}) =>
  readSources(sources, KINDS, (names) =>
    Object.fromEntries(Object.entries(env).filter(([name]) => names.includes(name))),
  );

describe('the sources of the configuration', () => {
  test('events are sent, others are asked, with their defaults and their secrets', () => {
    const env = { SOURCE_MY_SHELF_TOKEN: 'secret', SOURCE_OTHER_TOKEN: 'not its own', TOKEN: 'neither' };
    expect(read({ web: { type: 'events' }, 'my-shelf': { type: 'shelf' } }, env)).toEqual({
      eventSources: ['web'],
      sources: [
        { name: 'my-shelf', type: 'shelf', settings: { type: 'shelf', rows: 3 }, secrets: { token: 'secret' } },
      ],
      problems: [],
    });
  });

  test.each([
    [
      'a kind that is not there',
      { a: { type: 'shelv' } },
      'sources.a.type: allowed: events, shelf; did you mean shelf?',
    ],
    ['no type', { a: {} }, 'sources.a.type: allowed: events, shelf'],
    ['no entry', { a: null }, 'sources.a.type: allowed: events, shelf'],
    ['a type with a special meaning', { a: { type: 'constructor' } }, 'sources.a.type: allowed: events, shelf'],
    [
      'a name that no registry can give',
      { 'A b': { type: 'events' } },
      'sources.A b: allowed: a name of small letters',
    ],
    ['settings of events', { a: { type: 'events', url: 'x' } }, 'sources.a: Unrecognized key: "url"'],
    ['a wrong setting', { a: { type: 'shelf', rows: 'many' } }, 'sources.a.rows: allowed: a number'],
    ['a secret in the file', { a: { type: 'shelf', token: 'x' } }, 'sources.a: Unrecognized key: "token"'],
    [
      'two names with the same variables',
      { 'a-b': { type: 'shelf' }, a_b: { type: 'shelf' } },
      'sources.a_b: its secrets would be those of a-b; name it otherwise',
    ],
  ])('%s is a problem', (_, sources, problem) => {
    const { problems } = read(sources);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });
});
