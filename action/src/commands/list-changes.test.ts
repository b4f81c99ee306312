import { describe, expect, test } from 'vitest';
import { makeChange, makeVerdict, makeWatching } from '../../test/support/sample-changes.ts';
import type { Change, Gate } from '../gate-client.ts';
import { hasNews, listChanges } from './list-changes.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 1);
const id = (n: number) => `chg-${n}-0123456789`;

/** A gate that lists these in pages of two. */
function gateOf(changes: readonly Change[], unreadable: readonly string[] = []) {
  const asked: string[] = [];
  const gate: Pick<Gate, 'list'> = {
    list: async ({ states, before }) => {
      asked.push(`${states[0]} ${before}`);
      const listed = changes.filter(({ state }) => states.includes(state));
      const from = listed.findIndex(({ change_id }) => change_id === before) + 1;
      const page = listed.slice(from, from + 2);
      const next = from + 2 < listed.length ? page.at(-1)!.change_id : null;
      return { changes: page, next, unreadable: before === null ? [...unreadable] : [] };
    },
  };
  return { gate: gate as Gate, asked };
}
const daysAgo = (n: number, state: Change['state'], days: number) => {
  const { looks: _, ...watching } = makeWatching();
  return { ...watching, looks: [], change_id: id(n), state, stamped_at: NOW - days * DAY, activated_at: null };
};

describe('listing changes', () => {
  test('lists every unfinished change, however old and however many newer ones are finished', async () => {
    const finished = Array.from({ length: 7 }, (_, n) => daysAgo(100 + n, 'judged', n));
    const open = Array.from({ length: 5 }, (_, n) => daysAgo(n, n % 2 ? 'stamped' : 'watching', 200 + n));
    const { changes } = await listChanges(gateOf([...finished, ...open]).gate, 'o/r');
    expect(changes).toHaveLength(12);
  });

  test('goes back among the finished only as far as one may have news', async () => {
    const finished = [0, 40, 80, 95, 120, 150, 180].map((days, n) => daysAgo(n, 'decided', days));
    const { gate, asked } = gateOf(finished);
    const { changes } = await listChanges(gate, 'o/r');
    expect(changes.map(({ change_id }) => change_id)).toEqual([0, 1, 2, 3].map(id));
    expect(asked).toEqual(['stamped null', 'judged null', `judged ${id(1)}`]);
  });

  test('passes on what cannot be shown', async () => {
    expect((await listChanges(gateOf([], [id(1)]).gate, 'o/r')).unreadable).toContain(id(1));
  });
});

test.each([
  ['open, however old', daysAgo(1, 'off', 300), true],
  ['judged long ago', daysAgo(1, 'judged', 300), false],
  ['stamped long ago, judged now', { ...daysAgo(1, 'judged', 80), verdicts: [makeVerdict({ made_at: NOW })] }, true],
  ['superseded a week ago', daysAgo(1, 'superseded', 7), true],
])('has news: %s', (_case, change, expected) => {
  expect(hasNews(makeChange(change), NOW)).toBe(expected);
});
