import { describe, expect, it } from 'vitest';
import { type SeededRandom, seededRandom } from '../../../test/support/seeded-random.ts';
import { DEFAULT_PSI, equalWeights } from './candidates.ts';
import { clumpExponents } from './clump-exponent.ts';
import { advanceCountMonitor, type CountMonitorConfig, countRampStep, startCountMonitor } from './count-monitor.ts';
import { mergeDailyLooks, startDailyLooks, takeDailyLook } from './daily-looks.ts';
import { normalQuantile } from './distributions.ts';
import {
  advanceExceedanceMonitor,
  type ExceedanceMonitorConfig,
  exceedanceLogWealth,
  exceedanceRampStep,
  startExceedanceMonitor,
} from './exceedance-monitor.ts';
import { advanceHarmMonitor, startHarmMonitor } from './harm-monitor.ts';
import { advanceMarginMonitor, type MarginMonitorConfig, startMarginMonitor } from './margin-monitor.ts';
import {
  advanceMeanMonitor,
  DEFAULT_RELATIVE_EFFECTS,
  MEAN_BLOCK_UNITS,
  type MeanMonitorConfig,
  meanRampStep,
  startMeanMonitor,
} from './mean-monitor.ts';
import { logWealth } from './mixture-wealth.ts';

/** One run: tells ln wealth after each minute until it ends. */
type Run = (random: SeededRandom) => Generator<number>;

interface Outcome {
  readonly alarms: number;
  /** Mean wealth where the run stopped, at the alarm or at its end, with its standard error. */
  readonly mean: number;
  readonly error: number;
  readonly minutes: number;
}

/** Looks after every minute and stops at the alarm. */
function watch(run: Run, runs: number, alpha: number, seed: number): Outcome {
  const random = seededRandom(seed);
  const threshold = -Math.log(alpha);
  const wealths: number[] = [];
  let [alarms, minutes] = [0, 0];
  for (let i = 0; i < runs; i++) {
    let last = 0;
    for (const log of run(random)) {
      last = log;
      minutes++;
      if (log >= threshold) {
        alarms++;
        break;
      }
    }
    wealths.push(Math.exp(last));
  }
  const mean = wealths.reduce((sum, wealth) => sum + wealth, 0) / runs;
  const variance = wealths.reduce((sum, wealth) => sum + (wealth - mean) ** 2, 0) / (runs - 1);
  return { alarms: alarms / runs, mean, error: Math.sqrt(variance / runs), minutes: minutes / runs };
}

const MINUTES = 360;
/** A ramp in three steps, and a baseline that doubles meanwhile: pooled totals would see harm here. */
const shareAt = (minute: number) => (minute < 120 ? 0.05 : minute < 240 ? 0.25 : 0.5);
const isStep = (minute: number) => minute === 120 || minute === 240;
const drift = (minute: number) => 1 + minute / MINUTES;

const bets = { psi: DEFAULT_PSI, marginRatio: 0, harm: 'increase' as const };
/** Half the events come alone, half in clumps of seven: one clump in eight, and variance over mean = 4. */
const clumps = [
  { events: 1, count: 7000 },
  { events: 7, count: 1000 },
];
const counts: CountMonitorConfig = {
  ...bets,
  weights: equalWeights(DEFAULT_PSI.length),
  onset: 'mixture',
  tempering: clumpExponents(clumps, bets, [0.05, 0.25, 0.5], null).exponents,
};

const clumped = (random: SeededRandom, mean: number) => random.poisson(mean / 2) + 7 * random.poisson(mean / 14);

const countRun = (effect: number): Run =>
  function* (random) {
    let state = startCountMonitor(counts);
    for (let minute = 0; minute < MINUTES; minute++) {
      if (isStep(minute)) state = countRampStep(counts, state);
      const [mB, rate] = [shareAt(minute), 20 * drift(minute)];
      const cA = clumped(random, rate * (1 - mB));
      const cB = clumped(random, rate * mB * effect);
      state = advanceCountMonitor(counts, state, { minute, mA: 1 - mB, cA, mB, cB });
      yield logWealth(state);
    }
  };

/** Revenue a visitor: one in ten buys, log-normal with log-sd 1 around 20, winsorised at 200. */
const means: MeanMonitorConfig = {
  relativeEffects: DEFAULT_RELATIVE_EFFECTS,
  weights: equalWeights(DEFAULT_RELATIVE_EFFECTS.length),
  cap: 200,
  baselineMean: 3.1,
  baselineSd: 15,
  marginKind: 'none',
  margin: 0,
  harm: 'decrease',
  nMin: MEAN_BLOCK_UNITS,
  onset: 'mixture',
};

const revenue = (random: SeededRandom, n: number, buys: number) => {
  let [sum, sumSq] = [0, 0];
  for (let buyer = random.binomial(n, buys); buyer > 0; buyer--) {
    const value = Math.min(200, 20 * Math.exp(normalQuantile(random.next() || 0.5)));
    sum += value;
    sumSq += value * value;
  }
  return { sum, sumSq };
};

