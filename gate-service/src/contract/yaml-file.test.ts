import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ChangeContractSchema } from './change-contract.ts';
import { CONTRACT_LINES, contractText, readText, summaries } from './change-files.fixture.ts';
import { readYamlFile } from './yaml-file.ts';

const Anything = z.record(z.string(), z.unknown());
const read = (text: string) => readYamlFile('f.yml', text, Anything);
const problems = (text: string) => summaries(read(text).findings);

describe('YAML 1.2 core (G7)', () => {
  test.each<[string, unknown]>([
    ['no', 'no'],
    ['on', 'on'],
    ['12:30', '12:30'],
    ['2026-01-01', '2026-01-01'],
    ['0b11', '0b11'],
    ['1_000', '1_000'],
    ['~', null],
    ['1e3', 1000],
    ['010', 10],
    ['true', true],
    ['"a\\tb"', 'a\tb'],
  ])('%s is %j', (text, value) => {
    const file = read(`a: ${text}`);
    expect(file.ok && file.value).toEqual({ a: value });
  });

  test('keys are texts', () => {
    const file = read('1: a\ntrue: b\nnull: c');
    expect(file.ok && Object.keys(file.value)).toEqual(['1', 'true', 'null']);
  });

  test('a byte order mark is fine and moves no column', () => {
    expect(read('\uFEFFa: 1').ok).toBe(true);
    expect(problems('\uFEFFa: *x')).toEqual(['error alias f.yml:1:4 a']);
  });

  test.each<[string, string, string[]]>([
    [
      'a key that stands twice',
      'a: 1\nb: {c: 1, c: 2}\na: 2',
      ['error duplicate_key f.yml:2:11 b.c', 'error duplicate_key f.yml:3:1 a'],
    ],
    ['a merge key', 'b: 1\n<<: { a: 1 }', ['error merge_key f.yml:2:1 "<<"']],
    ['a tag', 'a: !!int "5"\nb: !js/function x', ['error tag f.yml:1:10 a', 'error tag f.yml:2:17 b']],
    ['an old version', '%YAML 1.1\n---\na: no', ['error directive f.yml:1:1']],
    ['two documents', 'a: 1\n---\nb: 2', ['error multiple_documents f.yml:2:1']],
    ['nothing', '', ['error empty_file f.yml:1:1']],
    ['only comments', '# later\n', ['error empty_file f.yml:1:1']],
    ['a tab as indent', 'a:\n\tb: 1', ['error yaml_syntax f.yml:2:1']],
    ['an open bracket', 'a: [1,\nb: 2', ['error yaml_syntax f.yml:2:1']],
    ['an open quote', 'a: "x', ['error yaml_syntax f.yml:1:6']],
    ['a mapping as key', '{a: 1}: 2', ['error yaml_syntax f.yml:1:1']],
    ['a lone carriage return', 'a: 1\rb: 2', ['error yaml_syntax f.yml:1:4', 'error hidden_character f.yml:1:5']],
    ['bytes that were not UTF-8', 'a: \uFFFD', ['error not_utf8 f.yml:1:4']],
    ['a key without value', 'a', ['error wrong_type f.yml:1:1']],
  ])('refuses %s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
    expect(read(text).ok).toBe(false);
  });
});

