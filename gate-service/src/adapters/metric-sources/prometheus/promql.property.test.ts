import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PrometheusFault } from './fault.ts';
import { buildQuery, quoteValue, readQuery, renderSelector } from './promql.ts';
import { growthQuery } from './queries.ts';

/** Pieces of text that would end a string, start another or hide the rest. */
const HOSTILE = [
  '"',
  "'",
  '`',
  '\\',
  '\n',
  '\r',
  '\u0000',
  '\u2028',
  '#',
  '}',
  '{',
  '[1m]',
  ' or vector(1)',
  '\\u0022',
  '\\x22',
  'é',
  '💥',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme', maxLength: 5 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

describe('a value in a query', () => {
  test('stays inside of its string and reads back as it was', () => {
    fc.assert(
      fc.property(hostile, hostile, (one, other) => {
        const matchers = [
          { label: 'a', op: '=' as const, value: one },
          { label: 'b', op: '=~' as const, value: other },
        ];
        const query = buildQuery((quote) => renderSelector({ metric: 'm', matchers }, quote));
        expect(readQuery(query)).toEqual({ skeleton: 'm{a="",b=~""}', strings: [one, other] });
      }),
    );
  });

  test('changes nothing else of a whole template', () => {
    const shape = { by: ['v'], bucketMinutes: 1, lookbackMinutes: 5 };
    const template = (value: string) => (quote: typeof quoteValue) =>
      growthQuery({ metric: 'm_total', matchers: [{ label: 'a', op: '=', value }] }, shape, quote);
    const { skeleton } = readQuery(buildQuery(template('x')))!;
    fc.assert(
      fc.property(hostile, (value) => {
        expect(readQuery(buildQuery(template(value)))?.skeleton).toBe(skeleton);
      }),
    );
  });

  test('is refused when the writer forgets to escape it', () => {
    for (const value of ['"} or vector(1) or m{a="', '"', '\\', 'x" or "x']) {
      expect(() => buildQuery((quote) => `m{a=${quote(value) === '""' ? '""' : `"${value}"`}}`)).toThrow(
        PrometheusFault,
      );
    }
  });

  test('is refused when it is no text', () => {
    expect(() => buildQuery((quote) => `m{a=${quote('\ud800')}}`)).toThrow(PrometheusFault);
  });
});

test.each(["m{a='x'}", 'm{a=`x`}', 'm # rest', 'm{a="x', 'm{a="x\ny"}', 'm{a="\\x22"}', 'm{a="\\u00"}', 'm\\'])(
  'a query that no template writes is not read: %j',
  (query) => {
    expect(readQuery(query)).toBeNull();
  },
);

test('control characters are written as escapes', () => {
  expect(quoteValue('a"b\\c\n\t\u0000\u2028')).toBe('"a\\"b\\\\c\\n\\t\\u0000\\u2028"');
});
