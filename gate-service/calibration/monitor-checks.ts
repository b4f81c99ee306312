import { boundMinutes } from '../bench/detection/bench-detection.ts';
import { ALPHA } from '../bench/detection/detector.ts';
import { detector, monitorRule, shippedConfig } from '../bench/detection/ours.ts';
import { ONSET_ALLOWANCE, RESTLESS, SETTINGS } from '../bench/detection/settings.ts';
import { meanDelay, runWeek, simulate } from '../bench/detection/simulate.ts';
import { clusteringExponents } from '../src/domain/statistics/clustering-exponent.ts';
import { type Check, mostAlarms, type Size } from './check.ts';
import { baselineClusters, clusteredWeek } from './clustered-week.ts';

const MODES = ['immediate', 'mixture'] as const;
const RULES = MODES.map((onset) => monitorRule(onset, (setting) => shippedConfig(setting, onset)));
const NAMES = ['all at the deploy', 'onset mixture'] as const;
const BASELINE_CLUSTERS = 20_000;
const LATE_MINUTES = 24 * 60;
/** Mean minutes from a harm that begins a day after the deploy to the alarm. */
const LATE_LIMIT = 125;
/** What a mean of few weeks may exceed its target by. */
const STANDARD_ERRORS = 4;

interface Calm {
  readonly what: string;
  readonly alarms: number;
  readonly weeks: number;
}

/** (a) False alarms in weeks without harm: calm, restless, ramped and clustered; each and pooled. */
export function falseAlarmChecks(size: Size, seed: number): readonly Check[] {
  const cases = [...calmCases(size, seed), ...restlessCases(size, seed), ...clusteredCases(size, seed)];
  const alarms = cases.reduce((sum, one) => sum + one.alarms, 0);
  const weeks = cases.reduce((sum, one) => sum + one.weeks, 0);
  const pooledLimit = size.tail < ALPHA ? mostAlarms(weeks, ALPHA, size.tail) / weeks : ALPHA;
  return [
    ...cases.map(({ what, alarms, weeks }) => ({
      part: 'a' as const,
      what,
      measured: alarms / weeks,
      limit: mostAlarms(weeks, ALPHA, size.tail) / weeks,
      basis: `${weeks} weeks`,
    })),
    { part: 'a', what: 'all cases together', measured: alarms / weeks, limit: pooledLimit, basis: `${weeks} weeks` },
  ];
}

function calmCases({ calmWeeks }: Size, seed: number): readonly Calm[] {
  return SETTINGS.flatMap((setting, index) =>
    simulate(RULES, setting, { onset: null }, calmWeeks, [seed, 11, index]).map(({ alarms, weeks }, i) => ({
      what: `${setting.name}, ${NAMES[i]}`,
      alarms,
      weeks,
    })),
  );
}

function restlessCases({ calmWeeks }: Size, seed: number): readonly Calm[] {
  return Object.entries(RESTLESS).flatMap(([name, course], index) =>
    simulate(RULES, SETTINGS[0]!, { ...course, onset: null }, calmWeeks, [seed, 12, index]).map(
      ({ alarms, weeks }, i) => ({ what: `${name}, ${NAMES[i]}`, alarms, weeks }),
    ),
  );
}

/** Requests in clumps, with the bets tempered by what the baseline's clumps ask for. */
function clusteredCases({ calmWeeks }: Size, seed: number): readonly Calm[] {
  const config = shippedConfig(SETTINGS[0]!, 'immediate');
  const clusters = baselineClusters(BASELINE_CLUSTERS, [seed, 13]);
  const { exponents } = clusteringExponents(clusters, config.psi, [0.5], null);
  return MODES.map((onset, i) => {
    const tempered = { ...config, onset, tempering: exponents };
    const runs = Array.from({ length: calmWeeks }, (_, week) =>
      runWeek(detector(tempered, Math.log(1 / ALPHA)), clusteredWeek([seed, 14, week])),
    );
    const alarms = runs.filter((minute) => minute !== null).length;
    return { what: `clustered requests, ${NAMES[i]}`, alarms, weeks: calmWeeks };
  });
}

/** (b) Mean delay as a multiple of the two-arm bound. */
export function scoreChecks({ harmWeeks, tail }: Size, seed: number): readonly Check[] {
  return SETTINGS.flatMap((setting, index) => {
    if (setting.target === null) return [];
    const { target } = setting;
    return simulate(RULES, setting, { onset: 0 }, harmWeeks, [seed, 15, index]).map((outcome, i) => {
      const bound = boundMinutes(setting);
      const slack = tail < ALPHA ? (STANDARD_ERRORS * standardError(outcome.delays)) / bound : 0;
      return {
        part: 'b' as const,
        what: `${setting.name}, ${NAMES[i]}`,
        measured: meanDelay(outcome) / bound,
        limit: target + (MODES[i] === 'mixture' ? ONSET_ALLOWANCE : 0) + slack,
        basis: `${outcome.weeks} weeks`,
      };
    });
  });
}

/** (c) Harm that begins a day after the deploy, S1. */
export function lateChecks({ lateWeeks, tail }: Size, seed: number): readonly Check[] {
  const [outcome] = simulate(RULES.slice(1), SETTINGS[0]!, { onset: LATE_MINUTES }, lateWeeks, [seed, 16]);
  const slack = tail < ALPHA ? STANDARD_ERRORS * standardError(outcome!.delays) : 0;
  return [
    {
      part: 'c',
      what: 'S1, harm from 24 h on, minutes to the alarm',
      measured: meanDelay(outcome!),
      limit: LATE_LIMIT + slack,
      basis: `${outcome!.weeks} weeks`,
    },
  ];
}

function standardError(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}
