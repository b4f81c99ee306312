import { describe, expect, it } from 'vitest';
import {
  type NormalDesign,
  normalDesignDetectable,
  normalDesignPower,
  normalDesignWeeks,
  normalOdds,
} from './forecast-odds-normal.ts';

const DESIGN: NormalDesign = {
  direction: 'increase_is_good',
  scale: 'log',
  rule: 'meets_minimum',
  minEffect: 0.1,
  margin: 0,
  se: () => 0.05,
  df: null,
};

describe('a normal design', () => {
  it.each([null, 5, 40])(
    'keeps the promised errors at df %s: 5% pass without an effect, 5% fail at the minimum',
    (df) => {
      const none = normalOdds({ ...DESIGN, rule: 'beats_zero', minEffect: 0, df }, 0, 0);
      expect(none.pass).toBeCloseTo(0.05, 10);
      expect(none.fail).toBeCloseTo(0.05, 10);
      expect(normalOdds({ ...DESIGN, df }, 0.1, 0).fail).toBeCloseTo(0.05, 10);
    },
  );

  it.each([
    ['an increase', 'increase_is_good'],
    ['a decrease', 'decrease_is_good'],
  ] as const)('finds %s of the detectable size with 80% power, also where the error depends on it', (_, direction) => {
    const sign = direction === 'increase_is_good' ? 1 : -1;
    const se = (gain: number) => Math.sqrt(1 / 400 + 1 / (400 * (1 + sign * gain)));
    const design = { ...DESIGN, direction, se };
    const least = normalDesignDetectable(design)!;
    expect(normalDesignPower({ ...design, minEffect: least })).toBeCloseTo(0.8, 6);
    expect(normalDesignWeeks({ ...design, minEffect: least * 1.001 }, 2)).toBe(2);
    expect(normalDesignWeeks({ ...design, minEffect: least / 2 }, 2)).toBeGreaterThan(6);
  });

  it('reads a margin downwards from no effect', () => {
    const design = { ...DESIGN, rule: 'no_worse_than', minEffect: 0, margin: 0.1 } as const;
    // ln 0.9 / .05 = -2.107 standard errors, 1.645 of which the interval takes.
    expect(normalDesignPower(design)).toBeCloseTo(0.678, 3);
    expect(normalOdds(design, 0, 0).pass).toBeCloseTo(0.678, 3);
  });

  it('has no answer where no gain is enough, or nothing is to be detected', () => {
    const blind = { ...DESIGN, direction: 'decrease_is_good', se: (gain: number) => 1 / Math.sqrt(1 - gain) } as const;
    expect(normalDesignDetectable(blind)).toBeNull();
    expect(normalDesignDetectable({ ...DESIGN, se: () => Number.NaN })).toBeNull();
    expect(normalDesignPower({ ...DESIGN, minEffect: 0 })).toBeNull();
    expect(normalDesignWeeks({ ...DESIGN, minEffect: 0 }, 1)).toBeNull();
    expect(normalOdds({ ...DESIGN, direction: 'decrease_is_good' }, 1.2, 0.1).status).toBe('invalid');
    expect(normalOdds({ ...DESIGN, df: 0 }, 0.1, 0.1).status).toBe('invalid');
  });
});