const meanRun = (effect: number): Run =>
  function* (random) {
    let state = startMeanMonitor(means);
    for (let minute = 0; minute < MINUTES; minute++) {
      if (isStep(minute)) state = meanRampStep(means, state);
      const [share, buys] = [shareAt(minute), 0.1 / drift(minute)];
      const [nA, nB] = [random.poisson(60 * (1 - share)), random.poisson(60 * share)];
      const [a, b] = [revenue(random, nA, buys), revenue(random, nB, buys * effect)];
      const row = { minute, nA, sumA: a.sum, sumSqA: a.sumSq, nB, sumB: b.sum, sumSqB: b.sumSq };
      state = advanceMeanMonitor(means, state, row);
      yield logWealth(state);
    }
  };

const SLOWER = [0.5, 0.25, 0.1, 0.05, 0.01];
const latency: ExceedanceMonitorConfig = {
  psi: DEFAULT_PSI,
  weights: equalWeights(DEFAULT_PSI.length),
  harm: 'increase',
  nMin: 3,
  histories: SLOWER.map((rate) => ({ y: rate * 1000, n: 1000 })),
  onset: 'mixture',
};

/** Units over each threshold, by thinning; the whole service slows down during the window. */
const slower = (random: SeededRandom, n: number, minute: number) => {
  let left = n;
  return SLOWER.map((rate, j) => {
    const slow = (one: number) => one ** (1 / drift(minute));
    left = random.binomial(left, slow(rate) / (j === 0 ? 1 : slow(SLOWER[j - 1]!)));
    return left;
  });
};

const latencyRun: Run = function* (random) {
  let state = startExceedanceMonitor(latency);
  for (let minute = 0; minute < MINUTES; minute++) {
    if (isStep(minute)) state = exceedanceRampStep(latency, state);
    const share = shareAt(minute);
    const [nA, nB] = [random.poisson(60 * (1 - share)), random.poisson(60 * share)];
    const row = { minute, nA, slowerA: slower(random, nA, minute), nB, slowerB: slower(random, nB, minute) };
    state = advanceExceedanceMonitor(latency, state, row);
    yield exceedanceLogWealth(state);
  }
};

const margin: MarginMonitorConfig = { margin: 1.25, harm: 'increase', onset: 'mixture' };

const marginRun = (multiple: number): Run =>
  function* (random) {
    let state = startMarginMonitor(margin);
    for (let minute = 0; minute < MINUTES; minute++) {
      const expected = 2 * drift(minute);
      state = advanceMarginMonitor(margin, state, { minute, count: random.poisson(expected * multiple), expected });
      yield logWealth(state);
    }
  };

/** Sixty jobs a week, 40% of them bad, watched by the monitor and once a day by the looks. */
const tinyRun: Run = function* (random) {
  const config = {
    psi: [1.8, 2.5, 4],
    weights: equalWeights(3),
    marginKind: 'none' as const,
    margin: 0,
    harm: 'increase' as const,
    nMin: 2,
    history: { y: 96, n: 240 },
    onset: 'mixture' as const,
  };
  const plan = { alpha: 0.025, plannedUnits: 60 };
  let [state, looks] = [startHarmMonitor(config), startDailyLooks(plan)];
  let [n, yA, yB] = [0, 0, 0];
  for (let day = 0; day < 7; day++) {
    const units = [4, 4, 4, 4, 4, 5, 5][day]!;
    const [a, b] = [random.binomial(units, 0.4), random.binomial(units, 0.4)];
    [n, yA, yB] = [n + units, yA + a, yB + b];
    state = advanceHarmMonitor(config, state, { minute: day * 1440, nA: units, yA: a, nB: units, yB: b });
    const pooled = (yA + yB) / (2 * n);
    const z = (yB - yA) / n / Math.sqrt((pooled * (1 - pooled) * 2) / n);
    looks = takeDailyLook(plan, looks, { day, units: 2 * n, z: Number.isFinite(z) ? z : 0 });
    yield mergeDailyLooks(logWealth(state), looks.crossed, 0.05);
  }
};

describe('calibration of the monitors without harm, looked at every minute', () => {
  it.each<[string, Run, number, number]>([
    ['counts that clump, ramp and drift', countRun(1), 400, 0.05],
    ['skewed revenue, ramp and drift', meanRun(1), 300, 0.05],
    ['latencies, ramp and a service that slows down', latencyRun, 120, 0.05],
    ['counts without a control, at the edge of the margin', marginRun(1.25), 400, 0.01],
    ['tiny traffic with daily looks', tinyRun, 80, 0.05],
  ])('%s: false alarms within alpha, mean wealth at most 1', (_, run, runs, alpha) => {
    const { alarms, mean, error } = watch(run, runs, alpha, 81);
    expect(alarms).toBeLessThanOrEqual(alpha + 4 * Math.sqrt((alpha * (1 - alpha)) / runs));
    expect(mean - 4 * error).toBeLessThanOrEqual(1);
  });
});

describe('what the monitors find', () => {
  it.each<[string, Run, number]>([
    ['half as many events again, clumped, in the ramp', countRun(1.5), 220],
    ['half the buyers gone, in the ramp', meanRun(0.5), 330],
    ['twice the expected events, against a margin of 1.25', marginRun(2), 60],
  ])('%s', (_, run, minutes) => {
    const found = watch(run, 40, 0.05, 82);
    expect(found.alarms).toBe(1);
    expect(found.minutes).toBeLessThan(minutes);
  });
});
