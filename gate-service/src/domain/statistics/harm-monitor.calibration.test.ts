import { describe, expect, it } from 'vitest';
import { type SeededRandom, seededRandom } from '../../../test/support/seeded-random.ts';
import { DEFAULT_PSI, pruneCandidates, weightsByTraffic } from './candidates.ts';
import {
  advanceHarmMonitor,
  closeOrDiscardOpenBlock,
  type HarmMonitorConfig,
  logWealth,
  rampStep,
  startHarmMonitor,
} from './harm-monitor.ts';
import { nullLine } from './null-line.ts';

interface Scenario {
  minutes: number;
  perMinute: number;
  /** Treatment share, and the two rates, minute by minute. */
  share(minute: number): number;
  pA(minute: number): number;
  pB(minute: number): number;
}

const LOG_THRESHOLD = Math.log(20);
const DAY = 24 * 60;

/** The monitor as a watch starts it, at the scenario's first minute. */
function configFor(history: HarmMonitorConfig['history'], scenario: Scenario): HarmMonitorConfig {
  const traffic = {
    thetaA: scenario.pA(0),
    treatmentShare: scenario.share(0),
    unitsPerWeek: scenario.perMinute * 7 * DAY,
    alpha: 0.05,
  };
  const line = nullLine('none', 0, 'increase');
  const psi = pruneCandidates(DEFAULT_PSI, traffic, line);
  return {
    psi,
    weights: weightsByTraffic(psi, traffic, line),
    marginKind: 'none',
    margin: 0,
    harm: 'increase',
    nMin: 3,
    history,
    onset: 'mixture',
    bets: 'conditional',
  };
}

/** Minute of the alarm, or null: the monitor is looked at after every minute. */
function alarmMinute(config: HarmMonitorConfig, scenario: Scenario, random: SeededRandom): number | null {
  let state = startHarmMonitor(config);
  for (let minute = 0; minute < scenario.minutes; minute++) {
    const share = scenario.share(minute);
    if (minute > 0 && share !== scenario.share(minute - 1)) {
      state = share > scenario.share(minute - 1) ? rampStep(config, state) : closeOrDiscardOpenBlock(config, state);
    }
    const nA = random.poisson(scenario.perMinute * (1 - share));
    const nB = random.poisson(scenario.perMinute * share);
    const yA = random.binomial(nA, scenario.pA(minute));
    const yB = random.binomial(nB, scenario.pB(minute));
    const before = state.closedBlocks;
    state = advanceHarmMonitor(config, state, { minute, nA, yA, nB, yB });
    if (state.closedBlocks > before && logWealth(state) >= LOG_THRESHOLD) return minute;
  }
  return null;
}

function alarms(config: HarmMonitorConfig, scenario: Scenario, runs: number, seed: number): (number | null)[] {
  const random = seededRandom(seed);
  return Array.from({ length: runs }, () => alarmMinute(config, scenario, random));
}

/** alpha plus four standard errors of a share of `runs`: a valid monitor stays below it but for one seed in 30 000. */
function highestShare(alpha: number, runs: number): number {
  return alpha + 4 * Math.sqrt((alpha * (1 - alpha)) / runs);
}

const falseShare = (found: (number | null)[]) => found.filter((minute) => minute !== null).length / found.length;
const meanDelay = (found: (number | null)[], never: number) =>
  found.reduce<number>((sum, minute) => sum + (minute === null ? never : minute + 1), 0) / found.length;

const constant = (value: number) => () => value;

describe('calibration of the harm monitor (alpha .05, looked at every minute)', () => {
  it('A/A at 1%, 100 units a minute: false alarms within alpha', () => {
    const scenario = { minutes: 2 * DAY, perMinute: 100, share: constant(0.5), pA: constant(0.01), pB: constant(0.01) };
    const found = alarms(configFor({ y: 10, n: 1000 }, scenario), scenario, 300, 1);
    expect(falseShare(found)).toBeLessThanOrEqual(highestShare(0.05, 300));
  });

  it('A/A under a 5-25-50% ramp with a baseline that doubles: false alarms within alpha', () => {
    const drift = (minute: number) => 0.01 * (1 + minute / (2 * DAY));
    const share = (minute: number) => (minute < 0.5 * DAY ? 0.05 : minute < DAY ? 0.25 : 0.5);
    const scenario = { minutes: 2 * DAY, perMinute: 100, share, pA: drift, pB: drift };
    const found = alarms(configFor({ y: 10, n: 1000 }, scenario), scenario, 200, 2);
    expect(falseShare(found)).toBeLessThanOrEqual(highestShare(0.05, 200));
  });

  it.each<[string, Partial<Scenario>, HarmMonitorConfig['history'], number, number]>([
    ['S1: 1% to 2%, 100 a minute', { pA: constant(0.01), pB: constant(0.02) }, { y: 10, n: 1000 }, 50, 0.15],
    [
      'S4: 5% to 50%, 10 a minute',
      { perMinute: 10, pA: constant(0.05), pB: constant(0.5) },
      { y: 50, n: 1000 },
      4.3,
      0.15,
    ],
    [
      'S8: 2% to 99.9%, 5 a minute, 10% canary',
      { perMinute: 5, share: constant(0.1), pA: constant(0.02), pB: constant(0.999) },
      { y: 20, n: 1000 },
      7.2,
      0.15,
    ],
  ])('finds %s in about the time of docs/statistics.md section 3', (_, part, history, minutes, slack) => {
    const scenario = { minutes: DAY, perMinute: 100, share: constant(0.5), pA: constant(0), pB: constant(0), ...part };
    const found = alarms(configFor(history, scenario), scenario, 400, 3);
    expect(found.every((minute) => minute !== null)).toBe(true);
    expect(Math.abs(meanDelay(found, DAY) / minutes - 1)).toBeLessThan(slack);
  });

  it('finds harm that begins 24 h after the deploy within 125 minutes on average', () => {
    const pB = (minute: number) => (minute < DAY ? 0.01 : 0.02);
    const scenario = { minutes: 2 * DAY, perMinute: 100, share: constant(0.5), pA: constant(0.01), pB };
    const found = alarms(configFor({ y: 10, n: 1000 }, scenario), scenario, 100, 4).filter(
      (minute) => minute === null || minute >= DAY,
    );
    expect(meanDelay(found, 2 * DAY) - DAY).toBeLessThan(125);
  });
});
