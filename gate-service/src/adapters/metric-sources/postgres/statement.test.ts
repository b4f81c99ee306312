import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PARAMETERS, readStatement } from './statement.ts';

describe('where a parameter is one', () => {
  const [from, changeId] = [{ parameter: 'from' }, { parameter: 'change_id' }];
  test.each([
    ['select $from', ['select ', from]],
    ['select $from::date, $change_id', ['select ', from, '::date, ', changeId]],
    ["select '$from', 'it''s $from'", ["select '$from', 'it''s $from'"]],
    ["select e'\\'$from'", ["select e'\\'$from'"]],
    ['select "$from", "a""$from"', ['select "$from", "a""$from"']],
    ['select $$ $from $$, $a$ $from $$ $a$', ['select $$ $from $$, $a$ $from $$ $a$']],
    ['select 1 -- $from\n, $from', ['select 1 -- $from\n, ', from]],
    ['select 1 /* $from /* $to */ $from */, $from', ['select 1 /* $from /* $to */ $from */, ', from]],
    ['select a$from', ['select a$from']],
    ["select 'it''s' || $change_id || 'x'", ["select 'it''s' || ", changeId, " || 'x'"]],
    ['select 1;', ['select 1']],
    ['  (select 1) -- end', ['  (select 1) -- end']],
    ['WITH a AS (SELECT 1) SELECT * FROM a', ['WITH a AS (SELECT 1) SELECT * FROM a']],
  ])('%s', (text, statement) => {
    expect(readStatement(text)).toEqual({ statement });
  });
});

describe('what is refused, with its line', () => {
  test.each([
    [
      'select $changeid',
      'line 1: there is no parameter $changeid (did you mean $change_id?); allowed: $from, $to, $change_id, $bucket',
    ],
    ['select\n $1', 'line 2: $1; allowed: $from, $to, $change_id, $bucket'],
    ['select $', 'line 1: $; allowed: $from, $to, $change_id, $bucket'],
    ["select 'a", "line 1: a text that begins with ' has no end"],
    ["select E'a\\'", "line 1: a text that begins with E' has no end"],
    ['select "a', 'line 1: a text that begins with " has no end'],
    ['select $a$ $b$', 'line 1: a text that begins with $a$ has no end'],
    ['select /* /* */', 'line 1: a comment that begins with /* has no end'],
    ['select 1; select 2', 'line 1: something follows the ";"; allowed: one SELECT'],
    ['select 1;;', 'line 1: something follows the ";"; allowed: one SELECT'],
    ['select (1', 'line 1: 1 "(" without their ")"'],
    ['select 1)', 'line 1: a ")" that nothing opened'],
    ['select 1\0', 'line 1: a NUL character'],
    ['values (1)', 'it does not begin with SELECT or WITH; allowed: one SELECT'],
    ['/* select */ delete from a', 'it does not begin with SELECT or WITH; allowed: one SELECT'],
    ['', 'it does not begin with SELECT or WITH; allowed: one SELECT'],
  ])('%s', (text, problem) => {
    expect(readStatement(text)).toEqual({ problem });
  });
});

test('any text is either cut and puts together again, or refused', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '$$',
    '$a$',
    '/*',
    '*/',
    '--',
    '\n',
    '(',
    ')',
    ';',
    '$from',
    'E',
    '\\',
    'x',
    ' ',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = `select ${pieces.join('')}`;
      const read = readStatement(text);
      if ('problem' in read) {
        expect(read.problem).not.toBe('');
        return;
      }
      const again = read.statement.map((part) => (typeof part === 'string' ? part : `$${part.parameter}`)).join('');
      expect(text.split(';').join('')).toBe(again.split(';').join(''));
      for (const part of read.statement) if (typeof part !== 'string') expect(PARAMETERS).toContain(part.parameter);
    }),
    { numRuns: 5_000 },
  );
});
