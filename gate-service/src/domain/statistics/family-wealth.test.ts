import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyWealth, familyWeights, type MetricRole, type MetricWealth } from './family-wealth.ts';

const metric = (name: string, roles: MetricRole[], wealth: number, withinMs = 0): MetricWealth => ({
  name,
  roles,
  withinMs,
  logWealth: Math.log(wealth),
});

describe('family wealth (K14)', () => {
  it('weighs leading .35, primary .25 and guardrails .40 together', () => {
    const weights = familyWeights([
      { roles: ['leading'] },
      { roles: ['primary'] },
      { roles: ['guardrail'] },
      { roles: ['guardrail'] },
    ]);
    expect(weights.map((weight) => weight.toFixed(4))).toEqual(['0.3500', '0.2500', '0.2000', '0.2000']);
  });

  it('renormalises over the roles present and adds the weights of a KPI in two roles', () => {
    expect(familyWeights([{ roles: ['primary'] }])).toEqual([1]);
    const [both, guard] = familyWeights([{ roles: ['leading', 'primary'] }, { roles: ['guardrail'] }]);
    expect(both).toBeCloseTo(0.6, 12);
    expect(guard).toBeCloseTo(0.4, 12);
  });

  it('sums metrics that share one within', () => {
    const family = familyWealth(
      [metric('a', ['leading'], 10), metric('b', ['primary'], 40), metric('c', ['guardrail'], 1)],
      0.05,
    );
    expect(Math.exp(family.logWealth)).toBeCloseTo(0.35 * 10 + 0.25 * 40 + 0.4, 10);
    expect(family).toMatchObject({ status: 'ok', culprit: 'b', blamed: [] });
  });

  it('takes the largest group across different withins, so the errors add up to alpha', () => {
    const family = familyWealth(
      [metric('a', ['leading'], 10, 0), metric('b', ['primary'], 40, 86_400_000), metric('c', ['guardrail'], 60, 0)],
      0.05,
    );
    expect(Math.exp(family.logWealth)).toBeCloseTo(0.35 * 10 + 0.4 * 60, 10);
    expect(family).toMatchObject({ culprit: 'c', blamed: ['c'] });
  });

  it('starts at 1, survives wealths beyond the range of a double', () => {
    expect(familyWealth([metric('a', ['leading'], 1), metric('b', ['primary'], 1)], 0.05).logWealth).toBeCloseTo(0, 12);
    const huge = { ...metric('a', ['leading'], 1), logWealth: 5000 };
    expect(familyWealth([huge, metric('b', ['primary'], 1)], 0.05).logWealth).toBeCloseTo(
      5000 + Math.log(0.35 / 0.6),
      9,
    );
  });

  it.each<[string, MetricWealth[], string]>([
    ['no metrics', [], 'insufficient'],
    ['a NaN wealth', [metric('a', ['leading'], Number.NaN)], 'invalid'],
    ['a metric without a role', [metric('a', [], 1)], 'invalid'],
    ['a repeated name', [metric('a', ['leading'], 1), metric('a', ['primary'], 1)], 'invalid'],
  ])('has no wealth for %s', (_, metrics, status) => {
    expect(familyWealth(metrics, 0.05)).toMatchObject({ status, logWealth: Number.NaN, culprit: null, blamed: [] });
  });

  it('does not depend on the order of metrics, and more harm never lowers it', () => {
    const one = fc.record({
      roles: fc.subarray(['leading', 'primary', 'guardrail'] as MetricRole[], { minLength: 1 }),
      withinMs: fc.constantFrom(0, 1000),
      logWealth: fc.double({ min: -50, max: 800, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), fc.nat(5), (list, worse) => {
        const metrics = list.map((part, i) => ({ ...part, name: `m${i}` }));
        const family = familyWealth(metrics, 0.05);
        const reversed = familyWealth(metrics.toReversed(), 0.05);
        expect(reversed.logWealth).toBeCloseTo(family.logWealth, 9);
        expect(reversed.culprit).toBe(family.culprit);
        expect(family.blamed.length === 0 || family.logWealth >= Math.log(20) - 1e-9).toBe(true);
        const harmed = metrics.map((m, i) => (i === worse ? { ...m, logWealth: m.logWealth + 1 } : m));
        expect(familyWealth(harmed, 0.05).logWealth).toBeGreaterThanOrEqual(family.logWealth - 1e-9);
      }),
    );
  });
});
