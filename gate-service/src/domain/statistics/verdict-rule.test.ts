import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oracleCases } from '../../../test/support/oracle-cases.ts';
import {
  extraWeeksNeeded,
  judgeOrdered,
  judgeRule,
  type OrderedInput,
  type RuleInput,
  type VerdictRule,
} from './verdict-rule.ts';

const base: OrderedInput = {
  rule: 'meets_minimum',
  minEffect: 0.05,
  margin: 0,
  estimate: 0.06,
  lo: 0.01,
  hi: 0.11,
  guardrails: [],
  dataQualityFailures: [],
  safety: null,
};
const guardrail = { name: 'errors', harmLo: -0.01, harmHi: 0.01, margin: 0.005, mustBeNonInferior: false };

describe('verdict rules against the reference implementation', () => {
  it.each(oracleCases('verdict-rules', 'verdict'))('$id', ({ inputs, expected }) => {
    const verdict = judgeOrdered({
      rule: inputs.rule,
      minEffect: inputs.min_effect,
      margin: inputs.margin,
      estimate: inputs.estimate,
      lo: inputs.lo,
      hi: inputs.hi,
      guardrails: inputs.guardrails.map((g: Record<string, unknown>) => ({
        name: g.name,
        harmLo: g.harm_lo,
        harmHi: g.harm_hi,
        margin: g.margin,
        mustBeNonInferior: g.noninf_required,
      })),
      dataQualityFailures: inputs.data_quality_failures,
      safety: inputs.safety,
    });
    expect(verdict.verdict.toUpperCase()).toBe(expected.verdict.toUpperCase());
    expect(verdict.reason.toLowerCase()).toBe(expected.reason.toLowerCase());
  });
});

describe('order of evaluation', () => {
  it.each<[string, Partial<OrderedInput>, string, string]>([
    [
      'O1 executed rollback',
      { safety: { dataQualityFailedBefore: false }, dataQualityFailures: ['srm'] },
      'fail',
      'safety_rollback',
    ],
    [
      'O1 rollback after a data failure',
      { safety: { dataQualityFailedBefore: true } },
      'inconclusive',
      'data_quality+rolled_back',
    ],
    ['O2 first failure named', { dataQualityFailures: ['coverage', 'srm'] }, 'inconclusive', 'data_quality:coverage'],
    [
      'O2 guardrail without data',
      { guardrails: [{ ...guardrail, harmLo: Number.NaN }] },
      'inconclusive',
      'data_quality:guardrail_without_data:errors',
    ],
    [
      'O3 guardrail harmed',
      { guardrails: [{ ...guardrail, harmLo: 0.006, harmHi: 0.02 }], estimate: Number.NaN },
      'fail',
      'guardrail:errors',
    ],
    ['O4 no estimate', { estimate: Number.NaN }, 'inconclusive', 'insufficient_data'],
    ['O5 positive, below minimum', { estimate: 0.03, lo: 0.001, hi: 0.06 }, 'inconclusive', 'positive_below_minimum'],
    [
      'O6 unproven guardrail',
      { guardrails: [{ ...guardrail, mustBeNonInferior: true }] },
      'inconclusive',
      'guardrail_unproven:errors',
    ],
    [
      'O6 does not soften a fail',
      { guardrails: [{ ...guardrail, mustBeNonInferior: true }], hi: 0.04 },
      'fail',
      'below_minimum',
    ],
    ['O6 proven guardrail', { guardrails: [{ ...guardrail, harmHi: 0.004, mustBeNonInferior: true }] }, 'pass', 'ok'],
    ['a negative minimum', { minEffect: -0.1 }, 'inconclusive', 'invalid_rule'],
    ['an unknown rule', { rule: 'wins' as VerdictRule }, 'inconclusive', 'invalid_rule'],
  ])('%s', (_, part, verdict, reason) => {
    expect(judgeOrdered({ ...base, ...part })).toEqual({ verdict, reason });
  });
});

describe('control arm without events: only the finite limit decides', () => {
  const infinite = Number.POSITIVE_INFINITY;
  it.each<[number, number, number, string]>([
    [infinite, 0.3, infinite, 'pass'],
    [infinite, 0.01, infinite, 'inconclusive'],
    [-infinite, -infinite, -0.3, 'fail'],
    [-infinite, -infinite, 0.2, 'inconclusive'],
    [infinite, Number.NaN, infinite, 'inconclusive'],
    [infinite, -infinite, infinite, 'inconclusive'],
  ])('estimate %d, [%d, %d]: %s', (estimate, lo, hi, verdict) => {
    expect(judgeRule({ ...base, estimate, lo, hi }).verdict).toBe(verdict);
  });
});

describe('properties', () => {
  const rule = fc.constantFrom<VerdictRule>('meets_minimum', 'beats_zero', 'proves_minimum', 'no_worse_than');
  const effect = fc.double({ min: -1, max: 1, noNaN: true });
  const input = fc
    .record({
      rule,
      a: effect,
      b: effect,
      c: effect,
      minEffect: fc.double({ min: 0, max: 0.5, noNaN: true }),
      margin: fc.double({ min: 0, max: 0.5, noNaN: true }),
    })
    .map(({ a, b, c, ...rest }): RuleInput => {
      const [lo = 0, estimate = 0, hi = 0] = [a, b, c].toSorted((x, y) => x - y);
      return { ...rest, lo, estimate, hi };
    });
  const rank = { fail: 0, inconclusive: 1, pass: 2 };

  it('never improves when the effect gets worse', () => {
    fc.assert(
      fc.property(input, fc.double({ min: 0, max: 1, noNaN: true }), (one, harm) => {
        const worse = { ...one, lo: one.lo - harm, estimate: one.estimate - harm, hi: one.hi - harm };
        expect(rank[judgeRule(worse).verdict]).toBeLessThanOrEqual(rank[judgeRule(one).verdict]);
      }),
    );
  });

  it('never passes or fails with a NaN anywhere', () => {
    fc.assert(
      fc.property(input, fc.constantFrom('lo', 'hi', 'estimate', 'minEffect', 'margin'), (one, key) => {
        expect(judgeRule({ ...one, [key]: Number.NaN }).verdict).toBe('inconclusive');
      }),
    );
  });
});

describe('extra weeks', () => {
  it('is the square of interval over effect, rounded up; null when it cannot be said', () => {
    expect(extraWeeksNeeded(1.645, 0.05, 0.02, 0.04)).toBe(Math.ceil((1.645 * 1.25) ** 2));
    expect(extraWeeksNeeded(1.645, null, 0.02, 0.04)).toBeNull();
    expect(extraWeeksNeeded(1.645, 0.05, 0, 0)).toBeNull();
  });
});
