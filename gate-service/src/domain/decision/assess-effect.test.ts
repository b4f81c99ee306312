import { describe, expect, it } from 'vitest';
import { assessEffect } from './assess-effect.ts';

describe('assessEffect', () => {
  it.each([
    ['too soon', { off: 500, on: 26 }, 2, 0.05, 'not_yet_measurable'],
    ['too few units', { off: 28, on: 1 }, 60, 0.05, 'not_yet_measurable'],
    ['as set', { off: 95, on: 5 }, 3, 0.05, 'effective'],
    ['off and nobody exposed', { off: 30, on: 0 }, 3, 0, 'effective'],
    ['off and somebody exposed', { off: 300, on: 1 }, 30, 0, 'not_effective'],
    ['the old share goes on', { off: 50, on: 50 }, 10, 0.05, 'not_effective'],
    ['nobody exposed at half', { off: 40, on: 0 }, 10, 0.5, 'not_effective'],
    ['everybody exposed at half', { off: 0, on: 40 }, 10, 0.5, 'not_effective'],
  ] as const)('%s', (_name, exposed, minutes, share, expected) => {
    expect(assessEffect(exposed, minutes, share)).toBe(expected);
  });

  it('rejects at p < .001 only: 2 of 30 at 5% stays, 8 of 30 does not', () => {
    expect(assessEffect({ off: 28, on: 2 }, 5, 0.05)).toBe('effective');
    expect(assessEffect({ off: 22, on: 8 }, 5, 0.05)).toBe('not_effective');
  });
});
