import { twoArmBound } from '../../src/domain/statistics/detection-bound.ts';
import { ALPHA, type Rule } from './detector.ts';
import { monitorRule, shippedConfig } from './ours.ts';
import { netflixFlat, netflixShipped } from './peers/beta-binomial.ts';
import { growthBook, tunedSequence } from './peers/growthbook.ts';
import { kayenta } from './peers/kayenta.ts';
import { peekedZ, statsig, tunedMsprt } from './peers/msprt.ts';
import { oracle } from './peers/oracle.ts';
import { argo, fiveInRow, flagger } from './peers/thresholds.ts';
import { RESTLESS, SETTINGS, type Setting } from './settings.ts';
import { meanDelay, type Outcome, simulate } from './simulate.ts';

export const OURS: readonly Rule[] = [
  monitorRule('Changegate, all at the deploy', (setting) => shippedConfig(setting, 'immediate')),
  monitorRule('Changegate, onset mixture (default)', (setting) => shippedConfig(setting, 'mixture')),
];
export const PEERS: readonly Rule[] = [
  tunedMsprt,
  netflixFlat,
  netflixShipped,
  statsig,
  growthBook,
  tunedSequence,
  peekedZ,
  fiveInRow,
  argo,
  flagger,
  kayenta,
];
export const RULES: readonly Rule[] = [oracle, ...OURS, ...PEERS];

export interface BenchOptions {
  readonly quick: boolean;
  readonly seed: number;
  readonly settings: readonly Setting[];
}

/** One rule in one case. */
export interface Cell {
  readonly weeks: number;
  /** Share of the weeks with an alarm at or after the onset. */
  readonly alarmShare: number;
  readonly meanMinutes: number;
}

export interface SettingResult {
  readonly setting: Setting;
  readonly boundMinutes: number;
  readonly falseAlarms: readonly Cell[];
  readonly harm: readonly Cell[];
}

export interface DetectionResult {
  readonly kind: 'detection';
  readonly rules: readonly string[];
  readonly settings: readonly SettingResult[];
  readonly late: readonly { readonly onsetHours: number; readonly cells: readonly Cell[] }[];
  readonly restless: readonly { readonly name: string; readonly cells: readonly Cell[] }[];
}

const LATE_HOURS = [6, 24, 72] as const;

/** Minutes until even a test that needs not learn the rates has 1/alpha on average (docs/statistics.md R1). */
export function boundMinutes({ pA, pB, share, perMinute }: Setting): number {
  return twoArmBound(pA, pB, share, ALPHA) / perMinute;
}

/** Runs every rule over every case; each case has its own seeds, so leaving one out changes no other. */
export function benchDetection(options: BenchOptions, progress: (text: string) => void): DetectionResult {
  const { quick, seed, settings } = options;
  const weeks = quick ? { calm: 20, harm: 50, late: 20 } : { calm: 500, harm: 1000, late: 300 };
  const first = SETTINGS[0]!;
  const done = <T>(what: string, result: T): T => {
    progress(`detection: ${what} done`);
    return result;
  };
  return {
    kind: 'detection',
    rules: RULES.map(({ name }) => name),
    settings: settings.map((setting) => {
      const index = SETTINGS.indexOf(setting);
      const falseAlarms = simulate(RULES, setting, { onset: null }, weeks.calm, [seed, 1, index]).map(cellOf);
      const harm = simulate(RULES, setting, { onset: 0 }, weeks.harm, [seed, 2, index]).map(cellOf);
      return done(setting.name, { setting, boundMinutes: boundMinutes(setting), falseAlarms, harm });
    }),
    late: settings.includes(first)
      ? LATE_HOURS.map((onsetHours) =>
          done(`onset ${onsetHours} h`, {
            onsetHours,
            cells: simulate(RULES, first, { onset: onsetHours * 60 }, weeks.late, [seed, 3, onsetHours]).map(cellOf),
          }),
        )
      : [],
    restless: settings.includes(first)
      ? Object.entries(RESTLESS).map(([name, course], index) =>
          done(name, {
            name,
            cells: simulate(RULES, first, { ...course, onset: null }, weeks.calm, [seed, 4, index]).map(cellOf),
          }),
        )
      : [],
  };
}

export function cellOf(outcome: Outcome): Cell {
  return { weeks: outcome.weeks, alarmShare: outcome.alarms / outcome.weeks, meanMinutes: meanDelay(outcome) };
}
