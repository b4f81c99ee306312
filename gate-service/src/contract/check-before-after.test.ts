import { describe, expect, test } from 'vitest';
import { contractText, readText } from './change-files.fixture.ts';

type Changes = Parameters<typeof contractText>[0];
const DESIGN = 'design: before_after';
const read = (changes: Changes) => readText(contractText({ rollout: '', ...changes }));
const problems = (changes: Changes) => read(changes).findings.map(({ code, path }) => `${code} ${path}`);
const withKeys = (keys: string): Changes => ({ design: `${DESIGN}\nbefore_after: ${keys}` });

describe('a comparison with the weeks before', () => {
  test.each<[string, Changes]>([
    ['in so many words', { design: DESIGN }],
    ['in so many words, with everybody written out', { design: DESIGN, rollout: 'rollout: { start: 100% }' }],
    ['because everybody gets the change', { rollout: 'rollout: { start: 100% }' }],
    ['over four weeks', { design: DESIGN, window: 'window: 28d' }],
    ['with a comparison and days left out', withKeys('{ comparison: slow_conversion, exclude: ["2026-12-24"] }')],
  ])('may be asked for %s', (name, changes) => {
    const { findings, contract } = read(changes);
    // The two conversions of the registry differ in `within`, which is an error of its own.
    expect(findings.map(({ path }) => path)).toEqual(name.includes('comparison') ? ['before_after.comparison'] : []);
    if (findings.length === 0) expect(contract?.rollout).toEqual({ start: 1, throttleTo: 0.05 });
  });

  test.each<[string, Changes, string[]]>([
    ['a part of the traffic', { design: DESIGN, rollout: 'rollout: { start: 50% }' }, ['out_of_range rollout.start']],
    ['almost everybody', { rollout: 'rollout: { start: 99% }' }, ['no_control rollout.start']],
    ['days that are no weeks', { design: DESIGN, window: 'window: 10d' }, ['out_of_range window']],
    [
      'a throttle to everybody',
      { design: DESIGN, rollout: 'rollout: { throttle_to: 100% }' },
      ['throttle_not_lower rollout.throttle_to'],
    ],
    ['keys that need the design', { design: 'design: auto\nbefore_after: {}' }, ['unknown_key before_after']],
    [
      'a comparison that does not exist',
      withKeys('{ comparison: conversions }'),
      ['unknown_kpi before_after.comparison'],
    ],
    ['a comparison with itself', withKeys('{ comparison: conversion }'), ['invalid_value before_after.comparison']],
    ['another `within`', withKeys('{ comparison: error_rate }'), ['invalid_value before_after.comparison']],
    ['a day that is none', withKeys('{ exclude: ["2026-02-30"] }'), ['invalid_value before_after.exclude[0]']],
    [
      'days in the wrong order',
      withKeys('{ exclude: ["2026-12-26..2026-12-24"] }'),
      ['invalid_value before_after.exclude[0]'],
    ],
    ['a date of another form', withKeys('{ exclude: ["24.12.2026"] }'), ['invalid_value before_after.exclude[0]']],
  ])('is refused with %s', (_, changes, expected) => {
    expect(problems(changes)).toEqual(expected);
    expect(read(changes).contract).toBeNull();
  });

  test('keeps days as whole days since 1970, both ends included', () => {
    const { contract } = read(withKeys('{ exclude: ["2026-12-24..2026-12-26", "1970-01-02"] }'));
    expect(contract?.beforeAfter).toEqual({
      exclude: [
        { firstDay: Date.UTC(2026, 11, 24) / 86_400_000, lastDay: Date.UTC(2026, 11, 26) / 86_400_000 },
        { firstDay: 1, lastDay: 1 },
      ],
      comparison: null,
    });
  });

  test('leaves nothing in a contract that does not speak of it', () => {
    expect(read({ design: 'design: auto' }).contract).not.toHaveProperty('beforeAfter');
  });
});
