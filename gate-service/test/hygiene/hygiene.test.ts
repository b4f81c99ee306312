import { describe, expect, test } from 'vitest';
import { readRepositoryFiles } from '../architecture/repository-files.ts';
import { countLines, loneNotes, MEDIAN_LINES, MOST_LINES, P90_LINES, quantile, unfinishedTests } from './rules.ts';

const files = readRepositoryFiles(['action', 'gate-service'], /\.[cm]?[jt]s$/);
const report = (rule: (source: string) => readonly string[]): readonly string[] =>
  [...files].flatMap(([path, source]) => rule(source).map((finding) => `${path}:${finding}`));

describe('sources stay small', () => {
  test(`no file has more than ${MOST_LINES} lines`, () => {
    const long = [...files]
      .map(([path, text]) => ({ path, lines: countLines(text) }))
      .filter(({ lines }) => lines > MOST_LINES);
    expect(long).toEqual([]);
  });

  test(`in src half the files have at most ${MEDIAN_LINES} lines and nine in ten at most ${P90_LINES}`, () => {
    const sizes = [...files].flatMap(([path, text]) =>
      /\/src\/.*(?<!\.test)\.ts$/.test(path) ? [countLines(text)] : [],
    );
    expect(sizes.length).toBeGreaterThan(100);
    expect(quantile(sizes, 0.5)).toBeLessThanOrEqual(MEDIAN_LINES);
    expect(quantile(sizes, 0.9)).toBeLessThanOrEqual(P90_LINES);
  });
});

describe('nothing is left half done', () => {
  test('no test is left out and no own module is mocked', () => {
    expect(report(unfinishedTests)).toEqual([]);
  });

  test('every note for later has a reason', () => {
    expect(report(loneNotes)).toEqual([]);
  });
});

describe('a planted slip is found', () => {
  const only = 'only';
  test.each([
    [`describe.${only}('a', () => {});`],
    [`test.${only}('a', () => {});`],
    [`it.${'skip'}('a', () => {});`],
    [`test.concurrent.${'skip'}('a', () => {});`],
    [`test\n  .${'skip'}.each([1])('a', () => {});`],
    [`test.${'todo'}('a');`],
    [`it.${'fails'}('a', () => {});`],
    [`x${'it'}('a', () => {});`],
    [`f${'describe'}('a', () => {});`],
    [`vi.mock('../src/a.ts');`],
    [`vi.mock(import('../src/a.ts'));`],
  ])('%s', (source) => {
    expect(unfinishedTests(source)).toHaveLength(1);
  });

  test.each([
    ['// TO' + 'DO'],
    ['// TO' + 'DO: later'],
    ['/* FIX' + 'ME tidy this up some day */'],
    ['// @ts-' + 'ignore because it is easier'],
    ['// @ts-' + 'expect-error'],
  ])('%s', (source) => {
    expect(loneNotes(source)).toHaveLength(1);
  });

  test('with its line', () => {
    expect(unfinishedTests(`\n\ntest.${only}('a', () => {});`)).toEqual([`3: test.${only}`]);
    expect(loneNotes(`const a = 1;\n/*\n * TO${'DO'}\n */`)).toEqual([`3: TO${'DO'} without a reason`]);
  });
});

describe('what is allowed passes', () => {
  test.each([
    ["test.skipIf(unleash === null)('a', () => {});"],
    ["test.each([1])('only .skip in words', () => {});"],
    ["summary.skip(1); it('skips', () => {});"],
    ["vi.mock('node:fs');"],
  ])('%s', (source) => {
    expect(unfinishedTests(source)).toEqual([]);
  });

  test.each([
    ['// TODO(#12): drop this when Node 26 is the oldest'],
    ['// TODO: drop this when Node 26 is the oldest'],
    ["const word = 'TODO';"],
    ['// @ts-expect-error a wrong argument, as plain JavaScript callers may pass'],
  ])('%s', (source) => {
    expect(loneNotes(source)).toEqual([]);
  });
});

test('quantiles are values that occur', () => {
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(9);
  expect(quantile([], 0.5)).toBe(0);
  expect(countLines('a\nb\n')).toBe(2);
});
