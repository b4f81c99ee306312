import { describe, expect, it } from 'vitest';
import { BASE, TRUTH_TABLE } from '../../../test/support/decision/truth-table.ts';
import { judgeChange } from './judge-change.ts';
import { recompute } from './recompute.ts';

describe('recompute', () => {
  it('recomputes to the same bytes from stored JSON', () => {
    for (const [, evidence] of TRUTH_TABLE.filter(([, one]) => one.ruleVersion === BASE.ruleVersion)) {
      expect(JSON.stringify(recompute(JSON.parse(JSON.stringify(evidence))))).toBe(
        JSON.stringify(judgeChange(evidence)),
      );
    }
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['evidence without metrics', { ...BASE, metrics: undefined }],
    ['evidence whose metric has no strata', { ...BASE, metrics: [{ ...BASE.metrics[0], strata: null }] }],
    ['evidence without a contract', { ...BASE, change: {} }],
  ])('refuses %s', (_, stored) => {
    expect(() => recompute(stored)).toThrowError(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('refuses the evidence of another version of the rules', () => {
    expect(() => recompute({ ...BASE, ruleVersion: '0' })).toThrowError(/rule version 0/);
  });
});
