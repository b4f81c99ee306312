import { describe, expect, it } from 'vitest';
import { type SeededRandom, seededRandom } from '../../../test/support/seeded-random.ts';
import { DEFAULT_PSI, equalWeights } from './candidates.ts';
import { type ClumpBets, type ClumpGroup, clumpExponents } from './clump-exponent.ts';
import { type ClusterGroup, clusteringExponents } from './clustering-exponent.ts';
import { advanceHarmMonitor, type HarmMonitorConfig, logWealth, startHarmMonitor } from './harm-monitor.ts';

/** A user's minute: six requests; one user in 50 is stuck and fails half of them, others fail 1%. */
function drawCluster(random: SeededRandom): { trials: number; bad: number } {
  return { trials: 6, bad: random.binomial(6, random.next() < 0.02 ? 0.5 : 0.01) };
}

function baseline(clusters: number): ClusterGroup[] {
  const random = seededRandom(21);
  const counts = Array.from({ length: 7 }, () => 0);
  for (let i = 0; i < clusters; i++) {
    const { bad } = drawCluster(random);
    counts[bad] = (counts[bad] ?? 0) + 1;
  }
  return counts.map((count, bad) => ({ trials: 6, bad, count }));
}

function falseAlarms(part: Partial<HarmMonitorConfig>, runs: number): number {
  const random = seededRandom(22);
  const config: HarmMonitorConfig = {
    psi: DEFAULT_PSI,
    weights: equalWeights(DEFAULT_PSI.length),
    marginKind: 'none',
    margin: 0,
    harm: 'increase',
    nMin: 3,
    history: { y: 20, n: 1000 },
    onset: 'mixture',
    ...part,
  };
  const arm = (users: number) =>
    Array.from({ length: users }, () => drawCluster(random)).reduce(
      (sum, { trials, bad }) => ({ n: sum.n + trials, y: sum.y + bad }),
      { n: 0, y: 0 },
    );
  let alarms = 0;
  for (let i = 0; i < runs; i++) {
    let state = startHarmMonitor(config);
    for (let minute = 0; minute < 600; minute++) {
      const [a, b] = [arm(random.poisson(5)), arm(random.poisson(5))];
      state = advanceHarmMonitor(config, state, { minute, nA: a.n, yA: a.y, nB: b.n, yB: b.y });
      if (logWealth(state) >= Math.log(20)) {
        alarms++;
        break;
      }
    }
  }
  return alarms / runs;
}

describe('clustering exponent', () => {
  it('is 1 where trials are independent', () => {
    const groups = [
      { trials: 1, bad: 0, count: 9900 },
      { trials: 1, bad: 1, count: 100 },
    ];
    expect(clusteringExponents(groups, DEFAULT_PSI, [0.05, 0.5], null)).toEqual({
      status: 'ok',
      exponents: DEFAULT_PSI.map(() => 1),
      method: 'baseline_clusters',
      n: 10_000,
    });
  });

  it('is 1/m for bets so small that only the variance counts, where all m trials of a cluster go together', () => {
    const groups = [
      { trials: 4, bad: 0, count: 9000 },
      { trials: 4, bad: 4, count: 1000 },
    ];
    const { exponents } = clusteringExponents(groups, [1.001, 25], [0.5], null);
    expect(exponents[0]).toBeCloseTo(0.25, 2);
    expect(exponents[1]).toBeLessThan(1);
  });

  it('keeps false alarms within alpha on a clustered A/A stream, where untempered bets do not', () => {
    const { exponents } = clusteringExponents(baseline(20_000), DEFAULT_PSI, [0.5], null);
    expect(falseAlarms({}, 150)).toBeGreaterThan(0.15);
    expect(falseAlarms({ tempering: exponents }, 150)).toBeLessThanOrEqual(0.05 + 4 * Math.sqrt((0.05 * 0.95) / 150));
  });

  it('falls back to 1 / design effect when clusters are few, and says so when there is none', () => {
    const few = [{ trials: 5, bad: 1, count: 4999 }];
    expect(clusteringExponents(few, [2, 4], [0.5], 2.5)).toMatchObject({
      status: 'ok',
      method: 'design_effect',
      exponents: [0.4, 0.4],
    });
    expect(clusteringExponents(few, [2], [0.5], 0.7).exponents).toEqual([1]);
    expect(clusteringExponents(few, [2], [0.5], null)).toMatchObject({ status: 'insufficient', exponents: [] });
    expect(clusteringExponents([], [2], [0.5], null).status).toBe('insufficient');
  });

  it.each<[string, ClusterGroup[], number[], number[], number | null]>([
    ['more bad than trials', [{ trials: 1, bad: 2, count: 1 }], [2], [0.5], null],
    ['a NaN count', [{ trials: 1, bad: 1, count: Number.NaN }], [2], [0.5], null],
    ['psi of 1', [], [1], [0.5], 2],
    ['no share', [], [2], [], 2],
    ['a share of 1', [], [2], [1], 2],
    ['a design effect of 0', [], [2], [0.5], 0],
  ])('is invalid for %s', (_, groups, psi, shares, designEffect) => {
    expect(clusteringExponents(groups, psi, shares, designEffect)).toMatchObject({ status: 'invalid', exponents: [] });
  });
});

describe('clump exponent', () => {
  const bets = { psi: [1.1, 4, 25], harm: 'increase' as const, marginRatio: 0 };

  it('is 1 / size where all clumps have the same size, which makes a clump count as one event', () => {
    const { exponents, method } = clumpExponents([{ events: 4, count: 6000 }], bets, [0.05, 0.5], 9);
    expect(method).toBe('baseline_clusters');
    for (const exponent of exponents) expect(exponent).toBeCloseTo(0.25, 6);
    const drop = { ...bets, harm: 'decrease' as const, marginRatio: 0.2 };
    for (const exponent of clumpExponents([{ events: 4, count: 6000 }], drop, [0.3], null).exponents) {
      expect(exponent).toBeCloseTo(0.25, 6);
    }
  });

  it('is below 1 / dispersion for bets on large multiples where clumps differ in size', () => {
    const mixed = [
      { events: 0, count: 1e6 },
      { events: 1, count: 7000 },
      { events: 7, count: 1000 },
    ];
    const { exponents, n } = clumpExponents(mixed, bets, [0.05, 0.5], null);
    expect(n).toBe(8000);
    expect(exponents[0]).toBeCloseTo(0.25, 2);
    expect(exponents[2]).toBeLessThan(0.25);
    expect(clumpExponents([{ events: 1, count: 5000 }], bets, [0.5], null).exponents).toEqual([1, 1, 1]);
  });

  it('falls back to 1 / dispersion when clumps are few, and says so when there is none', () => {
    expect(clumpExponents([], bets, [0.5], 4)).toMatchObject({
      method: 'design_effect',
      exponents: [0.25, 0.25, 0.25],
    });
    expect(clumpExponents([{ events: 2, count: 4999 }], bets, [0.5], null).status).toBe('insufficient');
  });

  it.each<[string, ClumpGroup[], Partial<ClumpBets>, number | null]>([
    ['a NaN count', [{ events: 1, count: Number.NaN }], {}, null],
    ['a negative number of events', [{ events: -1, count: 1 }], {}, null],
    ['a dispersion below 1', [], {}, 0.5],
    ['a drop margin of 100%', [], { harm: 'decrease', marginRatio: 1 }, 2],
    ['psi of 1', [], { psi: [1] }, 2],
  ])('is invalid for %s', (_, groups, part, dispersion) => {
    expect(clumpExponents(groups, { ...bets, ...part }, [0.5], dispersion).status).toBe('invalid');
  });
});