describe('bombs (G6)', () => {
  const aliasBomb = Array.from({ length: 20 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}]`).join('\n');
  test.each<[string, string, string]>([
    ['aliases', aliasBomb, 'alias'],
    ['a billion laughs in one line', 'a: &a [x]\nb: [*a, *a, *a]', 'alias'],
    ['brackets', '['.repeat(60_000), 'too_deep'],
    ['mappings', '{a: '.repeat(15_000), 'too_deep'],
    ['dashes', '- '.repeat(30_000), 'too_deep'],
    ['question marks', '? '.repeat(30_000), 'too_deep'],
    ['keys in one line', 'a: '.repeat(20_000), 'yaml_syntax|too_deep'],
    ['quotes', '"'.repeat(60_000), 'yaml_syntax'],
    ['too many errors', '- @x\n'.repeat(12_000), 'yaml_syntax'],
    ['21 levels', `${'['.repeat(21)}${']'.repeat(21)}`, 'too_deep'],
    ['a large file', `a: ${'x'.repeat(64 * 1024)}`, 'file_too_large'],
    ['a large file of wide characters', `a: ${'€'.repeat(22_000)}`, 'file_too_large'],
    ['many unknown keys', Array.from({ length: 5000 }, (_, i) => `k${i}: 1`).join('\n'), 'too_many_findings'],
  ])('%s', (_, text, code) => {
    const started = performance.now();
    const { findings } = readYamlFile('f.yml', text, ChangeContractSchema);
    expect(findings.length).toBeLessThanOrEqual(101);
    expect(findings.some((finding) => new RegExp(`^(?:${code})$`).test(finding.code))).toBe(true);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('20 levels are fine', () => {
    expect(problems(`a: ${'['.repeat(19)}${']'.repeat(19)}`)).toEqual([]);
  });
});

describe('keys with a meaning in JavaScript (G9)', () => {
  test.each(['__proto__', 'constructor', 'prototype'])('%s is refused at every level and pollutes nothing', (key) => {
    const text = `a: [{ ${key}: { polluted: true } }]\n${key}: { polluted: true }\n`;
    expect(problems(text)).toEqual([
      `error forbidden_key f.yml:1:7 a[0].${key}`,
      `error forbidden_key f.yml:2:1 ${key}`,
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(problems(`"${key}": 1`)).toHaveLength(1);
    expect(problems(`"${key.replace('o', '\\x6f')}": 1`)).toHaveLength(1);
  });

  test('names of inherited members are no known keys', () => {
    for (const key of ['toString', 'hasOwnProperty', '__defineGetter__']) {
      const { findings } = readYamlFile('f.yml', contractText({ design: `${key}: 1` }), ChangeContractSchema);
      expect(findings.map(({ code, path }) => [code, path])).toEqual([['unknown_key', key]]);
    }
  });
});

describe('characters that cannot be seen (G10)', () => {
  test.each<[string, string, string]>([
    ['a bidirectional override', '\u202E', 'error'],
    ['a bidirectional isolate', '\u2066', 'error'],
    ['a line separator', '\u2028', 'error'],
    ['an escape', '\u001B', 'error'],
    ['NUL', '\0', 'error'],
    ['a tag character', '\u{E0041}', 'error'],
    ['half a surrogate pair', '\uD800', 'error'],
    ['a zero-width space', '\u200B', 'warning'],
    ['a soft hyphen', '\u00AD', 'warning'],
    ['a left-to-right mark', '\u200E', 'warning'],
    ['a joiner in a word', '\u200D', 'warning'],
  ])('%s', (_, character, severity) => {
    expect(problems(`a: b${character}c`)).toEqual([`${severity} hidden_character f.yml:1:5`]);
    expect(problems(`# b${character}c\na: 1`)).toEqual([`${severity} hidden_character f.yml:1:4`]);
    const quoted = JSON.stringify(`b${character}c`).replace(
      /[^ -~]/gu,
      (c) => `\\U${c.codePointAt(0)!.toString(16).padStart(8, '0')}`,
    );
    const escaped = problems(`a: ${quoted}`);
    expect(escaped.length, quoted).toBeGreaterThan(0);
    for (const finding of read(`a: b${character}c`).findings) expect(JSON.stringify(finding)).not.toContain(character);
  });

  test.each(['a: 👩‍💻 codes', 'a: می‌خواهم', 'a: Grüße, 東京', 'a: "two\\nlines\\tand a tab"'])('%s is fine', (text) => {
    expect(problems(text)).toEqual([]);
  });

  test('names are ASCII: a look-alike is named by its code point', () => {
    const { findings } = readText(contractText({ flag: 'flag: shоrt-form' }));
    expect(findings.map(({ message }) => message)).toEqual([
      '`flag` has a value that is not allowed: it has U+043E, which is not an ASCII character',
    ]);
  });

  test('texts are read in their composed form', () => {
    const { contract } = readText(contractText({ hypothesis: 'hypothesis: cafe\u0301' }));
    expect(contract?.hypothesis).toBe('caf\u00e9');
  });
});

