import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerLine, answerQuestion } from '../../src/cli/stats/answer.ts';
import { STAT_FUNCTIONS } from '../../src/cli/stats/table.ts';

/** An answer is JSON that survives being read, with a result or a full error, never both. */
function expectAnswer(answer: unknown): void {
  const read = JSON.parse(JSON.stringify(answer)) as Record<string, unknown>;
  expect(read).toEqual(answer);
  expect('result' in read).not.toBe('error' in read);
  if ('error' in read) {
    expect(read.error).toEqual({
      code: expect.stringMatching(/^(invalid_input|not_found)$/),
      message: expect.stringMatching(/./s),
      remedy: expect.stringMatching(/./s),
    });
  }
}

/** Numbers that break formulas, next to ordinary ones. */
const awkward = fc.oneof(
  fc.constantFrom(0, -0, 1, 2, -1, 0.5, 1e-300, 1e15, 1e16, 1e308, -1e308, 0.1 + 0.2, 1 - 1e-16, 2 ** 53),
  fc.integer({ min: 0, max: 40 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom('Infinity', '-Infinity', 'NaN', '', null, true, [], {}),
);

/** The value with some of its numbers replaced. */
function shaken(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value === 'number') return fc.oneof({ weight: 3, arbitrary: fc.constant<unknown>(value) }, awkward);
  if (Array.isArray(value)) return fc.tuple(...value.map(shaken)).map((items) => [...items]);
  if (typeof value === 'object' && value !== null) {
    return fc.record(Object.fromEntries(Object.entries(value).map(([name, held]) => [name, shaken(held)])));
  }
  return fc.oneof({ weight: 5, arbitrary: fc.constant<unknown>(value) }, awkward);
}

describe('any line', () => {
  test('of JSON has an answer', () => {
    fc.assert(fc.property(fc.json(), (line) => expectAnswer(answerLine(line))));
  });

  test('of text has an answer', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => expectAnswer(answerLine(line))));
  });

  test('that is nested very deep has an answer', () => {
    expectAnswer(answerLine('['.repeat(200_000)));
    expectAnswer(answerLine(`{"fn":"wilson","inputs":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`));
    expectAnswer(answerLine('{"fn":"__proto__","inputs":{"__proto__":{"x":1}}}'));
  });

  test('with any inputs has an answer', () => {
    const fn = fc.constantFrom(...STAT_FUNCTIONS.map((one) => one.fn));
    fc.assert(
      fc.property(fn, fc.dictionary(fc.string(), fc.jsonValue()), (name, inputs) =>
        expectAnswer(answerLine(JSON.stringify({ fn: name, inputs }))),
      ),
    );
  });
});

describe('numbers that break formulas', () => {
  test.each(STAT_FUNCTIONS.map((one) => [one.fn, one] as const))('%s has an answer', (fn, { explain }) => {
    fc.assert(
      fc.property(shaken(explain.example), (inputs) => expectAnswer(answerQuestion(fn, inputs))),
      { numRuns: 60 },
    );
  });
});
