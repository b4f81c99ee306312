import { describe, expect, test } from 'vitest';
import { contractText, readText } from './change-files.fixture.ts';

const read = (cohorts: string, rollout = 'rollout: { start: 50% }') =>
  readText(`${contractText({ rollout, design: '' })}${cohorts}\n`);
const problems = (...given: Parameters<typeof read>) =>
  read(...given).findings.map(({ code, path }) => `${code} ${path}`);

describe('cohorts', () => {
  test('are kept as written, spaces and case included', () => {
    const { contract, findings } = read('cohorts: [new, "New ", "e\\u0301t\\u00e9"]');
    expect(findings).toEqual([]);
    expect(contract?.cohorts).toEqual(['new', 'New ', 'e\u0301t\u00e9']);
  });

  test('leave a contract without them as it was before there were any', () => {
    const { contract } = read('');
    expect(contract).not.toHaveProperty('cohorts');
    expect(read('cohorts: [new]').contract).toEqual({ ...contract, cohorts: ['new'] });
  });

  test('may be 20', () => {
    const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
    expect(problems(`cohorts: [${names.join(', ')}]`)).toEqual([]);
    expect(problems(`cohorts: [${names.join(', ')}, more]`)).toEqual(['too_long cohorts']);
  });

  test.each<[string, string, string[]]>([
    ['one twice', 'cohorts: [new, old, new]', ['duplicate_cohort cohorts[2]']],
    ['an empty list', 'cohorts: []', ['invalid_value cohorts']],
    ['an empty name', 'cohorts: [""]', ['invalid_value cohorts[0]']],
    ['a name of spaces', 'cohorts: ["  "]', ['invalid_value cohorts[0]']],
    ['a name of 101 characters', `cohorts: [${'a'.repeat(101)}]`, ['too_long cohorts[0]']],
    ['a number', 'cohorts: [1]', ['wrong_type cohorts[0]']],
    ['no list', 'cohorts: new', ['wrong_type cohorts']],
    ['a name with hidden characters', 'cohorts: ["a\u202eb"]', ['hidden_character ']],
  ])('are refused: %s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
    expect(read(text).contract).toBeNull();
  });

  test.each(['rollout: { start: 100% }', 'design: before_after'])('have no meaning with %s', (line) => {
    expect(problems('cohorts: [new]', line)).toEqual(['unknown_key cohorts']);
  });
});