describe('findings', () => {
  const first = (text: string) => readYamlFile('f.yml', text, ChangeContractSchema).findings;

  test.each<[string, Parameters<typeof contractText>[0], Record<string, unknown>]>([
    [
      'an unknown key',
      { primary: 'primary: { kpi: conversion, at_least: +5%, atleast: 3 }' },
      {
        code: 'unknown_key',
        line: 3,
        column: 44,
        path: 'primary.atleast',
        found: 'atleast',
        allowed: 'kpi, at_least, no_worse_than',
        remedy: 'Write `at_least` instead of `atleast`.',
      },
    ],
    [
      'a key in camelCase',
      { coverage_floor: 'coverageFloor: 90%' },
      { code: 'unknown_key', remedy: 'Write `coverage_floor` instead of `coverageFloor`.' },
    ],
    [
      'a key on the wrong level',
      { rollout: 'throttle_to: 5%' },
      { code: 'unknown_key', remedy: 'Move it under `rollout`.' },
    ],
    ['a key like no other', { rollout: 'xyzzy: 5%' }, { code: 'unknown_key', remedy: 'Remove it.' }],
    [
      'a missing key, at its parent',
      { primary: 'primary:\n  at_least: +5%' },
      { code: 'missing_key', line: 4, column: 3, path: 'primary.kpi', found: '(nothing)' },
    ],
    ['a missing key of the file', { flag: '' }, { code: 'missing_key', line: 1, column: 1, path: 'flag' }],
    [
      'a key without value, at the key',
      { flag: 'flag:' },
      { code: 'missing_value', line: 2, column: 1, path: 'flag', found: '(nothing)' },
    ],
    [
      'a number for a name',
      { flag: 'flag: 007' },
      { code: 'wrong_type', line: 2, column: 7, found: '007', remedy: 'Put the value in quotes.' },
    ],
    [
      'a number for an effect',
      { guardrails: 'guardrails:\n  - kpi: error_rate\n    no_worse_than: 0.5' },
      {
        code: 'wrong_type',
        line: 7,
        column: 20,
        path: 'guardrails[0].no_worse_than',
        found: '0.5',
        remedy: 'Add the unit.',
      },
    ],
    [
      'a word for a truth value',
      { guardrails: 'guardrails: [{ kpi: error_rate, no_worse_than: 1%, must_be_non_inferior: yes }]' },
      { code: 'wrong_type', found: 'yes', allowed: 'true or false' },
    ],
    [
      'a value that is nearly right',
      { rule: 'rule: "meets_minimun"' },
      { code: 'invalid_value', found: '"meets_minimun"', remedy: 'Write `meets_minimum`.' },
    ],
    [
      'a text that is too long',
      { hypothesis: `hypothesis: ${'x'.repeat(501)}` },
      { code: 'too_long', found: `${'x'.repeat(79)}…` },
    ],
    [
      'a list that is too long',
      { guardrails: `guardrails: [${'{ kpi: error_rate, no_worse_than: 1% },'.repeat(21)}]` },
      { code: 'too_long', allowed: 'at most 20 items' },
    ],
    [
      'a mapping for a list',
      { guardrails: 'guardrails: { kpi: error_rate }' },
      { code: 'wrong_type', allowed: 'a list', remedy: 'Put a dash before each item, or write [ ] around them.' },
    ],
    ['only spaces', { hypothesis: 'hypothesis: "   "' }, { code: 'invalid_value', found: '" "' }],
  ])('%s', (_, changes, expected) => {
    expect(first(contractText(changes))).toEqual([
      expect.objectContaining({ file: 'f.yml', severity: 'error', ...expected }),
    ]);
  });
});

describe('properties', () => {
  test('every changed key of a right contract is noticed', () => {
    const text = contractText();
    const keys = Array.from(text.matchAll(/(?<=^|[{,[] ?)([a-z_]+)(?=: )/gm), (match) => ({
      key: match[1]!,
      at: match.index,
    }));
    expect(keys.length).toBeGreaterThan(Object.keys(CONTRACT_LINES).length);
    const edit = fc.tuple(
      fc.constantFrom(...keys),
      fc.nat(),
      fc.constantFrom('insert', 'delete', 'replace', 'swap'),
      fc.constantFrom(...'abxyz_A0'),
    );
    fc.assert(
      fc.property(edit, ([{ key, at }, place, kind, letter]) => {
        const i = place % key.length;
        const next = (key + letter)[i + 1]!;
        const changed = {
          insert: key.slice(0, i) + letter + key.slice(i),
          delete: key.slice(0, i) + key.slice(i + 1),
          replace: key.slice(0, i) + letter + key.slice(i + 1),
          swap: key.slice(0, i) + next + key[i] + key.slice(i + 2),
        }[kind]!;
        fc.pre(changed !== key);
        const read = readText(text.slice(0, at) + changed + text.slice(at + key.length));
        return read.findings.some(({ severity }) => severity === 'error') && read.contract === null;
      }),
      { numRuns: 500 },
    );
  });

  test('reading never throws, and a file without errors has a value', () => {
    const piece = fc.constantFrom(
      ...'[]{}:,-?|>&*!%@`"\'# \n\t',
      '<<',
      '---\n',
      'a',
      'kpi: ',
      'primary: ',
      '\n  ',
      '+5%',
      '~',
      '\u202E',
      '&a ',
      '*a',
      '!!str ',
      '__proto__: ',
      '\\u0000',
      '\r',
      '\uD800',
      '1e999',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(piece, { maxLength: 60 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, text, (contract, registry) => {
        const read = readText(contract, registry);
        const failed = (file: string) => read.findings.some((f) => f.file === file && f.severity === 'error');
        const places = read.findings.every((f) => f.line >= 1 && f.column >= 1 && Array.from(f.found).length <= 80);
        return (
          (read.contract === null) === failed('contract.yml') && (read.kpis === null) === failed('kpis.yml') && places
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('a random edit of a right contract never throws', () => {
    const text = contractText();
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(5), fc.string({ maxLength: 5 }), (at, length, insert) => {
        readText(text.slice(0, at) + insert + text.slice(at + length));
      }),
      { numRuns: 500 },
    );
  });
});
