import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

describe('editDistance', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['flaw', 'lawn', 2],
    ['', 'abc', 3],
    ['same', 'same', 0],
  ])('%s to %s takes %i edits', (a, b, edits) => {
    expect([editDistance(a, b), editDistance(b, a)]).toEqual([edits, edits]);
  });
});

describe('nearest', () => {
  const known = ['at_least', 'no_worse_than', 'kpi', 'hypothesis'];
  test.each([
    ['atLeast', ['at_least']],
    ['at-least', ['at_least']],
    ['hypotesis', ['hypothesis']],
    ['kpis', ['kpi']],
    ['noWorseThen', ['no_worse_than']],
    ['window', []],
    ['', []],
    ['x'.repeat(100_000), []],
  ])('of %s', (word, expected) => {
    expect(nearest(word, known)).toEqual(expected);
  });
});
