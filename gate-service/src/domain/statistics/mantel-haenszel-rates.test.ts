import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/support/seeded-random.ts';
import { logStandardError } from './estimate-test.ts';
import { type RateStratum, stratifiedRateRatio } from './mantel-haenszel-rates.ts';
import { rateRatio } from './rate-ratio.ts';
import { splitDispersion } from './split-dispersion.ts';

const stratum = (yA: number, mA: number, yB: number, mB: number): RateStratum => ({
  control: { count: yA, exposure: mA },
  treatment: { count: yB, exposure: mB },
});

describe('stratifiedRateRatio', () => {
  it('is rateRatio on one stratum', () => {
    const one = stratum(300, 4000, 360, 4100);
    expect(stratifiedRateRatio([one], 0.9, 1.5)).toEqual(rateRatio(one.control, one.treatment, 0.9, 1.5));
  });

  it('agrees with the textbook sums on two strata', () => {
    // Rothman, Greenland: sum(8 x 60 / 100 + 30 x 50 / 100) / sum(10 x 40 / 100 + 20 x 50 / 100) = 19.8 / 14.
    const strata = [stratum(10, 60, 8, 40), stratum(20, 50, 30, 50)];
    const { estimate, method, n } = stratifiedRateRatio(strata, 0.9, 1);
    expect([estimate, method, n]).toEqual([expect.closeTo(19.8 / 14, 12), 'mantel_haenszel_rate_ratio', 68]);
    const variance = (18 * 60 * 40 + 50 * 50 * 50) / 10_000 / (19.8 * 14);
    expect(logStandardError(stratifiedRateRatio(strata, 0.9, 1), 0.9)).toBeCloseTo(Math.sqrt(variance), 10);
    expect(logStandardError(stratifiedRateRatio(strata, 0.9, 4), 0.9)).toBeCloseTo(2 * Math.sqrt(variance), 10);
  });

  it('does not see an effect in a ramp over a rate that doubles', () => {
    const strata = [stratum(900, 9000, 100, 1000), stratum(1000, 5000, 1000, 5000)];
    expect(stratifiedRateRatio(strata, 0.9, 1).estimate).toBeCloseTo(1, 12);
  });

  it('takes the largest stratum alone where an arm has no event, and leaves out what compares nothing', () => {
    const strata = [stratum(5, 100, 0, 100), stratum(50, 1000, 0, 1000), stratum(7, 100, 0, 0)];
    const alone = stratifiedRateRatio(strata, 0.9, 1);
    expect(alone).toEqual(rateRatio(strata[1]!.control, strata[1]!.treatment, 0.9, 1));
    expect(alone.hi).toBeLessThan(0.1);
    expect(stratifiedRateRatio([strata[2]!], 0.9, 1).status).toBe('insufficient');
  });

  it('is invalid for broken counts, events without exposure, or a dispersion below 1', () => {
    for (const broken of [stratum(1.5, 10, 1, 10), stratum(1, 0, 1, 10), stratum(1, 10, -1, 10)]) {
      expect(stratifiedRateRatio([broken, stratum(5, 10, 5, 10)], 0.9, 1).status).toBe('invalid');
    }
    expect(stratifiedRateRatio([stratum(5, 10, 5, 10)], 0.9, Number.NaN).status).toBe('invalid');
  });
});

describe('splitDispersion', () => {
  /** So many hours, in each of which each arm has bursts of `size` events. */
  function hours(count: number, size: number): readonly RateStratum[] {
    const random = seededRandom(3);
    return Array.from({ length: count }, (_, i) => {
      const season = 6 + 4 * Math.sin(i / 4);
      return stratum(size * random.poisson(season / size), 100, size * random.poisson(season / size), 100);
    });
  }

  it('is about 1 for independent events whatever the season, and about the burst for bursts', () => {
    expect(splitDispersion(hours(2000, 1), 1).phi).toBeLessThan(1.1);
    expect(splitDispersion(hours(2000, 4), 1).phi).toBeGreaterThan(3.5);
    expect(splitDispersion(hours(2000, 4), 1).phi).toBeLessThan(4.5);
  });

  it('sees the clumps of a quiet KPI, which most hours do not show', () => {
    const random = seededRandom(12);
    const count = () => random.poisson(0.5) + 5 * random.poisson(0.1);
    const quiet = Array.from({ length: 4000 }, () => stratum(count(), 2, count(), 2));
    // (0.5 + 25 x 0.1) / (0.5 + 5 x 0.1) = 3.
    expect(splitDispersion(quiet, 1).phi).toBeGreaterThan(2.7);
    expect(splitDispersion(quiet, 1).phi).toBeLessThan(3.3);
  });

  it('does not take a ratio that is there for clumps', () => {
    const random = seededRandom(9);
    const doubled = Array.from({ length: 1000 }, () => stratum(random.poisson(10), 100, random.poisson(20), 100));
    expect(splitDispersion(doubled, 2).phi).toBeLessThan(1.15);
    expect(splitDispersion(doubled, 1).phi).toBeGreaterThan(2);
  });

  it('needs 20 effective spans with events, and refuses broken ones', () => {
    expect(splitDispersion(hours(19, 1), 1)).toEqual({ status: 'insufficient', phi: NaN });
    const quiet = Array.from({ length: 30 }, (_, i) => stratum(i < 15 ? 1 : 0, 10, 0, 10));
    expect(splitDispersion(quiet, 1).status).toBe('insufficient');
    // A hundred hours, of which one has nearly all events, are one.
    const burst = [...Array.from({ length: 100 }, () => stratum(1, 10, 0, 10)), stratum(900, 10, 900, 10)];
    expect(splitDispersion(burst, 1).status).toBe('insufficient');
    expect(splitDispersion([...hours(30, 1), stratum(Number.NaN, 1, 1, 1)], 1).status).toBe('invalid');
    expect(splitDispersion(hours(30, 1), 0).status).toBe('invalid');
  });
});
