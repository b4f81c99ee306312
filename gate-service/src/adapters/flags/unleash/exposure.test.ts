import { describe, expect, test } from 'vitest';
import { exposureShare, type TreatmentStrategy, treatmentHash } from './exposure.ts';

const gradual = (rollout: string | null, disabled = false) => ({ rollout, disabled });

describe('exposureShare', () => {
  test.each([
    ['off, whatever the strategies', false, [gradual('100')], 0],
    ['one gradual strategy', true, [gradual('25')], 0.25],
    ['several add up', true, [gradual('30'), gradual('50')], 0.8],
    ['at most everyone', true, [gradual('70'), gradual('50')], 1],
    ['a strategy without a percentage', true, [gradual('5'), gradual(null)], 1],
    ['a disabled one does not count', true, [gradual('5'), gradual(null, true)], 0.05],
    ['enabled without a strategy serves everyone', true, [], 1],
    ['enabled with disabled ones only: the worst is assumed', true, [gradual('5', true)], 1],
    ['zero percent', true, [gradual('0')], 0],
  ])('%s', (_, enabled, strategies, share) => expect(exposureShare(enabled, strategies)).toBe(share));
});

describe('treatmentHash', () => {
  const base: TreatmentStrategy = {
    name: 'flexibleRollout',
    disabled: false,
    parameters: { rollout: '50', stickiness: 'default', groupId: 'f' },
    constraints: [{ contextName: 'userId', operator: 'IN', values: ['7'] }, { contextName: 'appName' }],
    segments: [2, 1],
    variants: [{ name: 'a', weight: 1000 }],
  };
  const other: TreatmentStrategy = { ...base, name: 'default', parameters: {} };
  const withParameters = (parameters: Record<string, unknown>) => ({
    ...base,
    parameters: { ...base.parameters, ...parameters },
  });

  test.each([
    ['the percentage', [withParameters({ rollout: '5' })]],
    ['the order of constraints', [{ ...base, constraints: [...base.constraints].reverse() }]],
    ['the order of segments', [{ ...base, segments: [1, 2] }]],
    ['a disabled strategy', [base, { ...other, disabled: true }]],
  ])('%s does not count', (_, strategies) => expect(treatmentHash(strategies)).toBe(treatmentHash([base])));

  test('the order of strategies does not count', () => {
    expect(treatmentHash([base, other])).toBe(treatmentHash([other, base]));
  });

  test.each([
    ['stickiness', [withParameters({ stickiness: 'userId' })]],
    ['groupId', [withParameters({ groupId: 'g' })]],
    ['a constraint', [{ ...base, constraints: [] }]],
    ['a segment', [{ ...base, segments: [1] }]],
    ['a variant', [{ ...base, variants: [{ name: 'b', weight: 1000 }] }]],
    ['another strategy', [base, other]],
    ['no strategy', []],
  ])('%s counts', (_, strategies) => expect(treatmentHash(strategies)).not.toBe(treatmentHash([base])));
});
