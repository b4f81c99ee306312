import { describe, expect, it } from 'vitest';
import { PARTS } from './calibrate.ts';
import { type Check, FAST, mostAlarms, passes } from './check.ts';

const SEED = 20;
/** A few seconds on a free core. */
const TIMEOUT_MS = 120_000;

describe('the promises of docs/detection.md, on few weeks (npm run calibrate measures them in full)', () => {
  it.each(Object.entries(PARTS))(
    'part %s',
    (_, measure) => {
      const checks = measure(FAST, SEED);
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter((check) => !passes(check))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('a check', () => {
  it('of 5% allows 62 alarms in 1000 weeks', () => {
    expect(mostAlarms(1000, 0.05, 0.05)).toBe(62);
  });

  it('does not pass without a number', () => {
    const check: Check = { part: 'a', what: 'nothing', measured: Number.NaN, limit: 1, basis: 'none' };
    expect(passes(check)).toBe(false);
  });
});
