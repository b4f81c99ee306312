import { describe, expect, it } from 'vitest';
import { DEFAULT_PSI, equalWeights } from './candidates.ts';
import { advanceCountMonitor, startCountMonitor } from './count-monitor.ts';
import { startExceedanceMonitor } from './exceedance-monitor.ts';
import { advanceHarmMonitor, type HarmMonitorConfig, logWealth, startHarmMonitor } from './harm-monitor.ts';
import { startMarginMonitor } from './margin-monitor.ts';
import { DEFAULT_RELATIVE_EFFECTS, startMeanMonitor } from './mean-monitor.ts';

const onset = 'mixture' as const;
const psi = DEFAULT_PSI;
const weights = equalWeights(psi.length);
const bernoulli: HarmMonitorConfig = {
  psi,
  weights,
  marginKind: 'none',
  margin: 0,
  harm: 'increase',
  nMin: 3,
  history: { y: 50, n: 1000 },
  onset,
};
const means = {
  relativeEffects: DEFAULT_RELATIVE_EFFECTS,
  weights: equalWeights(DEFAULT_RELATIVE_EFFECTS.length),
  cap: 10,
  baselineMean: 2,
  baselineSd: 3,
  marginKind: 'none' as const,
  margin: 0,
  harm: 'increase' as const,
  nMin: 20,
  onset,
};
const counts = { psi, weights, marginRatio: 0, harm: 'increase' as const, onset };

/** Numbers of a state as doubles; null and the status take one each. */
function bytesOf(state: unknown): number {
  if (typeof state !== 'object' || state === null) return 8;
  return Object.values(state).reduce<number>((sum, value) => sum + bytesOf(value), 0);
}

describe('the state of a monitor', () => {
  it.each<[string, unknown]>([
    ['proportion', startHarmMonitor(bernoulli)],
    ['count', startCountMonitor(counts)],
    ['mean', startMeanMonitor(means)],
    ['margin', startMarginMonitor({ margin: 1.3, harm: 'increase', onset })],
    ['one threshold of a latency', startExceedanceMonitor({ ...bernoulli, histories: [null] })],
  ])('is under 200 bytes: %s', (_, state) => {
    expect(bytesOf(state)).toBeLessThan(200);
  });

  it('turns invalid when it is resumed with another number of candidates', () => {
    const other = { ...counts, psi: [2], weights: [1] };
    const row = { minute: 0, mA: 1, cA: 0, mB: 1, cB: 9 };
    expect(advanceCountMonitor(other, startCountMonitor(counts), row).status).toBe('invalid');
  });
});

describe('tempering of the harm monitor', () => {
  const row = { minute: 0, nA: 50, yA: 2, nB: 50, yB: 9 };

  it('raises each bet to its exponent', () => {
    const config = { ...bernoulli, psi: [2], weights: [1], onset: 'immediate' as const };
    const full = logWealth(advanceHarmMonitor(config, startHarmMonitor(config), row));
    const half = { ...config, tempering: [0.5] };
    expect(logWealth(advanceHarmMonitor(half, startHarmMonitor(half), row))).toBeCloseTo(full / 2, 12);
  });

  it.each([[[]], [[1]], [psi.map(() => 0)], [psi.map(() => 1.1)], [psi.map(() => Number.NaN)]])(
    'is refused as %j',
    (tempering) => {
      const config = { ...bernoulli, tempering };
      expect(advanceHarmMonitor(config, startHarmMonitor(config), row)).toMatchObject({
        status: 'invalid',
        closedBlocks: 0,
      });
    },
  );
});
